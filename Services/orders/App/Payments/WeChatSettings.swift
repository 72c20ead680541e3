import Clients
import Crypto
import ServiceKit

/// The WeChat Pay merchant's settings. Production differs from development in these alone.
struct WeChatSettings: Sendable {
    /// nil when a key could not be read; the reader has the error then, and the service does not start.
    let merchant: WeChatPayConfiguration?
    /// WECHAT_CASHIER_BASE_URL: where a code is shown for scanning; default WECHAT_BASE_URL.
    let cashierBaseURL: String

    static func read(_ reader: inout ConfigurationReader) -> WeChatSettings {
        let baseURL = reader.url("WECHAT_BASE_URL")
        let mchID = reader.string("WECHAT_MCHID")
        let appID = reader.string("WECHAT_APPID")
        let serial = reader.string("WECHAT_SERIAL")
        let notifyURL = reader.url("WECHAT_NOTIFY_URL")
        let key = read("WECHAT_PRIVATE_KEY_FILE", &reader) { try RSAPrivateKey(pem: $0) }
        let certificate = read("WECHAT_PLATFORM_CERT_FILE", &reader) { try X509Certificate(pem: $0) }
        let apiKey = apiV3Key(&reader)
        var merchant: WeChatPayConfiguration?
        if let key, let certificate {
            merchant = WeChatPayConfiguration(
                baseURL: baseURL, mchID: mchID, appID: appID, serial: serial, privateKey: key, apiV3Key: apiKey,
                platformCertificates: [certificate], notifyURL: notifyURL)
        }
        return WeChatSettings(
            merchant: merchant, cashierBaseURL: reader.url("WECHAT_CASHIER_BASE_URL", default: baseURL))
    }

    /// A key or certificate of a file; nil when it cannot be read, which the reader tells then.
    static func read<Value>(
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

    private static func apiV3Key(_ reader: inout ConfigurationReader) -> [UInt8] {
        // An editor's newline at the end is not part of the key.
        let bytes = reader.file("WECHAT_APIV3_KEY_FILE").value.filter { $0 > 0x20 }
        if !bytes.isEmpty, bytes.count != 32 {
            reader.fail("WECHAT_APIV3_KEY_FILE", "must name a file of 32 ASCII characters")
        }
        return bytes
    }
}
