import CCrypto

/// A certificate, as far as payment gateways use them: a public key with a serial number and a time.
public final class X509Certificate: Sendable {
    /// PEM text.
    public let pem: String
    /// Serial number in base 16, upper case, two characters a byte.
    public let serialHex: String
    /// Serial number in base 10.
    public let serialDecimal: String
    /// Valid from, seconds since 1970.
    public let notBefore: Int64
    /// Valid until, seconds since 1970.
    public let notAfter: Int64
    /// Common name of the subject; empty when it has none.
    public let subjectCommonName: String
    /// The key it certifies.
    public let publicKey: RSAPublicKey

    /// Reads PEM; the key must be RSA.
    public convenience init(pem: String) throws(CryptoError) {
        guard let certificate = ccrypto_certificate_from_pem(pem, pem.utf8.count) else { throw .invalidKey }
        defer { ccrypto_certificate_free(certificate) }
        try self.init(certificate)
    }

    private init(_ certificate: OpaquePointer) throws(CryptoError) {
        guard let text = Self.take(ccrypto_certificate_pem(certificate, nil)),
            let hex = Self.take(ccrypto_certificate_serial(certificate, 16)),
            let decimal = Self.take(ccrypto_certificate_serial(certificate, 10)),
            let handle = KeyHandle(ccrypto_certificate_key(certificate)), ccrypto_key_is_rsa(handle.pointer) == 1
        else { throw .invalidKey }
        pem = text
        serialHex = hex
        serialDecimal = decimal
        notBefore = ccrypto_certificate_not_before(certificate)
        notAfter = ccrypto_certificate_not_after(certificate)
        subjectCommonName = Self.take(ccrypto_certificate_common_name(certificate)) ?? ""
        publicKey = RSAPublicKey(handle: handle)
    }

    /// Makes a certificate that its own key signed.
    ///
    /// - Parameter serial: the number, big-endian; a first byte of 0x10…0x7F keeps its text free of leading zeros.
    public static func selfSigned(
        key: RSAPrivateKey, commonName: String, serial: [UInt8], notBefore: Int64, notAfter: Int64
    ) throws(CryptoError) -> X509Certificate {
        let made = ccrypto_certificate_self_signed(
            key.keyPointer, commonName, serial, serial.count, notBefore, notAfter)
        guard let made else { throw .invalidInput }
        defer { ccrypto_certificate_free(made) }
        return try X509Certificate(made)
    }

    private static func take(_ text: UnsafeMutablePointer<CChar>?) -> String? {
        guard let text else { return nil }
        defer { ccrypto_free(text) }
        return String(cString: text)
    }
}
