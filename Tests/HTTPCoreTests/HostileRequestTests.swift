@testable import HTTPCore
import Testing

/// Requests that two parsers could read differently, or that no client sends by honest mistake. Each is refused at once
/// or, where nothing more can come, as soon as its last byte is there.
@Suite
struct HostileRequestTests {
    static let host = "Host: a\r\n"

    /// Name, bytes, status.
    static let cases: [(String, String, Int)] = requestLines + fields + hosts + framing + chunks

    static let requestLines: [(String, String, Int)] = [
        ("bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
        ("bare CR after the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n", 400),
        ("two spaces after the method", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("two spaces after the target", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("tab for a space", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("space at the line's end", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
        ("space before the method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("no method", "/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("no version", "GET /\r\n", 400),
        ("lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n", 400),
        ("version without minor", "GET / HTTP/1\r\nHost: a\r\n\r\n", 400),
        ("version with two digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400),
        ("leading zero in the version", "GET / HTTP/01.1\r\nHost: a\r\n\r\n", 400),
        ("comma in the version", "GET / HTTP/1,1\r\nHost: a\r\n\r\n", 400),
        ("HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("HTTP/0.9 named", "GET / HTTP/0.9\r\n\r\n", 505),
        ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        ("another protocol", "GET / ICAP/1.0\r\nHost: a\r\n\r\n", 400),
        ("unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("lower-case method", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501),
        ("method with a colon", "GE:T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("NUL in the target", "GET /\u{0} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("DEL in the target", "GET /\u{7F} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("raw UTF-8 in the target", "GET /邻 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("asterisk with GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("authority form with GET", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("relative target", "GET a/b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("unknown scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("user in the target", "GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("absolute target without host", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("TLS", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", 400),
        ("empty lines without end", "\r\n\r\n\r\n", 400),
    ]

    static let fields: [(String, String, Int)] = [
        ("space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("tab before the colon", "GET / HTTP/1.1\r\nHost: a\r\nX\t: a\r\n\r\n", 400),
        ("obs-fold with space", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
        ("obs-fold with tab", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n", 400),
        ("space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
        ("empty name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400),
        ("no colon", "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400),
        ("bracket in a name", "GET / HTTP/1.1\r\nHost: a\r\nX[]: a\r\n\r\n", 400),
        ("space in a name", "GET / HTTP/1.1\r\nHost: a\r\nX Y: a\r\n\r\n", 400),
        ("UTF-8 in a name", "GET / HTTP/1.1\r\nHost: a\r\nÜ: a\r\n\r\n", 400),
        ("bare LF in the fields", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400),
        ("bare CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n", 400),
        ("NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\u{0}c\r\n\r\n", 400),
        ("form feed in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\u{C}c\r\n\r\n", 400),
        ("DEL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\u{7F}c\r\n\r\n", 400),
        ("LF LF ends the head", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400),
        ("CR at the end of the fields", "GET / HTTP/1.1\r\nHost: a\r\n\rX", 400),
        ("unknown expectation", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: x\r\n\r\n", 417),
        ("two expectations", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nExpect: x\r\n\r\n", 417),
    ]

    static let hosts: [(String, String, Int)] = [
        ("no Host in 1.1", "GET / HTTP/1.1\r\n\r\n", 400),
        ("Host twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("Host twice in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", 400),
        ("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
        ("path in Host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        ("user in Host", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
        ("space in Host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        ("list in Host", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400),
        ("port too large", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400),
        ("port with a sign", "GET / HTTP/1.1\r\nHost: a:+80\r\n\r\n", 400),
        ("port with a letter", "GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", 400),
        ("open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
        ("a query in Host", "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n", 400),
        ("a fragment in Host", "GET / HTTP/1.1\r\nHost: a#b\r\n\r\n", 400),
        ("no Host beside an absolute target", "GET http://a/ HTTP/1.1\r\n\r\n", 400),
    ]

    static let framing: [(String, String, Int)] = [
        "Content-Length: 1\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 1",
        "Content-Length: 1\r\nContent-Length: 1", "Content-Length: 1\r\nContent-Length: 2", "Content-Length: 1, 1",
        "Content-Length: +1", "Content-Length: -1", "Content-Length: 0x1", "Content-Length: 1 1", "Content-Length: 1.0",
        "Content-Length: 1e1", "Content-Length: \"1\"", "Content-Length:", "Content-Length: ١",
        "Content-Length: 9223372036854775808", "Content-Length: 18446744073709551617",
        "Content-Length: 99999999999999999999999999", "Transfer-Encoding:", "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "Transfer-Encoding: chunked;a=b",
        "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked,",
        "Transfer-Encoding: ,chunked", "Transfer-Encoding: \u{B}chunked", "Transfer-Encoding\u{B}: chunked",
        "Transfer-Encoding : chunked", "Content-Length : 1", "Transfer-Encoding:\r\n chunked", "X: y\nTransfer-Encoding: chunked",
        "Content-Length: 1\r\ntransfer-encoding: CHUNKED",
    ].map { ($0, "POST / HTTP/1.1\r\nHost: a\r\n\($0)\r\n\r\n", 400) } + [
        ("chunked in 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ]

    static let chunks: [(String, String, Int)] = [
        "x\r\n", "-1\r\n", "+1\r\na\r\n0\r\n\r\n", "0x1\r\na\r\n0\r\n\r\n", " 1\r\na\r\n0\r\n\r\n", "1 \r\na\r\n0\r\n\r\n",
        "1\t\r\na\r\n", "1\na\r\n0\r\n\r\n", "1\r\na\n0\r\n\r\n", "1\r\nab\r\n0\r\n\r\n", "2\r\na\r\n0\r\n\r\n", "\r\n",
        "1\r\na0\r\n\r\n", "1\r\na\r\r\n0\r\n\r\n", "1;\r\na\r\n0\r\n\r\n", "1; a\r\nx\r\n", "1 ;a\r\nx\r\n", "1;a=\r\nx\r\n",
        "1;a=\"b\r\nx\r\n", "1;a\rb\r\nx\r\n", "1;a\u{0}\r\nx\r\n", "1;a\n\r\nx\r\n", "1;=b\r\nx\r\n", "1_0\r\n", "1,\r\n",
        "ffffffffffffffff\r\n", "8000000000000000\r\n", "10000000000000000\r\n", "0\r\nX : y\r\n\r\n", "0\r\nX\r\n\r\n",
        "0\r\n X: y\r\n\r\n", "0\r\nX: a\n\r\n", "0\r\nX: \u{0}\r\n\r\n", "0\r\n: y\r\n\r\n", "0\r\n\rX", "0\n\r\n", "0;\r\n\r\n",
    ].map { ($0, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\($0)", 400) }

    @Test(arguments: cases)
    func `is refused`(name: String, bytes: String, status: Int) {
        #expect(WireReading.of(bytes).refusal == status, "\(name.debugDescription)")
    }

    @Test func `is refused in the same way however its bytes arrive`() {
        for (name, text, status) in Self.cases {
            let bytes = Array(text.utf8)
            let oneByOne = WireReading.of(bytes, pieces: Array(repeating: 1, count: bytes.count))
            #expect(oneByOne.refusal == status, "\(name.debugDescription) byte by byte")
            for split in 1..<bytes.count {
                #expect(WireReading.of(bytes, pieces: [split]).refusal == status, "\(name.debugDescription) split at \(split)")
            }
        }
    }

    @Test func `a request behind a refused one is never served`() {
        for (name, text, _) in Self.cases where text.hasSuffix("\r\n\r\n") {
            let reading = WireReading.of(text + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(!reading.messages.contains { $0.path == "/smuggled" }, "\(name.debugDescription)")
        }
    }
}
