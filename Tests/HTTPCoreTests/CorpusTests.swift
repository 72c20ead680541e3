import Foundation
@testable import HTTPCore
import Testing

/// The public corpus of llhttp's verdicts (see Tests/Corpora).
private struct Corpus: Decodable {
    struct Case: Decodable {
        var name: String
        var mode: String
        var input_b64: String
        var messages_complete: Int
        var error_code: Int?
    }

    var cases: [Case]

    static func load() throws -> Corpus {
        let file = URL(fileURLWithPath: #filePath).appending(path: "../../Corpora/llhttp.json").standardized
        return try JSONDecoder().decode(Corpus.self, from: try Data(contentsOf: file))
    }
}

@Suite
struct CorpusTests {
    /// What its strict mode takes and we refuse on purpose, with our answer.
    private static let stricter: [String: Int] = [
        // Methods of other protocols and extensions: this server does not implement them (RFC 9110 section 15.6.2).
        "REPORT request": 501, "M-SEARCH request": 501, "PURGE request": 501, "SEARCH request": 501, "LINK request": 501,
        "SOURCE request": 501, "SOURCE request with ICE": 400, "OPTIONS request with RTSP": 400,
        "ANNOUNCE request with RTSP": 400, "QUERY request": 501, "CONNECT request": 501, "CONNECT request with CAPS": 501,
        "CONNECT with body": 501, "Underscore in hostname": 501,
        // HTTP/0.9 ended with RFC 9112.
        "No HTTP version": 400,
        // Any transfer coding but chunked alone.
        "POST with `chunked` as last transfer-encoding": 400,
        "POST with `chunked` as last transfer-encoding (multiple headers)": 400,
        // RFC 9112 section 3.2 has no fragment; RFC 9110 section 4.2.4 distrusts user names.
        "Fragment in URI": 400, "`host:port` and basic auth": 400,
    ]
    /// Error codes of llhttp that say "stop reading here", not "this is wrong".
    private static let pauses: Set<Int> = [5, 22, 23]

    @Test func `every strict verdict is ours too, or stricter for a reason`() throws {
        let corpus = try Corpus.load()
        var compared = 0
        for entry in corpus.cases where entry.mode == "request" || entry.mode == "request-finish" {
            let bytes = Self.withHost([UInt8](try #require(Data(base64Encoded: entry.input_b64))))
            var reading = WireReading.of(bytes)
            // Some cases stop in the middle of a line that is wrong already; we judge whole lines.
            if entry.error_code != nil, reading.refusal == nil, reading.isIncomplete {
                reading = WireReading.of(bytes + Array("\r\n\r\n".utf8))
            }
            compared += 1
            if let status = Self.stricter[entry.name] {
                #expect(reading.refusal == status, "\(entry.name)")
            } else if let code = entry.error_code, !Self.pauses.contains(code) {
                #expect(reading.refusal != nil, "\(entry.name) must be refused")
                #expect(reading.messages.count <= entry.messages_complete, "\(entry.name)")
            } else if entry.error_code == nil {
                #expect(reading.refusal == nil, "\(entry.name) must be accepted")
                #expect(reading.messages.count == entry.messages_complete, "\(entry.name)")
            } else {
                #expect(reading.messages.count >= entry.messages_complete, "\(entry.name)")
            }
        }
        #expect(compared > 100)
    }

    @Test func `what its lenient modes forgive is refused here`() throws {
        let corpus = try Corpus.load()
        for entry in corpus.cases where entry.mode.hasPrefix("request-lenient") && entry.mode != "request-lenient-keep-alive" {
            let bytes = Self.withHost([UInt8](try #require(Data(base64Encoded: entry.input_b64))))
            #expect(WireReading.of(bytes + Array("\r\n\r\n".utf8)).refusal != nil, "\(entry.mode): \(entry.name)")
        }
    }

    /// The corpus judges syntax only; most of its requests lack the Host field that we insist on.
    private static func withHost(_ bytes: [UInt8]) -> [UInt8] {
        guard !String(decoding: bytes, as: UTF8.self).lowercased().contains("host:") else { return bytes }
        var result: [UInt8] = []
        var start = 0
        // Every request line of the corpus ends with its version and CRLF.
        for index in bytes.indices.dropFirst(9) where bytes[index] == 0x0A && bytes[index - 1] == 0x0D {
            let line = bytes[start...index]
            result += line
            start = index + 1
            let tail = String(decoding: line.suffix(10), as: UTF8.self)
            if tail == "HTTP/1.1\r\n" || tail == "HTTP/1.0\r\n" { result += Array("Host: a\r\n".utf8) }
        }
        return result + bytes[start...]
    }
}
