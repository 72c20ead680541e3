import Crypto
import ServiceKit

/// What the settings of all gateways have in common. Their names begin with the gateway's: `WECHAT_BASE_URL`.
struct GatewaySettings: Sendable {
    /// …_BASE_URL: where we reach it.
    let baseURL: String
    /// …_CASHIER_BASE_URL: where browsers reach it; default …_BASE_URL.
    let cashierBaseURL: String
    /// …_NOTIFY_URL: where it reaches us.
    let notifyURL: String
    /// …_PRIVATE_KEY_FILE: ours; nil when it could not be read, which the reader tells then.
    let privateKey: RSAPrivateKey?

    init(_ prefix: String, _ reader: inout ConfigurationReader) {
        baseURL = reader.url(prefix + "_BASE_URL")
        cashierBaseURL = reader.url(prefix + "_CASHIER_BASE_URL", default: baseURL)
        notifyURL = reader.url(prefix + "_NOTIFY_URL")
        privateKey = Self.pem(prefix + "_PRIVATE_KEY_FILE", &reader) { try RSAPrivateKey(pem: $0) }
    }

    /// A key or certificate of a file; nil when it cannot be read, which the reader tells then.
    static func pem<Value>(
        _ variable: String, _ reader: inout ConfigurationReader, _ parse: (String) throws -> Value
    ) -> Value? {
        let text = String(decoding: reader.file(variable).value, as: UTF8.self)
        guard !text.isEmpty else { return nil }
        do {
            return try parse(text)
        } catch {
            reader.fail(variable, "names a file that holds no such key or certificate in PEM form")
            return nil
        }
    }
}
