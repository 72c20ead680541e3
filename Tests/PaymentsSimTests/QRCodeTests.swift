import Testing
@testable import PaymentsSim

/// QR codes, against a code that another encoder made and against their own structure.
@Suite struct QRCodeTests {
    @Test func `versions grow with the text, up to 213 bytes`() {
        #expect(QRCode("")?.size == 21)
        #expect(QRCode(String(repeating: "a", count: 14))?.size == 21)
        #expect(QRCode(String(repeating: "a", count: 15))?.size == 25)
        #expect(QRCode(String(repeating: "a", count: 180))?.size == 53)
        #expect(QRCode(String(repeating: "a", count: 213))?.size == 57)
        #expect(QRCode(String(repeating: "a", count: 214)) == nil)
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
