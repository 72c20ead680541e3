import Crypto
import JSON
import ServiceKit

/// An application of the simulated Alipay, with its merchant.
struct AlipayMerchant: Sendable {
    let appID: String
    let sellerID: String
    let buyerID: String
    let publicKey: RSAPublicKey
    let privateKey: RSAPrivateKey
    let certificates: CertificateMode?
    let allowsHTTPNotify: Bool
    /// Who money may be given to, beside those bound before.
    let royaltyReceivers: [String]
    let maxRoyaltyPercent: Int64
    let authCodes: AuthCodes

    /// Keys in certificates: requests name theirs, answers ours.
    struct CertificateMode: Sendable {
        let appSerial: String
        let rootSerial: String
        let ownSerial: String
        let ownCertificate: String
        let appKey: RSAPublicKey
    }

    init(file: ConfigurationFile, section: JSONValue) throws(ConfigurationFileError) {
        appID = try file.text(section, "app_id")
        sellerID = try file.text(section, "seller_id")
        buyerID = try file.text(section, "buyer_id")
        allowsHTTPNotify = section["allow_http_notify_url"] == .bool(true)
        let receiver = section["royalty_receiver"]
        royaltyReceivers = [receiver?.string, receiver?["account"]?.string,
        receiver?["user_id"]?.string].compactMap { $0 }
        maxRoyaltyPercent = file.number(section, "max_royalty_percent", default: 30)
        authCodes = AuthCodes(file: file, section: section)
        let appKey = try file.file(section, "app_public_key")
        let ownKey = try file.file(section, "alipay_private_key")
        do throws(CryptoError) {
            publicKey = try RSAPublicKey(pem: Self.pem(appKey, "PUBLIC KEY"))
            privateKey = try Self.privateKey(ownKey)
        } catch {
            throw ConfigurationFileError(reason: "names a key of Alipay that cannot be read")
        }
        certificates = try Self.certificateMode(file, section["cert_mode"])
    }

    /// Alipay's tools write PKCS#8, and PKCS#1 for those who do not use Java.
    private static func privateKey(_ text: String) throws(CryptoError) -> RSAPrivateKey {
        do throws(CryptoError) {
            return try RSAPrivateKey(pem: pem(text, "PRIVATE KEY"))
        } catch {
            return try RSAPrivateKey(pem: pem(text, "RSA PRIVATE KEY"))
        }
    }

    /// Alipay's tools write keys as bare Base64.
    private static func pem(_ text: String, _ label: String) -> String {
        text.hasPrefix("-----") ? text : "-----BEGIN \(label)-----\n\(text)\n-----END \(label)-----\n"
    }

    private static func certificateMode(
        _ file: ConfigurationFile, _ section: JSONValue?
    ) throws(ConfigurationFileError) -> CertificateMode? {
        guard let section, section["app_cert"] != nil else { return nil }
        let certificate = try file.file(section, "app_cert")
        do throws(CryptoError) {
            let key = try X509Certificate(pem: certificate).publicKey
            return CertificateMode(
                appSerial: section["app_cert_sn"]?.string ?? "",
                rootSerial: section["alipay_root_cert_sn"]?.string ?? "",
                ownSerial: section["alipay_cert_sn"]?.string ?? "", ownCertificate: text(file, section), appKey: key)
        } catch {
            throw ConfigurationFileError(reason: "names a certificate of Alipay that cannot be read")
        }
    }

    private static func text(_ file: ConfigurationFile, _ section: JSONValue) -> String {
        do throws(ConfigurationFileError) { return try file.file(section, "alipay_cert") } catch { return "" }
    }
}
