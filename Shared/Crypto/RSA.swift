import CCrypto

/// An RSA private key, parsed once and used from any thread. Its work takes about a millisecond of processor time:
/// never on an event loop.
public final class RSAPrivateKey: Sendable {
    private let handle: KeyHandle

    /// Reads PKCS#8 or PKCS#1 PEM.
    public init(pem: String) throws(CryptoError) {
        guard let handle = KeyHandle(ccrypto_key_from_private_pem(pem, pem.utf8.count)),
            ccrypto_key_is_rsa(handle.pointer) == 1
        else { throw .invalidKey }
        self.handle = handle
    }

    private init(handle: KeyHandle) {
        self.handle = handle
    }

    /// Makes a key; takes a noticeable part of a second.
    public static func generate(bits: Int = 2_048) throws(CryptoError) -> RSAPrivateKey {
        guard let handle = KeyHandle(ccrypto_rsa_generate(Int32(bits))) else { throw .unavailable }
        return RSAPrivateKey(handle: handle)
    }

    /// PKCS#8 PEM.
    public var pem: String { get throws(CryptoError) { try handle.pem("private") } }
    /// PKCS#1 PEM, which some clients of Alipay insist on.
    public var pemPKCS1: String { get throws(CryptoError) { try handle.pem("pkcs1") } }

    /// The public half.
    public var publicKey: RSAPublicKey {
        get throws(CryptoError) { try RSAPublicKey(pem: try handle.pem("public")) }
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2).
    public func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
        try handle.signature(of: message)
    }

    /// RSAES-OAEP with SHA-1 (RFC 8017 section 7.1).
    public func decryptOAEP(_ sealed: [UInt8]) throws(CryptoError) -> [UInt8] {
        do throws(CryptoError) {
            return try handle.fill { ccrypto_oaep_decrypt(handle.pointer, sealed, sealed.count, $0, &$1) }
        } catch {
            throw .notAuthentic
        }
    }

    var keyPointer: OpaquePointer { handle.pointer }
}

/// An RSA public key.
public final class RSAPublicKey: Sendable {
    private let handle: KeyHandle

    /// Reads SubjectPublicKeyInfo PEM.
    public init(pem: String) throws(CryptoError) {
        guard let handle = KeyHandle(ccrypto_key_from_public_pem(pem, pem.utf8.count)),
            ccrypto_key_is_rsa(handle.pointer) == 1
        else { throw .invalidKey }
        self.handle = handle
    }

    init(handle: KeyHandle) {
        self.handle = handle
    }

    /// SubjectPublicKeyInfo PEM.
    public var pem: String { get throws(CryptoError) { try handle.pem("public") } }

    /// Whether `signature` is RSASSA-PKCS1-v1_5 with SHA-256 of the message.
    public func isValidSignature(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        handle.isSignature(signature, of: message)
    }

    /// RSAES-OAEP with SHA-1; the text has at most 214 bytes under a key of 2,048 bits.
    public func encryptOAEP(_ plain: [UInt8]) throws(CryptoError) -> [UInt8] {
        try handle.fill { ccrypto_oaep_encrypt(handle.pointer, plain, plain.count, $0, &$1) }
    }
}
