@testable import HTTPCore
import Testing

@Suite
struct RequestParserTests {
    @Test func `a plain request is read with its fields in order`() {
        let reading = WireReading.of("GET /a/b?x=1 HTTP/1.1\r\nHost: linli\r\nX-A: 1\r\nx-a:\t2 \r\nEmpty:\r\n\r\n")
        #expect(reading.refusal == nil && !reading.isIncomplete)
        #expect(reading.messages == [
            .init(
                method: "GET", path: "/a/b", query: "x=1", fields: ["Host: linli", "X-A: 1", "x-a: 2", "Empty: "],
                body: "", keepsAlive: true)
        ])
    }

    @Test(arguments: [
        ("GET", "/", "/", nil as String?), ("OPTIONS", "*", "*", nil), ("GET", "/?", "/", ""), ("GET", "/a?b?c", "/a", "b?c"),
        ("GET", "http://linli", "/", nil), ("GET", "http://linli:80/a?b", "/a", "b"), ("GET", "http://linli?a", "/", "a"),
        ("GET", "HTTP://[::1]:7000/x", "/x", nil), ("GET", "/%E9%82%BB", "/%E9%82%BB", nil), ("DELETE", "//x", "//x", nil),
    ])
    func `targets have a path and a query`(method: String, target: String, path: String, query: String?) {
        let reading = WireReading.of("\(method) \(target) HTTP/1.1\r\nHost: linli\r\n\r\n")
        #expect(reading.messages.first?.path == path && reading.messages.first?.query == query)
    }

    @Test func `the host of an absolute target counts, not the field`() throws {
        let bytes = Array("GET http://a.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n".utf8)
        var parser = RequestParser(limits: HTTPLimits())
        let head = try bytes.withUnsafeBufferPointer { try parser.next($0) }
        #expect(head?.authority == "a.example")
    }

    @Test func `up to two empty lines may come before a request`() {
        #expect(WireReading.of("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").messages.count == 1)
        #expect(WireReading.of("\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").refusal == 400)
    }

    @Test func `pipelined requests are read one after the other`() {
        let reading = WireReading.of(
            "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
                + "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=\"y\\\"\"\r\nabc\r\n0\r\nT: 1\r\n\r\n"
                + "GET /3 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET /4 HTTP/1.0\r\n\r\n")
        #expect(reading.messages.map(\.path) == ["/1", "/2", "/3", "/4"])
        #expect(reading.messages.map(\.body) == ["hi", "abc", "", ""])
        #expect(reading.messages.map(\.keepsAlive) == [true, true, true, false])
    }

    @Test(arguments: [
        ("1.1", "", true), ("1.1", "Connection: close\r\n", false), ("1.1", "Connection: a, CLOSE ,b\r\n", false),
        ("1.1", "Connection: keep-alive, close\r\n", false), ("1.1", "Connection: closed\r\n", true),
        ("1.0", "", false), ("1.0", "Connection: keep-alive\r\n", true), ("1.0", "Connection: x\r\n", false),
        ("1.2", "", true), ("1.9", "Connection: close\r\n", false),
    ])
    func `connections are kept as RFC 9112 section 9-3 says`(version: String, field: String, isKept: Bool) {
        let reading = WireReading.of("GET / HTTP/\(version)\r\nHost: a\r\n\(field)\r\n")
        #expect(reading.messages.first?.keepsAlive == isKept)
    }

    @Test func `bytes beyond ASCII in a value stay one value`() {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + [0xFF, 0xC3, 0xBC] + Array("\r\n\r\n".utf8)
        let reading = WireReading.of(bytes)
        #expect(reading.refusal == nil && reading.messages.first?.fields.count == 2)
    }

    @Test func `an expectation is met, ignored or refused`() throws {
        func head(_ version: String, _ value: String) throws -> RequestHead? {
            let text = "POST / HTTP/\(version)\r\nHost: a\r\nContent-Length: 1\r\nExpect: \(value)\r\n\r\n"
            var parser = RequestParser(limits: HTTPLimits())
            return try Array(text.utf8).withUnsafeBufferPointer { try parser.next($0) }
        }
        #expect(try head("1.1", "100-Continue")?.expectsContinue == true)
        #expect(try head("1.0", "100-continue")?.expectsContinue == false)
        #expect(throws: RequestRefusal(.expectationFailed, "The only expectation that can be met is 100-continue.")) {
            try head("1.1", "200-maybe")
        }
    }

    @Test func `token characters are those of RFC 9110 section 5-6-2`() {
        let tokens = Set("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        for byte in UInt8.min...UInt8.max { #expect(ASCII.isToken(byte) == tokens.contains(byte)) }
    }
}

@Suite
struct RequestLimitTests {
    private func refusal(_ text: String) -> Int? { WireReading.of(text).refusal }
    private func get(_ target: String, _ fields: String = "") -> String {
        "GET \(target) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
    }

    @Test func `a request line of 8,000 bytes is taken, of more than 8 KiB it is 414, complete or not`() {
        #expect(refusal(get("/" + String(repeating: "a", count: 7_980))) == nil)
        #expect(refusal(get("/" + String(repeating: "a", count: 8_192))) == 414)
        #expect(refusal("GET /" + String(repeating: "a", count: 8_192)) == 414)
    }

    @Test func `a field line of more than 8 KiB is 431, complete or not`() {
        #expect(refusal(get("/", "x: " + String(repeating: "a", count: 8_000) + "\r\n")) == nil)
        #expect(refusal(get("/", "x: " + String(repeating: "a", count: 8_192) + "\r\n")) == 431)
        #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\nx: " + String(repeating: "a", count: 8_192)) == 431)
    }

    @Test func `a head of more than 16 KiB is 431, complete or not`() {
        let fields = String(repeating: "x: " + String(repeating: "a", count: 995) + "\r\n", count: 17)
        #expect(refusal(get("/", fields)) == 431)
        #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\n" + fields) == 431)
    }

    @Test func `a hundred fields are taken, one more is 431`() {
        #expect(refusal(get("/", String(repeating: "a: b\r\n", count: 99))) == nil)
        #expect(refusal(get("/", String(repeating: "a: b\r\n", count: 100))) == 431)
    }

    @Test func `a chunk line has 256 bytes at most`() {
        func post(_ line: String) -> String {
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(line)\r\nx\r\n0\r\n\r\n"
        }
        #expect(refusal(post("1;" + String(repeating: "a", count: 250))) == nil)
        #expect(refusal(post("1;" + String(repeating: "a", count: 260))) == 400)
        #expect(refusal(post("0000000000000001")) == nil)
        #expect(refusal(post("00000000000000001")) == 400)
    }

    @Test func `trailers have 8 KiB at most`() {
        let body = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        #expect(refusal(body + String(repeating: "t: u\r\n", count: 1_000) + "\r\n") == nil)
        #expect(refusal(body + String(repeating: "t: 1234567\r\n", count: 1_000) + "\r\n") == 431)
        #expect(refusal(body + "t: " + String(repeating: "a", count: 8_200)) == 431)
    }

    @Test func `more chunk framing than data is refused`() {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(refusal(head + String(repeating: "1\r\nx\r\n", count: 50_000)) == nil)
        #expect(refusal(head + String(repeating: "1;" + String(repeating: "e", count: 200) + "\r\nx\r\n", count: 100)) == 400)
    }
}
