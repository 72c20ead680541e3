import Models

/// Lines of a statement as comma-separated values (RFC 4180). No field can need quotes or pass for a formula: numbers,
/// moments and identifiers only.
struct SettlementTable: Sendable {
    /// 16 KiB: written to the network as one piece.
    private static let pieceBytes = 16_384

    private(set) var bytes = Array("order_number,order_id,cause,at,currency,amount,commission,taken,net\r\n".utf8)

    mutating func append(_ line: SettlementLine) {
        let sums = [line.amount, line.commission, line.taken, line.net].map(\.formatted).joined(separator: ",")
        let text = """
            \(line.orderNumber),\(line.orderID),\(line.cause.rawValue),\(line.at),\(line.amount.currency),\(sums)\r\n
            """
        bytes.append(contentsOf: text.utf8)
    }

    mutating func takeIfFull() -> [UInt8]? {
        guard bytes.count >= Self.pieceBytes else { return nil }
        defer { bytes = [] }
        return bytes
    }
}
