import Models

/// A day as gateways bill it: midnight to midnight in Beijing.
struct BillDay: Sendable, Hashable {
    /// `2026-11-23`.
    let text: String
    let start: Timestamp
    var end: Timestamp { start + .seconds(86_400) }
    /// When the bill can be asked for: they are made after nine o'clock of the next day, and documented to be there at ten.
    var isBilledFrom: Timestamp { end + .seconds(10 * 3_600) }

    /// nil for anything but a date that exists, in a time that has gateways.
    init?(_ text: String) {
        guard text.utf8.count == 10, text >= "2000-01-01", let start = Timestamp(text + "T00:00:00+08:00"),
            (start + .seconds(8 * 3_600)).description.hasPrefix(text)
        else { return nil }
        self.text = text
        self.start = start
    }
}

/// A row of a bill.
struct BillLine: Sendable, Hashable {
    let entry: BillEntry
    /// Our number, as the gateway writes it.
    let number: String
    /// What that number means here; nil for a number that we never gave out.
    let paymentID: PaymentID?
    let refundID: RefundID?
    let gatewayNumber: String
    let amount: Money
    let at: Timestamp
    /// False while the gateway is still sending a refund.
    let isDone: Bool

    static func payment(_ number: String, _ id: PaymentID?, at: Timestamp, fen: Int64, as gatewayNumber: String) -> BillLine {
        BillLine(
            entry: .payment, number: number, paymentID: id, refundID: nil, gatewayNumber: gatewayNumber,
            amount: Money(minorUnits: fen), at: at, isDone: true)
    }

    static func refund(
        _ number: String, _ id: RefundID?, at: Timestamp, fen: Int64, as gatewayNumber: String, isDone: Bool = true
    ) -> BillLine {
        BillLine(
            entry: .refund, number: number, paymentID: nil, refundID: id, gatewayNumber: gatewayNumber,
            amount: Money(minorUnits: fen), at: at, isDone: isDone)
    }
}
