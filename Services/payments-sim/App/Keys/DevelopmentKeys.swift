import CLinux
import Crypto
import JSON

/// Makes everything a development installation needs to pay: the simulator's configuration file with keys and
/// certificates of both sides, and the settings of the merchant (the orders service) as NAME=VALUE lines.
///
/// What is there already stays, so that payments made before remain payable.
public enum DevelopmentKeys {
    private static let mchid = "1900000109"
    private static let appid = "wxd678efh567hg6787"
    private static let openid = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
    private static let alipayAppID = "2021000100000109"
    private static let alipaySellerID = "2088000100000109"
    private static let merID = "777290058110109"
    /// Certificates of the real gateway live five years.
    private static let lifetimeSeconds: Int64 = 5 * 365 * 86_400

    /// - Parameters:
    ///   - folder: made if missing; every file in it is readable by its owner only.
    ///   - url: where the simulator will answer.
    /// - Returns: nil, or a sentence that says what went wrong.
    public static func make(folder: String, url: String, notifyURL: String) -> String? {
        FileIO.makeFolder(folder)
        do {
            try makeKeys(folder)
            let serial = try X509Certificate(pem: try existing(folder, "merchant_cert.pem")).serialHex
            let apiV3Key = try existing(folder, "apiv3_key")
            try write(orders(folder, url, notifyURL, serial), to: folder + "/orders.environment")
            let unionPay = try ["unionpay_merchant", "unionpay"].map {
                try X509Certificate(pem: try existing(folder, "\($0)_cert.pem")).serialDecimal
            }
            try write(server(url, serial, apiV3Key, unionPay), to: folder + "/server.json")
            return nil
        } catch {
            return "the keys could not be written to \(folder)"
        }
    }

    private struct CannotWrite: Error {}

    private static func write(_ text: String, to path: String) throws {
        guard FileIO.write(text, to: path) else { throw CannotWrite() }
    }

    private static func existing(_ folder: String, _ name: String) throws -> String {
        guard let bytes = FileIO.read(folder + "/" + name) else { throw CannotWrite() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let names = [
        "merchant", "platform", "platform_next", "platform_public_key", "alipay_app", "alipay", "unionpay_merchant",
        "unionpay",
    ]

    private static func makeKeys(_ folder: String) throws {
        for name in names where FileIO.read("\(folder)/\(name)_cert.pem") == nil {
            let key = try RSAPrivateKey.generate()
            let now = clinux_realtime_ns() / 1_000_000_000
            // The next certificate expires later: clients encrypt with the one that lives longest.
            let end = now + lifetimeSeconds + (name == "platform_next" ? 86_400 : 0)
            let certificate = try X509Certificate.selfSigned(
                key: key, commonName: "Linli \(name)", serial: [0x5A] + RandomBytes.make(19), notBefore: now - 3_600,
                notAfter: end)
            try write(key.pem, to: "\(folder)/\(name)_key.pem")
            try write(certificate.pem, to: "\(folder)/\(name)_cert.pem")
            try write(try key.publicKey.pem, to: "\(folder)/\(name).pem")
        }
        if FileIO.read(folder + "/apiv3_key") == nil {
            try write(Hex.encode(RandomBytes.make(16)), to: folder + "/apiv3_key")
        }
    }

    /// - Parameter unionPay: the decimal serials of the merchant's and of the gateway's certificate.
    private static func server(
        _ url: String, _ serial: String, _ apiV3Key: String, _ unionPay: [String]
    ) throws -> String {
        let value: JSONValue = [
            "public_base_url": .string(url),
            "wechat": [
                "mchid": .string(mchid), "appid": .string(appid), "openid": .string(openid),
                "merchant_cert_serial": .string(serial), "merchant_cert": "merchant_cert.pem",
                "apiv3_key": .string(apiV3Key),
                "platform_cert": "platform_cert.pem", "platform_private_key": "platform_key.pem",
                "platform_cert_next": "platform_next_cert.pem", "platform_private_key_next": "platform_next_key.pem",
                "platform_public_key_id": "PUB_KEY_ID_0119000001092026112300000001",
                "platform_public_key_private": "platform_public_key_key.pem",
                "receiver": ["mchid": "1900000110", "name": "邻里团长"], "max_share_permyriad": 3_000,
                "combine_sub_mchids": ["1900000111", "1900000112"],
                "allow_http_notify_url": true,
            ],
            "alipay": [
                "app_id": .string(alipayAppID), "seller_id": .string(alipaySellerID), "buyer_id": "2088000200000001",
                "app_public_key": "alipay_app.pem", "alipay_public_key": "alipay.pem",
                "alipay_private_key": "alipay_key.pem", "royalty_receiver": "2088000300000001",
                "max_royalty_percent": 30, "allow_http_notify_url": true,
            ],
            "unionpay": [
                "mer_id": .string(merID), "mer_cert": "unionpay_merchant_cert.pem",
                "mer_cert_id": .string(unionPay[0]), "up_cert": "unionpay_cert.pem", "up_cert_id": .string(unionPay[1]),
                "up_private_key": "unionpay_key.pem", "allow_http_notify_url": true,
            ],
        ]
        return String(decoding: JSON.encode(value), as: UTF8.self) + "\n"
    }

    private static func orders(_ folder: String, _ url: String, _ notifyURL: String, _ serial: String) -> String {
        """
        WECHAT_BASE_URL=\(url)
        WECHAT_MCHID=\(mchid)
        WECHAT_APPID=\(appid)
        WECHAT_SERIAL=\(serial)
        WECHAT_PRIVATE_KEY_FILE=\(folder)/merchant_key.pem
        WECHAT_APIV3_KEY_FILE=\(folder)/apiv3_key
        WECHAT_PLATFORM_CERT_FILE=\(folder)/platform_cert.pem
        WECHAT_NOTIFY_URL=\(notifyURL)
        ALIPAY_BASE_URL=\(url)
        ALIPAY_APP_ID=\(alipayAppID)
        ALIPAY_SELLER_ID=\(alipaySellerID)
        ALIPAY_PRIVATE_KEY_FILE=\(folder)/alipay_app_key.pem
        ALIPAY_PUBLIC_KEY_FILE=\(folder)/alipay.pem
        ALIPAY_NOTIFY_URL=\(notifyURL.replacing("/wechat/", with: "/alipay/"))
        UNIONPAY_BASE_URL=\(url)
        UNIONPAY_MER_ID=\(merID)
        UNIONPAY_PRIVATE_KEY_FILE=\(folder)/unionpay_merchant_key.pem
        UNIONPAY_CERT_FILE=\(folder)/unionpay_merchant_cert.pem
        UNIONPAY_GATEWAY_CERT_FILE=\(folder)/unionpay_cert.pem
        UNIONPAY_NOTIFY_URL=\(notifyURL.replacing("/wechat/", with: "/card/"))

        """
    }
}
