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
        let common = GatewaySettings("WECHAT", &reader)
        let mchID = reader.string("WECHAT_MCHID")
        let appID = reader.string("WECHAT_APPID")
        let serial = reader.string("WECHAT_SERIAL")
        let certificate = GatewaySettings.pem("WECHAT_PLATFORM_CERT_FILE", &reader) { try X509Certificate(pem: $0) }
        let apiKey = apiV3Key(&reader)
        var merchant: WeChatPayConfiguration?
        if let key = common.privateKey, let certificate {
            merchant = WeChatPayConfiguration(
                baseURL: common.baseURL, mchID: mchID, appID: appID, serial: serial, privateKey: key, apiV3Key: apiKey,
                platformCertificates: [certificate], notifyURL: common.notifyURL)
        }
        return WeChatSettings(merchant: merchant, cashierBaseURL: common.cashierBaseURL)
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
