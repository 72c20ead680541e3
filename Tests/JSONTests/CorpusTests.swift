import Foundation
import JSON
import Testing

/// The public corpus of parsing verdicts, when it lies beside the checkout: the first letter of a case's name is its
/// verdict (y must be accepted, n must be refused, i is free).
private struct Corpus: Decodable {
    var cases: [String: String]

    static func load() throws -> Corpus? {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { folder.deleteLastPathComponent() }
        guard let data = try? Data(contentsOf: folder.appending(path: "shared/corpora/jsontestsuite.json")) else {
            return nil
        }
        return try JSONDecoder().decode(Corpus.self, from: data)
    }
}

@Suite
struct CorpusTests {
    @Test func `every strict verdict of the public corpus is ours too`() throws {
        guard let corpus = try Corpus.load() else { return }
        #expect(corpus.cases.count > 280)
        for (name, encoded) in corpus.cases {
            let bytes = try [UInt8](#require(Data(base64Encoded: encoded)))
            // Repeated members and U+0000 are allowed by the grammar; strict reading refuses them on purpose.
            let isAccepted = (try? JSON.decode(JSONValue.self, from: bytes, mode: .lenient)) != nil
            if name.hasPrefix("y_") { #expect(isAccepted, "\(name) must be accepted") }
            if name.hasPrefix("n_") { #expect(!isAccepted, "\(name) must be refused") }
        }
    }

    @Test(arguments: [
        ("[1,]", false), ("[1]", true), ("{\"a\":1,\"a\":2}", false), ("\"\\ud800\"", false), ("01", false), ("-", false),
        ("[1] x", false), ("\u{FEFF}[]", false), ("\"\t\"", false), ("\"\\u0000\"", false), ("1e400", false), ("-0", true),
        ("", false), ("nul", false), ("[\"a\",\n4]", true), ("{\"a\"}", false), ("\"\\x41\"", false),
    ])
    func `texts and their verdicts`(text: String, isAccepted: Bool) {
        #expect(((try? JSON.decode(JSONValue.self, from: Array(text.utf8))) != nil) == isAccepted)
    }

    @Test func `nesting beyond the limit is refused, the limit itself is not`() {
        let deepest = String(repeating: "[", count: 64) + "1" + String(repeating: "]", count: 64)
        #expect(throws: Never.self) { try JSON.decode(JSONValue.self, from: Array(deepest.utf8)) }
        let deeper = "[" + deepest + "]"
        #expect(throws: JSONError.self) { try JSON.decode(JSONValue.self, from: Array(deeper.utf8)) }
        let flood = [UInt8](repeating: UInt8(ascii: "["), count: 100_000)
        #expect(throws: JSONError.self) { try JSON.decode(JSONValue.self, from: flood) }
    }
}
