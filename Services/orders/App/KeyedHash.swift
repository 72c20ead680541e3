import Crypto

/// HMAC-SHA256 under a key of its own for each purpose, so that what one use signs means nothing to another.
struct KeyedHash: Sendable {
    private let key: [UInt8]

    /// Derives the purpose's key from a secret (HMAC as the key derivation, RFC 5869 section 2.3 with one block).
    init(secret: [UInt8], purpose: String) {
        key = HMACSHA256.authenticate([UInt8](purpose.utf8) + [1], key: secret)
    }

    /// 32 bytes.
    func digest(_ message: [UInt8]) -> [UInt8] { HMACSHA256.authenticate(message, key: key) }

    /// Whether `digest` belongs to `message`; takes the same time for every wrong one.
    func isValid(_ digest: [UInt8], for message: [UInt8]) -> Bool {
        ConstantTime.equals(self.digest(message), digest)
    }
}
