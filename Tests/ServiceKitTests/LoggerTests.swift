import EventLoop
import JSON
import Synchronization
import Testing

@testable import ServiceKit

/// Collects what a logger hands out.
private final class Lines: Sendable {
    private let writes = Mutex<[String]>([])
    func append(_ bytes: [UInt8]) { writes.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) } }
    var all: [String] { writes.withLock { $0 } }
}

@Suite struct LoggerTests {
    @Test func `writes one JSON object a line with the fixed members first`() throws {
        let lines = Lines()
        let logger = Logger(service: "orders", level: .info) { lines.append($0) }
        logger.warning("a \"quoted\" line", ("count", 3), ("text", "tab\tand \\ and 邻里"), ("flag", true))
        let line = try #require(lines.all.first)
        #expect(line.hasSuffix("\n"))
        #expect(line.dropLast().contains("\n") == false)
        #expect(line.contains("\"level\":\"warning\",\"service\":\"orders\",\"msg\":\"a \\\"quoted\\\" line\""))
        #expect(line.contains("\"count\":3,\"text\":\"tab\\u0009and \\\\ and 邻里\",\"flag\":true}"))
        _ = try JSON.decode(JSONValue.self, from: [UInt8](line.utf8.dropLast()), mode: .strict)
    }

    @Test func `leaves out levels below the configured one`() {
        let lines = Lines()
        let logger = Logger(service: "orders", level: .warning) { lines.append($0) }
        logger.debug("no")
        logger.info("no")
        logger.error("yes")
        #expect(lines.all.count == 1)
    }

    @Test func `lines of one loop turn leave in one write`() async {
        let lines = Lines()
        let logger = Logger(service: "orders", level: .info) { lines.append($0) }
        let loop = EventLoop.start(name: "log-test")
        await loop.spawn {
            for _ in 0..<10 { logger.info("line") }
            #expect(lines.all.isEmpty)
        }.value
        // A second task runs in a later turn, so the first turn has ended.
        await loop.spawn { try? await loop.sleep(for: .milliseconds(1)) }.value
        #expect(lines.all.count == 1)
        #expect(lines.all[0].split(separator: "\n").count == 10)
        loop.stop()
    }

    @Test func `names an error without its payload`() {
        enum Trouble: Error { case at(phone: String) }
        guard case .string(let text) = LogValue.errorType(Trouble.at(phone: "13800000000")) else { return }
        #expect(text.hasSuffix("Trouble.at"))
    }
}
