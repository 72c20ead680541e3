@testable import HTTPCore
import Testing

@Suite
struct HeaderTests {
    @Test func `names compare without case and repeated fields stay in order`() {
        var headers: HTTPHeaders = ["Accept": "a", "X-Y": "1"]
        headers.add("x-y", "2")
        #expect(headers["ACCEPT"] == "a")
        #expect(headers.all("X-y") == ["1", "2"])
        headers.set("X-Y", "3")
        #expect(headers.all("x-y") == ["3"])
        headers.remove("accept")
        #expect(headers["accept"] == nil && headers.map(\.name) == ["X-Y"])
    }

    @Test func `received fields can be changed like others`() throws {
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nx: 2\r\nX-Long-Name: v\r\n\r\n".utf8)
        var parser = RequestParser(limits: HTTPLimits())
        var headers = try #require(try bytes.withUnsafeBufferPointer { try parser.next($0) }).headers
        #expect(headers["x"] == "1" && headers.all("X") == ["1", "2"] && headers["x-long-name"] == "v")
        #expect(headers["x-long-nam"] == nil && headers.contains("host"))
        headers.set("x", "3")
        #expect(headers.all("x") == ["3"] && headers["host"] == "a")
    }

    @Test(arguments: [("a, close", true), ("CLOSE", true), ("closed", false), ("", false), (" close ", true), ("a,,close", true)])
    func `a list has a token`(value: String, isThere: Bool) {
        let headers: HTTPHeaders = ["connection": value]
        #expect(headers.hasToken("Connection", "close") == isThere)
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_767_225_599, "Wed, 31 Dec 2025 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
    ])
    func `dates are IMF-fixdate`(seconds: Int64, text: String) {
        #expect(HTTPDate.text(secondsSinceEpoch: seconds) == text)
    }

    @Test(arguments: [
        ("a", "a"), ("%E9%82%BB", "邻"), ("a+b", "a+b"), ("%41", "A"), ("a%20b", "a b"), ("...", "..."),
        ("%2e%2E", nil), ("..", nil), (".", nil), ("%2f", nil), ("%5c", nil), ("\\", nil), ("%00", nil), ("%", nil), ("%4", nil),
        ("%zz", nil), ("%ff", nil), ("%c0%af", nil), ("%ed%a0%80", nil), ("%u0041", nil),
    ])
    func `path segments decode, or are none`(raw: String, decoded: String?) {
        #expect(PercentCoding.pathSegment(raw[...].utf8) == decoded)
    }
}
