import Models

/// Pickup codes: eight characters that people can read aloud, derived from the order under a secret key.
///
/// A code is never stored. Its customer's page derives it; the staff's entry is looked up by a keyed hash. So neither
/// the database nor a log can hand out goods. 30^8 codes and five wrong tries in 15 minutes leave a guesser with one
/// chance in 10^11 a try.
struct PickupCodes: Sendable {
    /// No 0, O, 1, I, L, U: nothing that is misread or misheard for another.
    static let alphabet = Array("23456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    static let length = 8

    private let codes: KeyedHash
    private let lookups: KeyedHash

    init(secret: [UInt8]) {
        codes = KeyedHash(secret: secret, purpose: "linli pickup code 1")
        lookups = KeyedHash(secret: secret, purpose: "linli pickup look-up 1")
    }

    /// The code of an order; `attempt` counts up when another order of the store has the same.
    func code(_ order: OrderID, attempt: Int) -> String {
        let digest = codes.digest([UInt8]("\(order)#\(attempt)".utf8))
        // Eight bytes modulo 30^8: the bias is below 1 in 10^7.
        var rest = digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        var characters: [UInt8] = []
        for _ in 0..<Self.length {
            characters.append(Self.alphabet[Int(rest % UInt64(Self.alphabet.count))])
            rest /= UInt64(Self.alphabet.count)
        }
        return String(decoding: characters, as: UTF8.self)
    }

    /// What is stored in place of a code.
    func hash(_ code: String, in store: StoreID) -> [UInt8] {
        lookups.digest([UInt8]("\(store)#\(code)".utf8))
    }

    /// What the order's row gets when it becomes ready.
    func stored(for record: OrderRecord, attempt: Int) -> (hash: [UInt8], attempt: Int) {
        (hash(code(record.id, attempt: attempt), in: record.placed.storeID), attempt)
    }

    /// What the customer sees: the code while the order waits to be collected, in two groups.
    func shownCode(of record: OrderRecord) -> String? {
        guard record.states.order == .open, record.states.fulfilment == .ready else { return nil }
        let code = code(record.id, attempt: record.pickupAttempt)
        return code.prefix(4) + "-" + code.suffix(4)
    }

    /// What somebody typed as a code: upper case, without spaces and dashes; nil when it cannot be one.
    static func normalised(_ text: String) -> String? {
        var characters: [UInt8] = []
        for byte in text.utf8 where byte != UInt8(ascii: " ") && byte != UInt8(ascii: "-") {
            let upper = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte - 32 : byte
            guard alphabet.contains(upper) else { return nil }
            characters.append(upper)
        }
        return characters.count == length ? String(decoding: characters, as: UTF8.self) : nil
    }
}
