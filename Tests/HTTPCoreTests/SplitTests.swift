@testable import HTTPCore
import Testing

@Suite
struct SplitTests {
    private static let streams = [
        "GET /a?b=c HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello worldGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nPUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=\"b;c\"\r\n \r\n"
            + "5\r\nworld\r\n0\r\nT: u\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n",
    ]

    @Test(arguments: streams)
    func `messages are the same in every split into three pieces and byte by byte`(text: String) {
        let bytes = Array(text.utf8)
        let whole = WireReading.of(bytes)
        #expect(whole.refusal == nil && !whole.isIncomplete && whole.messages.count >= 2)
        #expect(WireReading.of(bytes, pieces: Array(repeating: 1, count: bytes.count)) == whole)
        for first in 0..<bytes.count {
            for second in stride(from: 1, to: bytes.count - first, by: 3) {
                #expect(WireReading.of(bytes, pieces: [first, second]) == whole, "split at \(first) and \(second) later")
            }
        }
    }

    @Test(arguments: streams)
    func `a message is never complete before its last byte`(text: String) {
        let bytes = Array(text.utf8)
        let count = WireReading.of(bytes).messages.count
        let reading = WireReading.of(Array(bytes.dropLast()))
        #expect(reading.messages.count == count - 1 && reading.refusal == nil && reading.isIncomplete)
    }

    @Test func `a large head byte by byte is not scanned again from its start`() {
        let fields = (0..<90).map { "x-\($0): \(String(repeating: "v", count: 150))\r\n" }.joined()
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n".utf8)
        var parser = RequestParser(limits: HTTPLimits())
        // Quadratic work would be about 10^8 steps here and far beyond the limit of the suite's run.
        for end in 1...bytes.count {
            let head = bytes.withUnsafeBufferPointer { buffer in
                try? parser.next(UnsafeBufferPointer(rebasing: buffer[..<end]))
            }
            #expect((head != nil) == (end == bytes.count))
        }
    }
}
