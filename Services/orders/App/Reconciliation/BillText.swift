import EventLoop
import Models

/// What the texts of bills have in common.
enum BillText {
    /// Reads a bill beside the event loop: a busy day is many megabytes.
    static func parsed(
        _ parse: @escaping @Sendable () throws(GatewayError) -> [BillLine]
    ) async throws(GatewayError) -> [BillLine] {
        let outcome: Result<[BillLine], GatewayError>? = try? await BlockingPool.shared.run {
            do throws(GatewayError) {
                return .success(try parse())
            } catch {
                return .failure(error)
            }
        }
        guard let outcome else { throw .unavailable }
        return try outcome.get()
    }

    /// The lines of a text, without their ends.
    static func lines(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
        text.split(separator: UInt8(ascii: "\n")).map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
    }

    /// Fen of `12.34`, `-12.34` or `12`; nil for anything else.
    static func fen(_ text: some Collection<UInt8>) -> Int64? {
        var value: Int64 = 0, decimals: Int?, digits = 0
        let isNegative = text.first == UInt8(ascii: "-")
        for byte in isNegative ? text.dropFirst() : text[...] {
            if byte == UInt8(ascii: "."), decimals == nil {
                decimals = 0
                continue
            }
            guard (0x30...0x39).contains(byte), decimals ?? 0 < 2, digits < 16 else { return nil }
            value = value * 10 + Int64(byte - 0x30)
            digits += 1
            if let count = decimals { decimals = count + 1 }
        }
        guard digits > 0 else { return nil }
        for _ in (decimals ?? 0)..<2 { value *= 10 }
        return isNegative ? -value : value
    }

    /// The moment of `2026-11-23 13:24:06` at Beijing.
    static func moment(_ text: String) -> Timestamp? {
        guard text.utf8.count == 19 else { return nil }
        return Timestamp(text.replacing(" ", with: "T") + "+08:00")
    }

    static func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }
}
