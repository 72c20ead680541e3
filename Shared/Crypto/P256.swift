import CCrypto

/// A private key on the curve P-256, for ES256 (RFC 7518 section 3.4).
public final class P256PrivateKey: Sendable {
    private let handle: KeyHandle

    /// Reads the 32 bytes of the private number, big-endian.
    public init(rawRepresentation: [UInt8]) throws(CryptoError) {
        guard rawRepresentation.count == 32, let handle = KeyHandle(ccrypto_p256_from_private(rawRepresentation)) else {
            throw .invalidKey
        }
        self.handle = handle
    }

    private init(handle: KeyHandle) {
        self.handle = handle
    }

    /// Makes a key.
    public static func generate() throws(CryptoError) -> P256PrivateKey {
        guard let handle = KeyHandle(ccrypto_p256_generate()) else { throw .unavailable }
        return P256PrivateKey(handle: handle)
    }

    /// The 32 bytes of the private number.
    public var rawRepresentation: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { out, initialized in
            precondition(ccrypto_p256_private(handle.pointer, out.baseAddress) == 1, "a P-256 key has a number")
            initialized = 32
        }
    }

    /// The public half.
    public var publicKey: P256PublicKey {
        get throws(CryptoError) { try P256PublicKey(x963Representation: P256PublicKey.point(of: handle)) }
    }

    /// The signature of SHA-256 of the message: r and s, 32 bytes each.
    public func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
        var ok: Int32 = 0
        let signature = [UInt8](unsafeUninitializedCapacity: 64) { out, initialized in
            ok = ccrypto_es256_sign(handle.pointer, message, message.count, out.baseAddress)
            initialized = ok == 1 ? 64 : 0
        }
        guard ok == 1 else { throw .unavailable }
        return signature
    }
}

/// A public key on the curve P-256.
public final class P256PublicKey: Sendable {
    private let handle: KeyHandle
    /// The point, uncompressed: `04`, x, y (ANSI X9.63).
    public let x963Representation: [UInt8]

    /// Reads an uncompressed point; one that is not on the curve is refused.
    public init(x963Representation: [UInt8]) throws(CryptoError) {
        guard x963Representation.count == 65, x963Representation[0] == 4,
            let handle = KeyHandle(ccrypto_p256_from_public(x963Representation))
        else { throw .invalidKey }
        self.handle = handle
        self.x963Representation = x963Representation
    }

    /// Whether `signature` (r and s) is ES256 of the message.
    public func isValidSignature(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        signature.count == 64 && ccrypto_es256_verify(handle.pointer, message, message.count, signature) == 1
    }

    static func point(of handle: KeyHandle) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 65) { out, initialized in
            precondition(ccrypto_p256_public(handle.pointer, out.baseAddress) == 1, "a P-256 key has a point")
            initialized = 65
        }
    }
}
