import Crypto
import JSON

/// A merchant of the simulated UnionPay.
struct UnionPayMerchant: Sendable {
    let merID: String
    let publicKey: RSAPublicKey
    let certificateID: String
    let ownCertificate: String
    let ownCertificateID: String
    let privateKey: RSAPrivateKey

    init(file: ConfigurationFile, section: JSONValue) throws(ConfigurationFileError) {
        merID = try file.text(section, "mer_id")
        certificateID = try file.text(section, "mer_cert_id")
        ownCertificateID = try file.text(section, "up_cert_id")
        let certificate = try file.file(section, "mer_cert"), key = try file.file(section, "up_private_key")
        ownCertificate = try file.file(section, "up_cert")
        do throws(CryptoError) {
            publicKey = try X509Certificate(pem: certificate).publicKey
            privateKey = try RSAPrivateKey(pem: key)
        } catch {
            throw ConfigurationFileError(reason: "names a key or certificate of UnionPay that cannot be read")
        }
    }
}

/// The double hash of ACP 5.1.0: the signature is over the hexadecimal text of the hash of the parameters.
enum UnionPaySignature {
    static func text(_ parameters: [String: String]) -> [UInt8] {
        let joined = AlipayRequest.signed(parameters.filter { $0.key != "signature" })
        return Array(Hex.encode(SHA256.hash(Array(joined.utf8))).utf8)
    }
}

/// What UnionPay answers when it refuses.
struct UnionPayRefusal: Error {
    let code: String
    let message: String

    static let badMessage = UnionPayRefusal(code: "10", message: "报文格式错误")
    static let signature = UnionPayRefusal(code: "11", message: "验证签名失败")
    static let duplicate = UnionPayRefusal(code: "12", message: "重复交易")
    static func missing(_ name: String) -> UnionPayRefusal {
        UnionPayRefusal(code: "13", message: "报文交易要素缺失[\(name)]")
    }
    static let notFound = UnionPayRefusal(code: "34", message: "查无此交易")
    static let wrongState = UnionPayRefusal(code: "35", message: "原交易不存在或状态不正确")
    static let mismatch = UnionPayRefusal(code: "36", message: "与原交易信息不符")
    static let system = UnionPayRefusal(code: "03", message: "交易通讯超时，请发起查询交易")
}
