import Crypto
import Glibc
import JSON

/// A merchant of WeChat Pay for the benchmark of the simulator: `engine-bench prepays --port P --key PEM --merchant M
/// --app A --serial S --count N --connections C`.
///
/// Signs N different orders first, so that the signing is not counted, and then sends them as fast as they are answered.
enum Prepays {
    private static let target = "/v3/pay/transactions/native"

    struct Merchant {
        let number, app, serial: String
        let key: RSAPrivateKey
    }

    static func run(port: UInt16, merchant: Merchant, count: Int, connections: Int) throws {
        // Numbers of an earlier run would be answered without a new row.
        let series = Hex.encode(RandomBytes.make(6))
        let requests = try (0..<count).map { try request("\(series)-\($0)", merchant) }
        let result = try RequestLoad.run(requests, port: port, connections: connections)
        var json = JSONWriter()
        json.beginObject()
        json.field("answers", result.latencies.count)
        json.field("good", result.statuses[200] ?? 0)
        json.field("seconds", result.seconds)
        json.field("p50_ms", result.milliseconds(0.5))
        json.field("p99_ms", result.milliseconds(0.99))
        json.endObject()
        print(String(decoding: json.bytes, as: UTF8.self))
    }

    private static func request(_ number: String, _ merchant: Merchant) throws -> [UInt8] {
        let body = """
            {"appid":"\(merchant.app)","mchid":"\(merchant.number)","description":"葱油拌面","out_trade_no":"\(number)",\
            "notify_url":"http://127.0.0.1:9/notify","amount":{"total":1600,"currency":"CNY"}}
            """
        let nonce = Hex.encode(RandomBytes.make(16)), now = time(nil)
        let message = "POST\n\(target)\n\(now)\n\(nonce)\n\(body)\n"
        let signature = Base64.encode(try merchant.key.sign(Array(message.utf8)))
        let head = """
            POST \(target) HTTP/1.1\r
            host: 127.0.0.1\r
            accept: application/json\r
            content-type: application/json\r
            authorization: WECHATPAY2-SHA256-RSA2048 mchid="\(merchant.number)",nonce_str="\(nonce)",\
            signature="\(signature)",timestamp="\(now)",serial_no="\(merchant.serial)"\r
            content-length: \(body.utf8.count)\r
            \r\n
            """
        return Array((head + body).utf8)
    }
}
