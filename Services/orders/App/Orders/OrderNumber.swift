import Models

/// What people call an order: `261123-7K4Q9M2P`, the day (UTC) and 40 bits of its identity.
///
/// It is derived, not stored: the same order always has the same number, and no counter is fought over in a rush.
/// Among 100,000 orders of one day, one pair in 200 days shares a number; the number is for people, the id decides.
enum OrderNumber {
    /// Crockford's base32: no I, L, O, U.
    private static let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    static func text(_ id: OrderID) -> String {
        let date = id.uuid.time.date
        var bytes: [UInt8] = []
        bytes.reserveCapacity(15)
        for part in [date.year % 100, date.month, date.day] {
            bytes.append(UInt8(ascii: "0") + UInt8(part / 10))
            bytes.append(UInt8(ascii: "0") + UInt8(part % 10))
        }
        bytes.append(UInt8(ascii: "-"))
        for shift in stride(from: 35, through: 0, by: -5) {
            bytes.append(digits[Int(id.uuid.low >> UInt64(shift) & 31)])
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
