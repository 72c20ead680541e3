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
    /// Applications of Alipay; none when the file has no such section.
    let alipay: [AlipayMerchant]
    let unionPay: [UnionPayMerchant]

    init(_ reader: inout ConfigurationReader) {
        isControlEnabled = reader.bool("PAYMENTS_SIM_CONTROL", default: false)
        retryScale = Double(reader.int("PAYMENTS_SIM_RETRY_PERCENT", default: 100, in: 1...100)) / 100
        let path = reader.string("PAYMENTS_SIM_CONFIG")
        var publicBaseURL = "", merchants: [WeChatMerchant] = [], alipay: [AlipayMerchant] = []
        var unionPay: [UnionPayMerchant] = []
        if !path.isEmpty {
            do throws(ConfigurationFileError) {
                let file = try ConfigurationFile(path: path)
                publicBaseURL = try Self.origin(try file.text("public_base_url"))
                merchants = try file.sections("wechat").map { section throws(ConfigurationFileError) in
                    try WeChatMerchant(file: file, section: section)
                }
                alipay = try file.optionalSections("alipay").map { section throws(ConfigurationFileError) in
                    try AlipayMerchant(file: file, section: section)
                }
                unionPay = try file.optionalSections("unionpay").map { section throws(ConfigurationFileError) in
                    try UnionPayMerchant(file: file, section: section)
                }
            } catch {
                reader.fail("PAYMENTS_SIM_CONFIG", error.reason)
            }
        }
        self.publicBaseURL = publicBaseURL
        self.merchants = merchants
        self.alipay = alipay
        self.unionPay = unionPay
        cashierBaseURL = reader.optional("PAYMENTS_SIM_CASHIER_BASE_URL") ?? publicBaseURL
    }

    /// WeChat's merchants sign a path without any prefix of the base URL, and take exactly that URL off what they get.
    private static func origin(_ url: String) throws(ConfigurationFileError) -> String {
        let authority = ["http://", "https://"].first(where: url.hasPrefix).map { url.dropFirst($0.count) } ?? ""
        guard !authority.isEmpty, !authority.contains(where: { "/?#".contains($0) }) else {
            throw ConfigurationFileError(reason: "has a public_base_url that is no origin such as https://host")
        }
        return url
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

    func optionalSections(_ key: String) throws(ConfigurationFileError) -> [JSONValue] {
        root[key] == nil ? [] : try sections(key)
    }

    /// A whole number that may be absent.
    func number(_ section: JSONValue, _ key: String, default fallback: Int64) -> Int64 {
        section[key]?.int ?? fallback
    }

    /// One text or a list of them; none when absent.
    func texts(_ section: JSONValue, _ key: String) -> [String] {
        guard let value = section[key] else { return [] }
        return (value.array ?? [value]).compactMap(\.string)
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
