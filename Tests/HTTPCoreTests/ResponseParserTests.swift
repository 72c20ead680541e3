@testable import HTTPCore
import Testing

@Suite
struct ResponseParserTests {
    private func head(_ text: String, isHead: Bool = false) throws -> ResponseHead? {
        var parser = ResponseParser()
        return try Array(text.utf8).withUnsafeBufferPointer { try parser.next($0, isHead: isHead) }
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", ResponseFraming.length(5), true),
        ("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", .none, true),
        ("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n", .chunked, true),
        ("HTTP/1.1 200 OK\r\n\r\n", .untilClose, false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", .length(5), false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: Keep-Alive\r\n\r\n", .length(5), true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n", .length(5), false),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", .none, true),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", .none, true),
        ("HTTP/1.1 100 Continue\r\n\r\n", .none, true),
    ])
    func `framing and keeping`(text: String, framing: ResponseFraming, isKept: Bool) throws {
        let head = try #require(try head(text))
        #expect(head.framing == framing && head.keepsAlive == isKept && head.byteCount == text.utf8.count)
    }

    @Test func `an answer to HEAD has no body`() throws {
        #expect(try head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", isHead: true)?.framing == ResponseFraming.none)
    }

    @Test(arguments: [
        "ICY 200 OK\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 999 OK\r\n\r\n", "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: y\n\r\n\r\n", "HTTP/1.1 200 OK\r\nX: \u{0}\r\n\r\n", "HTTP/1.1 200 OK\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 200 OK\rX: y\r\n\r\n", "\r\n\r\n",
    ])
    func `is malformed`(text: String) {
        #expect(throws: MalformedResponse.self) { try head(text) }
    }

    @Test func `a head byte by byte is complete with its last byte`() throws {
        let bytes = Array("HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\n".utf8)
        var parser = ResponseParser()
        for end in 0...bytes.count {
            let head = try bytes.withUnsafeBufferPointer {
                try parser.next(UnsafeBufferPointer(rebasing: $0[..<end]), isHead: false)
            }
            #expect((head != nil) == (end == bytes.count))
        }
    }
}
