import CCrypto

/// AES-256-GCM (NIST SP 800-38D): encrypts and authenticates.
public enum AESGCM {
    private static let nonceCount = 12
    private static let tagCount = 16

    /// Encrypts under a fresh random nonce, which stands in front of the result; the tag stands at its end.
    public static func seal(
        _ plain: [UInt8], key: [UInt8], authenticating: [UInt8] = []
    ) throws(CryptoError) -> [UInt8] {
        let nonce = RandomBytes.make(nonceCount)
        return nonce + (try seal(plain, key: key, nonce: nonce, authenticating: authenticating))
    }

    /// Decrypts what ``seal(_:key:authenticating:)`` made.
    ///
    /// - Throws: `.notAuthentic` for another key, other authenticated bytes, or a changed text.
    public static func open(
        _ sealed: [UInt8], key: [UInt8], authenticating: [UInt8] = []
    ) throws(CryptoError) -> [UInt8] {
        guard sealed.count >= nonceCount + tagCount else { throw .notAuthentic }
        return try open(
            Array(sealed[nonceCount...]), key: key, nonce: Array(sealed[..<nonceCount]), authenticating: authenticating)
    }

    /// Encrypts under a nonce of the caller, which must never be used twice with one key. The tag stands at the end.
    public static func seal(
        _ plain: [UInt8], key: [UInt8], nonce: [UInt8], authenticating: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        guard key.count == 32, !nonce.isEmpty else { throw .invalidInput }
        var ok: Int32 = 0
        let sealed = [UInt8](unsafeUninitializedCapacity: plain.count + tagCount) { out, initialized in
            ok = ccrypto_aes_gcm_seal(
                key, nonce, nonce.count, authenticating, authenticating.count, plain, plain.count, out.baseAddress)
            initialized = ok == 1 ? plain.count + tagCount : 0
        }
        guard ok == 1 else { throw .unavailable }
        return sealed
    }

    /// Decrypts under an explicit nonce.
    ///
    /// - Throws: `.notAuthentic` for another key, nonce, other authenticated bytes, or a changed text.
    public static func open(
        _ sealed: [UInt8], key: [UInt8], nonce: [UInt8], authenticating: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        guard key.count == 32, !nonce.isEmpty else { throw .invalidInput }
        guard sealed.count >= tagCount else { throw .notAuthentic }
        var ok: Int32 = 0
        // One byte more than needed: an empty text still needs an address.
        let plain = [UInt8](unsafeUninitializedCapacity: sealed.count - tagCount + 1) { out, initialized in
            ok = ccrypto_aes_gcm_open(
                key, nonce, nonce.count, authenticating, authenticating.count, sealed, sealed.count, out.baseAddress)
            initialized = ok == 1 ? sealed.count - tagCount : 0
        }
        guard ok == 1 else { throw .notAuthentic }
        return plain
    }
}
