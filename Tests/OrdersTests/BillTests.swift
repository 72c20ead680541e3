import Clients
import Crypto
import Models
import Testing

@testable import Orders

/// Reading bills: no I/O.
@Suite struct BillTests {
    private let payment = PaymentID.make(at: Timestamp(microseconds: 1))
    private let refund = RefundID.make(at: Timestamp(microseconds: 2))

    private var rows: [FakeBills.Row] {
        [
            FakeBills.Row(number: payment.description, fen: 1_234),
            FakeBills.Row(number: payment.description, fen: 234, refundNumber: refund.description),
            FakeBills.Row(number: "somebody_elses", fen: 5),
        ]
    }
    private let noon = Timestamp("2026-11-23T13:00:00+08:00")

    private func expectRight(_ lines: [BillLine]) {
        #expect(lines.map(\.entry) == [.payment, .refund, .payment])
        #expect(lines.map(\.amount.minorUnits) == [1_234, 234, 5])
        #expect(lines.map(\.paymentID) == [payment, nil, nil])
        #expect(lines.map(\.refundID) == [nil, refund, nil])
        #expect(lines.allSatisfy { $0.at == noon && $0.isDone })
        #expect(lines.last?.number == "somebody_elses" || lines.last?.number == "somebodyelses")
    }

    @Test func `a bill of WeChat Pay is read, commas in names included`() throws {
        expectRight(try WeChatBill.lines(Array(FakeBills.weChat(rows).utf8)))
        #expect(try WeChatBill.lines(Array(("\u{FEFF}" + FakeBills.weChat([])).utf8)).isEmpty)
    }

    @Test func `a bill of WeChat Pay that is cut, or whose totals do not fit, is refused`() throws {
        let text = FakeBills.weChat(rows)
        #expect(throws: GatewayError.mismatch("totals")) {
            try WeChatBill.lines(Array(FakeBills.weChat(rows, missing: 1).utf8))
        }
        #expect(throws: GatewayError.mismatch("totals")) {
            try WeChatBill.lines(Array(text.replacing("`12.34,`12.34", with: "`12.34,`12.34").replacing("`2.34,", with: "`2.35,").utf8))
        }
        let bytes = Array(text.utf8)
        for end in stride(from: 0, to: bytes.count - 1, by: 7) {
            #expect(throws: GatewayError.self) { try WeChatBill.lines(Array(bytes[..<end])) }
        }
        #expect(throws: GatewayError.malformed) { try WeChatBill.lines(Array("{\"code\":\"NO\"}".utf8)) }
        #expect(throws: GatewayError.mismatch("currency")) {
            try WeChatBill.lines(Array(text.replacing("`CNY", with: "`USD").utf8))
        }
    }

    @Test func `a bill of Alipay is read, whichever file comes first`() throws {
        let files = FakeBills.alipay(rows)
        expectRight(try AlipayBill.lines(files))
        expectRight(try AlipayBill.lines(files.reversed()))
    }

    @Test func `a bill of Alipay that is cut, or whose totals do not fit, is refused`() throws {
        #expect(throws: GatewayError.mismatch("totals")) { try AlipayBill.lines(FakeBills.alipay(rows, missing: 1)) }
        #expect(throws: GatewayError.malformed) { try AlipayBill.lines([FakeBills.alipay(rows)[0]]) }
        let bytes = FakeBills.alipay(rows)[1]
        for end in stride(from: 0, to: bytes.count - 40, by: 7) {
            #expect(throws: GatewayError.self) { try AlipayBill.lines([Array(bytes[..<end])]) }
        }
    }

    @Test func `a file of UnionPay is read by its fixed widths`() throws {
        let day = try #require(BillDay(FakeBills.day))
        let numbered = rows.map { row in
            FakeBills.Row(
                number: row.number.replacing("_", with: ""), fen: row.fen,
                refundNumber: row.refundNumber?.replacing("_", with: ""))
        }
        let content = FakeBills.unionPay(numbered), name = Array("INN26112388ZM_777290058110001".utf8)
        expectRight(try UnionPayFile.lines([(Array("other".utf8), []), (name, content)], of: day))
        #expect(throws: GatewayError.malformed) { try UnionPayFile.lines([(Array("ZMF".utf8), content)], of: day) }
        #expect(throws: GatewayError.malformed) { try UnionPayFile.lines([(name, Array(content[..<200]))], of: day) }
        // The year is not written: the last evening of a year settles in the next.
        let january = try #require(BillDay("2027-01-01"))
        #expect(try UnionPayFile.lines([(name, content)], of: january).first?.at == noon)
    }

    @Test func `amounts are exact`() {
        #expect(BillText.fen(Array("12.34".utf8)) == 1_234)
        #expect(BillText.fen(Array("-0.05".utf8)) == -5)
        #expect(BillText.fen(Array("7".utf8)) == 700)
        #expect(BillText.fen(Array("7.5".utf8)) == 750)
        for text in ["", "-", ".", "1.234", "1,2", "1e3", " 1", "12345678901234567"] {
            #expect(BillText.fen(Array(text.utf8)) == nil, "\(text)")
        }
    }

    @Test func `a day is one that exists`() {
        #expect(BillDay("2026-11-23")?.start == Timestamp("2026-11-22T16:00:00Z"))
        for text in ["2026-02-30", "2026-13-01", "20261123", "2026-11-23 ", ""] { #expect(BillDay(text) == nil, "\(text)") }
    }

    // MARK: Archives, as zlib 1.3 made them

    private let line = "`2026-11-23 13:00:00,`牛肉面,`12.34\n"
    private static let gzip =
        "H4sIAAAAAAACA0swMjAy0zU01DUyVjA0tjIwACKdhOeds180db6cu0gnwdBIz9iEK2FU2aiyUWWjykaVjQxlAApCq6wYBgAA"
    private static let zlib = "eJxLMDIwMtM1NNQ1MlYwNLYyMAAinYTnnbNfNHW+nLtIJ8HQSM/YhCthVNmoslFlo8pGlY0MZQCEYeqI"
    private static let fixed = "eAFLMDIwMtM1NNQ1MlYwNLYyMAAinYTnnbNfNHW+nLtIJ8HQSM/YhCthVNmoslFlo8pGlY0MZQCEYeqI"
    private static let zip =
        "UEsDBBQAAAAIAAAAIQAKQqusNgAAABgGAAAFAAAAYS5jc3ZLMDIwMtM1NNQ1MlYwNLYyMAAinYTnnbNfNHW+nLtIJ8HQSM/YhCthVNmoslFl"
        + "o8pGlY0MZQBQSwMEFAAAAAAAAAAhAAAAAAAAAAAAAAAAAAUAAABiLmNzdlBLAQIUAxQAAAAIAAAAIQAKQqusNgAAABgGAAAFAAAAAAAAAAAA"
        + "AACAAQAAAABhLmNzdlBLAQIUAxQAAAAAAAAAIQAAAAAAAAAAAAAAAAAFAAAAAAAAAAAAAACAAVkAAABiLmNzdlBLBQYAAAAAAgACAGYAAAB8"
        + "AAAAAAA="
    private static let dynamic =
        "eNodktuNRSEIRf+thRBFBSmHgyL9VzDe+SUB9mOd5bDnmIXunkZdbUCuXc2siNHtxjmmZMscaF3KjoK7cueLuCbT+mZSjybNB+9gatPmh7oWlQhO"
        + "uyJJ3FYbIGrEh+X2b7Yll/tsvZmIah1qWUJWuMDnbsMgYWs09AjggIKjzrkNqfYLG/hqtzQ6XwzukoVHcjFatfQPz/3QHTH6gmPyrbtGKH90276r"
        + "rzs3IU+rSmhx6zr/V0maPLf++YmQC1UZWq0bU+dZsuvXnc6pWxf5knzpNXzzAftDU/O+v5urxx6RsTsJCsy6b6mfGT6bVMm96thwVWaD9wVvNgcf"
        + "XlapSfjVqAuzbtGlnmlJDvIyKYZtzrO5Okc8GbhZn9UjX1W5gV3iy3epC8iQYVQDppW+7GvrrHMAaFG8o9OCK5dRMl+q2atogZKfc2nx6xalxVDf"
        + "ym/hQL+vaCqNOORjh7LBj/p43VPUcXTe3VX6RkgSuzzWI0gTnqrzgsQFI6TN/tKni9v2MsFy/JGBnRtX22M0FKpr7kJ0xaAo36Hc8Snh2/iV26nq"
        + "8pmlYLFeTiEIV2vQBc+A+Vj4gPfq/nh8HsOpgOLlmxX8fRssX2ARaPqEUkzQmqBp+rh6cr3EGusoDH4JP0WU+6LvpDp3fJ/a/SbrqD843zTnoMjE"
        + "Ic/XgDrXvv66npUWXopy7DH6ACQ4Pgra9/I7H+zu12Y5cMcf05PvpA=="

    private func bytes(_ text: String) throws -> [UInt8] { try #require(Base64.decode(text)) }

    @Test func `packed files are unpacked, by all kinds of blocks`() throws {
        let text = Array(String(repeating: line, count: 40).utf8)
        #expect(try Inflate.gzip(try bytes(Self.gzip), bytesMax: text.count) == text)
        #expect(try Inflate.zlib(try bytes(Self.zlib), bytesMax: text.count) == text)
        #expect(try Inflate.zlib(try bytes(Self.fixed), bytesMax: text.count) == text)
        let long = try Inflate.zlib(try bytes(Self.dynamic), bytesMax: 900)
        #expect(Hex.encode(SHA1.hash(long)) == "5bae169e2bae8e199684449a89ed44c3477c47d2")
        let entries = try ZipFile.entries(try bytes(Self.zip), bytesMax: text.count)
        #expect(entries.map(\.name) == [Array("a.csv".utf8), Array("b.csv".utf8)])
        #expect(entries.map(\.content) == [text, []])
        #expect(try Inflate.gzip(FakeBills.gzip(text), bytesMax: text.count) == text)
        #expect(try Inflate.zlib(FakeBills.zlib(text), bytesMax: text.count) == text)
        #expect(try ZipFile.entries(FakeBills.zip([("x", text)]), bytesMax: text.count).map(\.content) == [text])
    }

    @Test func `packed files that are cut, changed or too large are refused`() throws {
        #expect(throws: Inflate.Failure.tooLarge) { try Inflate.gzip(try bytes(Self.gzip), bytesMax: 1_000) }
        #expect(throws: Inflate.Failure.tooLarge) { try ZipFile.entries(try bytes(Self.zip), bytesMax: 1_000) }
        for (text, read) in [
            (Self.gzip, { try Inflate.gzip($0, bytesMax: 1 << 16) }), (Self.dynamic, { try Inflate.zlib($0, bytesMax: 1 << 16) }),
            (Self.zip, { try ZipFile.entries($0, bytesMax: 1 << 16).flatMap(\.content) }),
        ] as [(String, ([UInt8]) throws -> [UInt8])] {
            let whole = try bytes(text)
            let right = try read(whole)
            for end in whole.indices { #expect(throws: Inflate.Failure.self) { try read(Array(whole[..<end])) } }
            // A changed bit is found, or was in a part that says nothing of the content, such as a time.
            for index in whole.indices {
                var changed = whole
                changed[index] ^= 1 << UInt8(index % 8)
                if let found = try? read(changed) { #expect(found == right || text == Self.zip) }
            }
        }
    }
}
