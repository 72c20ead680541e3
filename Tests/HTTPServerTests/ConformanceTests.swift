import Foundation
import HTTPCore
import HTTPServer
import TestSupport
import Testing

/// The public corpus of llhttp's verdicts over a socket (see Tests/Corpora).
@Suite
struct ConformanceTests {
    struct Corpus: Decodable {
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

    /// What its strict mode takes and we refuse on purpose, with our answer; the reasons are in HTTPCoreTests.
    private static let stricter: [String: Int] = [
        "REPORT request": 501, "M-SEARCH request": 501, "PURGE request": 501, "SEARCH request": 501, "LINK request": 501,
        "SOURCE request": 501, "SOURCE request with ICE": 400, "OPTIONS request with RTSP": 400,
        "ANNOUNCE request with RTSP": 400, "QUERY request": 501, "CONNECT request": 501, "CONNECT request with CAPS": 501,
        "CONNECT with body": 501, "Underscore in hostname": 501, "No HTTP version": 400,
        "POST with `chunked` as last transfer-encoding": 400,
        "POST with `chunked` as last transfer-encoding (multiple headers)": 400, "Fragment in URI": 400,
        "`host:port` and basic auth": 400,
    ]
    /// Error codes that say "stop reading here", not "this is wrong".
    private static let pauses: Set<Int> = [5, 22, 23]
    /// The answers that say "these bytes are no request".
    private static let refusals: Set<Int> = [400, 408, 413, 414, 417, 431, 501, 505]

    /// Sends bytes on a connection of their own and gives the status of every answer until the server closes.
    private func statuses(_ bytes: [UInt8], _ server: TestServer) throws -> [Int] {
        let connection = try server.connect()
        connection.send(bytes)
        connection.finishSending()
        var statuses: [Int] = []
        let isHead = bytes.starts(with: "HEAD".utf8)
        while let answer = connection.readAnswer(toHead: isHead) { statuses.append(answer.status) }
        return statuses.filter { $0 != 100 }
    }

    @Test func `every strict verdict of the public corpus is what a client sees`() async throws {
        let corpus = try Corpus.load()
        var checks = 0
        try await TestServer.run(ProtocolTests.router()) { server in
            for entry in corpus.cases where entry.mode == "request" || entry.mode == "request-finish" {
                var bytes = Self.withHost([UInt8](try #require(Data(base64Encoded: entry.input_b64))))
                // Some cases stop in the middle of a line that is wrong already; whole lines are judged.
                let isWrong = entry.error_code.map { !Self.pauses.contains($0) } ?? false
                if isWrong { bytes += Array("\r\n\r\n".utf8) }
                let statuses = try statuses(bytes, server)
                let refused = statuses.filter(Self.refusals.contains)
                checks += 1
                if let status = Self.stricter[entry.name] {
                    #expect(refused == [status] && statuses.last == status, "\(entry.name): \(statuses)")
                } else if isWrong {
                    #expect(refused.count == 1 && Self.refusals.contains(statuses.last ?? 0), "\(entry.name): \(statuses)")
                    #expect(statuses.count <= entry.messages_complete + 1, "\(entry.name): \(statuses)")
                } else if entry.error_code == nil {
                    #expect(refused.isEmpty, "\(entry.name): \(statuses)")
                    // One more when the last message lacks its body: what has no route is answered without it.
                    let counts = entry.messages_complete...entry.messages_complete + 1
                    #expect(counts.contains(statuses.count), "\(entry.name): \(statuses)")
                } else {
                    #expect(statuses.count >= entry.messages_complete, "\(entry.name): \(statuses)")
                }
            }
        }
        #expect(checks == 123)
    }

    @Test func `what its lenient modes forgive is refused`() async throws {
        let corpus = try Corpus.load()
        try await TestServer.run(ProtocolTests.router()) { server in
            for entry in corpus.cases
            where entry.mode.hasPrefix("request-lenient") && entry.mode != "request-lenient-keep-alive" {
                let bytes = Self.withHost([UInt8](try #require(Data(base64Encoded: entry.input_b64))))
                let statuses = try statuses(bytes + Array("\r\n\r\n".utf8), server)
                #expect(Self.refusals.contains(statuses.last ?? 0), "\(entry.mode): \(entry.name): \(statuses)")
            }
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
