import Foundation
import JSON
import Models

/// A page of twenty items written and read by our JSON and by Foundation's coders, in turns, and the same meaning of
/// random values both ways: `json-bench [ROUNDS] [VALUES]`. The last line is JSON.
@main enum Main {
    static func main() throws {
        let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let rounds = numbers.first ?? 5
        let values = numbers.dropFirst().first ?? 100_000
        let page = Samples.page()
        let bytes = JSON.encode(page)
        let data = Data(bytes)
        let mirror = try JSONDecoder().decode(MirrorPage.self, from: data)
        let back = try JSON.decode(Page<Item>.self, from: Array(JSONEncoder().encode(mirror)), mode: .strict)
        guard back == page else { throw Disagreement(text: "the page changed on its way through Foundation") }

        let encoder = JSONEncoder()
        let decoder = JSONDecoder()
        var write = Turns(), read = Turns()
        for _ in 0..<rounds {
            write.theirs.append(try Stopwatch.microseconds { _ = try encoder.encode(mirror) })
            write.ours.append(Stopwatch.microseconds { _ = JSON.encode(page) })
            read.theirs.append(try Stopwatch.microseconds { _ = try decoder.decode(MirrorPage.self, from: data) })
            read.ours.append(
                try Stopwatch.microseconds { _ = try JSON.decode(Page<Item>.self, from: bytes, mode: .strict) })
        }
        let agreed = try Agreement.check(count: values, seed: 42)
        var json = JSONWriter()
        json.beginObject()
        json.field("bytes", bytes.count)
        json.field("write_us", write.ourMedian)
        json.field("write_reference_us", write.theirMedian)
        json.field("read_us", read.ourMedian)
        json.field("read_reference_us", read.theirMedian)
        json.field("values_agreed", agreed)
        json.endObject()
        print(String(decoding: json.bytes, as: UTF8.self))
    }
}

/// Times of both sides, microseconds a call.
struct Turns {
    var ours: [Double] = []
    var theirs: [Double] = []
    var ourMedian: Double { ours.sorted()[ours.count / 2] }
    var theirMedian: Double { theirs.sorted()[theirs.count / 2] }
}

enum Stopwatch {
    /// Time of one call, over enough calls to fill a fifth of a second.
    static func microseconds(_ body: () throws -> Void) rethrows -> Double {
        let clock = ContinuousClock()
        var calls = 16
        while true {
            let taken = try clock.measure { for _ in 0..<calls { try body() } }
            if taken >= .milliseconds(200) { return taken / .microseconds(1) / Double(calls) }
            calls *= 2
        }
    }
}

struct Disagreement: Error { let text: String }
