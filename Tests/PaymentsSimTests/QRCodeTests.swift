import Crypto
import Testing
@testable import PaymentsSim

/// QR codes, against those of another encoder (the Python package qrcode, each of the eight masks).
@Suite struct QRCodeTests {
    @Test func `versions grow with the text, up to 213 bytes`() {
        #expect(QRCode("")?.size == 21)
        #expect(QRCode(String(repeating: "a", count: 14))?.size == 21)
        #expect(QRCode(String(repeating: "a", count: 15))?.size == 25)
        #expect(QRCode(String(repeating: "a", count: 180))?.size == 53)
        #expect(QRCode(String(repeating: "a", count: 213))?.size == 57)
        #expect(QRCode(String(repeating: "a", count: 214)) == nil)
    }

    @Test(arguments: [
        (14, "2b79f2 1ed468 8294a1 419175 459c4f ae5013 647a98 70a19e"),
        (20, "55f40d 4fcde3 a78044 6ed40e abcd4c 341621 da07ee 7a5221"),
        (60, "4e5b7f 64c538 74ee19 4413ff f27a2c c7f6d4 7863c0 e4d6ad"),
        (110, "50caae ee2f81 994e74 73dcdf b0adfa 881ea4 8ca312 c14248"),
        (170, "a25055 39ea10 59d824 5961c6 0b0e45 dd84f9 3fcea9 7ef9d6"),
        (213, "ec1caa b25d36 428428 eddfde f7b0f5 889885 ce9360 fe6c16"),
    ])
    func `every module is where another encoder has it`(length: Int, digests: String) throws {
        let text = "https://example.com/" + String(repeating: "x", count: max(0, length - 20))
        let code = try #require(QRCode(String(text.prefix(length))))
        let modules = code.modules.map { $0 ? UInt8(ascii: "1") : UInt8(ascii: "0") }
        #expect(digests.contains(Hex.encode(SHA1.hash(modules)).prefix(6)))
    }

    @Test(arguments: [1, 20, 60, 100, 150, 200])
    func `finders stand in three corners`(length: Int) throws {
        let code = try #require(QRCode(String(repeating: "x", count: length)))
        let row = { (y: Int) in (0..<7).map { code.modules[y * code.size + $0] } }
        #expect(row(0) == Array(repeating: true, count: 7))
        #expect(row(1) == [true, false, false, false, false, false, true])
        #expect(row(2) == [true, false, true, true, true, false, true])
        #expect(row(code.size - 1) == Array(repeating: true, count: 7))
        // The one module that is always dark.
        #expect(code.modules[(code.size - 8) * code.size + 8])
    }

    @Test func `the picture has a quiet zone and a name`() throws {
        let svg = try #require(QRCode("weixin://wxpay/bizpayurl?pr=x")).svg(label: "code")
        #expect(svg.contains("viewBox=\"0 0 37 37\""))
        #expect(svg.contains("aria-label=\"code\""))
    }
}
