import Glibc
@testable import HTTPCore
import Testing

/// A small generator (SplitMix64), so that a seed names a whole run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Mutated requests against the parser: it must not crash or hang, must find the same messages however the bytes are
/// split, and must never take a request whose framing is in doubt.
///
/// `LINLI_FUZZ_ROUNDS` (default 20,000) bounds the run, `LINLI_FUZZ_SEED` repeats one.
@Suite
struct FuzzTests {
    private static let seeds = [
        "GET /a/b?c=d HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: u\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
        "GET http://a:1/?q HTTP/1.0\r\nHost: b\r\nConnection: keep-alive, close\r\n\r\n",
    ].map { Array($0.utf8) }

    private static let pieces = [
        "\r", "\n", "\r\n", "\u{0}", " ", "\t", ":", ",", ";", "\"", "%", "/", "..", "\r\n\r\n", "Content-Length: 1\r\n",
        "Transfer-Encoding: chunked\r\n", "Host: a\r\n", "HTTP/1.1", "0", "ffffffffffffffff", "\u{7F}", "\u{FF}", "?", "#",
    ].map { Array($0.utf8) }

    @Test func `mutated requests are read the same whole and in pieces, or refused`() {
        let seed = getenv("LINLI_FUZZ_SEED").flatMap { UInt64(String(cString: $0)) } ?? UInt64.random(in: 0...UInt64.max)
        let rounds = getenv("LINLI_FUZZ_ROUNDS").flatMap { Int(String(cString: $0)) } ?? 20_000
        print("fuzzing \(rounds) rounds, LINLI_FUZZ_SEED=\(seed)")
        var random = SeededGenerator(state: seed)
        for round in 0..<rounds {
            let bytes = Self.mutated(&random)
            let whole = WireReading.of(bytes)
            var sizes: [Int] = []
            while sizes.reduce(0, +) < bytes.count { sizes.append(Int.random(in: 1...9, using: &random)) }
            let split = WireReading.of(bytes, pieces: sizes)
            // Which of several faults is named first may depend on the split; whether there is one may not.
            guard split.messages == whole.messages, (split.refusal == nil) == (whole.refusal == nil) else {
                Issue.record("seed \(seed) round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
                return
            }
            for message in whole.messages where !Self.isSound(message) {
                Issue.record("seed \(seed) round \(round): took \(message)")
                return
            }
        }
    }

    private static func mutated(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes = seeds.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let at = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
            case 1 where at < bytes.count: bytes.remove(at: at)
            case 2 where at < bytes.count: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 3: bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: at)
            case 4: bytes.insert(contentsOf: seeds.randomElement(using: &random) ?? [], at: at)
            default: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 0...12, using: &random)))
            }
        }
        return bytes
    }

    /// What holds for every request that is taken, judged from its fields alone.
    private static func isSound(_ message: WireReading.Message) -> Bool {
        func count(_ name: String) -> Int { message.fields.count { $0.lowercased().hasPrefix(name + ":") } }
        let clean = message.fields.allSatisfy { $0.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 } }
        return clean && count("host") <= 1 && count("content-length") + count("transfer-encoding") <= 1
            && message.path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    @Test func `random bytes never crash the response parser`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("fuzzing responses, seed \(seed)")
        var random = SeededGenerator(state: seed)
        let start = Array("HTTP/1.1 200 OK\r\ncontent-length: 3\r\nx: y\r\n\r\nabc".utf8)
        for _ in 0..<20_000 {
            var bytes = start
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                bytes[at] = [0x0D, 0x0A, 0x3A, 0x20, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
            }
            var parser = ResponseParser()
            _ = bytes.withUnsafeBufferPointer { try? parser.next($0, isHead: false) }
        }
    }
}
