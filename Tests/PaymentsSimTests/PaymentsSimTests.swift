import Testing
@testable import PaymentsSim
