// PaymentsSim
