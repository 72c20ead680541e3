import Crypto
import EventLoop
import JSON
import ServiceKit

/// A key of the platform: what answers are signed with.
struct PlatformKey: Sendable {
    let serial: String
    let certificate: X509Certificate
    let privateKey: RSAPrivateKey
}

/// A merchant of the simulated WeChat Pay.
struct WeChatMerchant: Sendable {
    let mchid: String
    let appids: [String]
    let openid: String
    let certificateSerial: String
    let publicKey: RSAPublicKey
    let apiV3Key: [UInt8]
    /// The current platform key, then the next one while certificates rotate.
    let platformKeys: [PlatformKey]
    let publicKeyMode: (id: String, privateKey: RSAPrivateKey)?
    let allowsHTTPNotify: Bool
    /// Merchants whose orders may be parts of this one's combined payments.
    let combineSubMchids: [String]
    /// Names of merchants that money may be shared with, by their number.
    let receiverNames: [String: String]
    /// The most of an order that may be shared, in permyriad.
    let maxSharePermyriad: Int64
    let authCodes: AuthCodes
    let rotation = KeyRotation()

    init(file: ConfigurationFile, section: JSONValue) throws(ConfigurationFileError) {
        mchid = try file.text(section, "mchid")
        appids = [try file.text(section, "appid")]
        openid = try file.text(section, "openid")
        certificateSerial = try file.text(section, "merchant_cert_serial").uppercased()
        apiV3Key = Array(try file.text(section, "apiv3_key").utf8)
        allowsHTTPNotify = section["allow_http_notify_url"] == .bool(true)
        combineSubMchids = file.texts(section, "combine_sub_mchids")
        var names: [String: String] = [:]
        if let receiver = section["receiver"], let number = receiver["mchid"]?.string {
            names[number] = receiver["name"]?.string ?? ""
        }
        receiverNames = names
        maxSharePermyriad = file.number(section, "max_share_permyriad", default: 3_000)
        authCodes = AuthCodes(file: file, section: section)
        guard apiV3Key.count == 32 else {
            throw ConfigurationFileError(reason: "has an apiv3_key of other than 32 bytes")
        }
        do throws(CryptoError) {
            publicKey = try Self.publicKey(file, section)
            var keys = [try Self.platformKey(file, section, suffix: "")]
            if section["platform_cert_next"] != nil {
                keys.append(try Self.platformKey(file, section, suffix: "_next"))
            }
            platformKeys = keys
            publicKeyMode = try Self.publicKeyMode(file, section)
        } catch {
            throw ConfigurationFileError(reason: "names a key or certificate that cannot be read")
        }
    }

    private static func read(
        _ file: ConfigurationFile, _ section: JSONValue, _ key: String
    ) throws(CryptoError) -> String {
        do throws(ConfigurationFileError) { return try file.file(section, key) } catch { throw .invalidKey }
    }

    private static func publicKey(_ file: ConfigurationFile, _ section: JSONValue) throws(CryptoError) -> RSAPublicKey {
        if section["merchant_public_key"] != nil {
            return try RSAPublicKey(pem: try read(file, section, "merchant_public_key"))
        }
        return try X509Certificate(pem: try read(file, section, "merchant_cert")).publicKey
    }

    private static func platformKey(
        _ file: ConfigurationFile, _ section: JSONValue, suffix: String
    ) throws(CryptoError) -> PlatformKey {
        let certificate = try X509Certificate(pem: try read(file, section, "platform_cert\(suffix)"))
        return PlatformKey(
            serial: certificate.serialHex, certificate: certificate,
            privateKey: try RSAPrivateKey(pem: try read(file, section, "platform_private_key\(suffix)")))
    }

    private static func publicKeyMode(
        _ file: ConfigurationFile, _ section: JSONValue
    ) throws(CryptoError) -> (String, RSAPrivateKey)? {
        guard let id = section["platform_public_key_id"]?.string else { return nil }
        return (id, try RSAPrivateKey(pem: try read(file, section, "platform_public_key_private")))
    }

    /// What signs the answer to a request that names `serial`: the public-key mode's key, or the current certificate's.
    func signer(for serial: String?) -> (serial: String, key: RSAPrivateKey) {
        if let publicKeyMode, serial == publicKeyMode.id { return (publicKeyMode.id, publicKeyMode.privateKey) }
        let current = platformKeys[rotation.turns % platformKeys.count]
        return (current.serial, current.privateKey)
    }

    /// Opens a sensitive field, which clients seal with any key that they know of (RSA-OAEP).
    func open(_ sealed: String) -> String? {
        guard let bytes = Base64.decode(sealed) else { return nil }
        let keys = platformKeys.map(\.privateKey) + (publicKeyMode.map { [$0.privateKey] } ?? [])
        for key in keys {
            if let clear = try? key.decryptOAEP(bytes) { return String(decoding: clear, as: UTF8.self) }
        }
        return nil
    }

    /// Whether this merchant may act on orders of `mchid`.
    func speaks(for mchid: String) -> Bool { self.mchid == mchid || combineSubMchids.contains(mchid) }
}

/// Which of its platform certificates a merchant's answers are signed with; moved while running, for rehearsals.
final class KeyRotation: Sendable {
    private let count = Locked(0)
    var turns: Int { count.withLock { $0 } }
    func turn() { count.withLock { $0 += 1 } }
}

/// Payment codes with a known end; others that look like one succeed.
struct AuthCodes: Sendable {
    enum Outcome { case success, paying, insufficient, invalid }
    private var known: [String: Outcome] = [:]

    init(file: ConfigurationFile, section: JSONValue) {
        let outcomes: [(String, Outcome)] = [
            ("success", .success), ("paying", .paying), ("insufficient", .insufficient), ("invalid", .invalid),
        ]
        guard let codes = section["auth_codes"] else { return }
        for (name, outcome) in outcomes {
            for code in file.texts(codes, name) { known[code] = outcome }
        }
    }

    /// - Parameter prefixes: the first two digits of this gateway's codes.
    func outcome(_ code: String, prefixes: ClosedRange<Int>, length: ClosedRange<Int>) -> Outcome {
        if let outcome = known[code] { return outcome }
        let isDigits = code.utf8.allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
        guard isDigits, length.contains(code.utf8.count), let prefix = Int(code.prefix(2)) else { return .invalid }
        return prefixes.contains(prefix) ? .success : .invalid
    }
}
