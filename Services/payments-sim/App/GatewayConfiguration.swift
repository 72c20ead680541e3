import Crypto
import JSON
import ServiceKit

/// The simulator's settings: the file of PAYMENTS_SIM_CONFIG and a few variables.
public struct GatewayConfiguration: Sendable {
    /// Prefix of the URLs handed out for merchants' calls.
    let publicBaseURL: String
    /// Prefix of the cashier's pages, which people open: another address when a proxy stands in between.
    let cashierBaseURL: String
    /// Whether `/_control` answers.
    let isControlEnabled: Bool
    /// Factor on the gaps between tries of a notification: 1 is the gateway's own schedule.
    let retryScale: Double
    let merchants: [WeChatMerchant]

    init(_ reader: inout ConfigurationReader) {
        isControlEnabled = reader.bool("PAYMENTS_SIM_CONTROL", default: false)
        retryScale = Double(reader.int("PAYMENTS_SIM_RETRY_PERCENT", default: 100, in: 1...100)) / 100
        let path = reader.string("PAYMENTS_SIM_CONFIG")
        var publicBaseURL = "", merchants: [WeChatMerchant] = []
        if !path.isEmpty {
            do throws(ConfigurationFileError) {
                let file = try ConfigurationFile(path: path)
                publicBaseURL = try file.text("public_base_url")
                merchants = try file.sections("wechat").map { section throws(ConfigurationFileError) in
                    try WeChatMerchant(file: file, section: section)
                }
            } catch {
                reader.fail("PAYMENTS_SIM_CONFIG", error.reason)
            }
        }
        self.publicBaseURL = publicBaseURL
        self.merchants = merchants
        cashierBaseURL = reader.optional("PAYMENTS_SIM_CASHIER_BASE_URL") ?? publicBaseURL
    }

    func merchant(_ mchid: String) -> WeChatMerchant? {
        merchants.first { $0.mchid == mchid }
    }
}

/// The configuration file is not usable; the reason completes "PAYMENTS_SIM_CONFIG …".
struct ConfigurationFileError: Error {
    let reason: String
}

/// A JSON file whose paths are relative to it.
struct ConfigurationFile {
    private let folder: String
    private let root: JSONValue

    init(path: String) throws(ConfigurationFileError) {
        guard let bytes = FileIO.read(path) else {
            throw ConfigurationFileError(
                reason: "names the file \(path), which cannot be read; `payments-sim keys FOLDER URL` makes one")
        }
        do throws(JSONError) {
            root = try JSON.decode(JSONValue.self, from: bytes)
        } catch {
            throw ConfigurationFileError(reason: "names a file that is no JSON: \(error.message)")
        }
        folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }

    func text(_ key: String) throws(ConfigurationFileError) -> String {
        guard let value = root[key]?.string else { throw ConfigurationFileError(reason: "lacks \(key)") }
        return value
    }

    /// A section that may be one object or a list of them.
    func sections(_ key: String) throws(ConfigurationFileError) -> [JSONValue] {
        guard let value = root[key] else { throw ConfigurationFileError(reason: "lacks the section \(key)") }
        return value.array ?? [value]
    }

    func text(_ section: JSONValue, _ key: String) throws(ConfigurationFileError) -> String {
        guard let value = section[key]?.string else { throw ConfigurationFileError(reason: "lacks \(key)") }
        return value
    }

    /// The content of the file that a key names; a value that is PEM text itself is taken as it is.
    func file(_ section: JSONValue, _ key: String) throws(ConfigurationFileError) -> String {
        let value = try text(section, key)
        if value.hasPrefix("-----BEGIN") { return value }
        guard let bytes = FileIO.read(value.hasPrefix("/") ? value : folder + value) else {
            throw ConfigurationFileError(reason: "names the file \(value) in \(key), which cannot be read")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

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

    init(file: ConfigurationFile, section: JSONValue) throws(ConfigurationFileError) {
        mchid = try file.text(section, "mchid")
        appids = [try file.text(section, "appid")]
        openid = try file.text(section, "openid")
        certificateSerial = try file.text(section, "merchant_cert_serial").uppercased()
        apiV3Key = Array(try file.text(section, "apiv3_key").utf8)
        allowsHTTPNotify = section["allow_http_notify_url"] == .bool(true)
        guard apiV3Key.count == 32 else { throw ConfigurationFileError(reason: "has an apiv3_key of other than 32 bytes") }
        do throws(CryptoError) {
            publicKey = try Self.publicKey(file, section)
            var keys = [try Self.platformKey(file, section, suffix: "")]
            if section["platform_cert_next"] != nil { keys.append(try Self.platformKey(file, section, suffix: "_next")) }
            platformKeys = keys
            publicKeyMode = try Self.publicKeyMode(file, section)
        } catch {
            throw ConfigurationFileError(reason: "names a key or certificate that cannot be read")
        }
    }

    private static func read(_ file: ConfigurationFile, _ section: JSONValue, _ key: String) throws(CryptoError) -> String {
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
        return (platformKeys[0].serial, platformKeys[0].privateKey)
    }
}
