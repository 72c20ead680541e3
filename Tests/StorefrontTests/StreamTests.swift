import EventLoop
import HTTPClient
import HTTPCore
import HTTPServer
import Models
import ServiceKit
import TestSupport
import Testing

@testable import Storefront

@Suite struct StreamTests {
    /// A notifications service whose streams stay open until the test lets go of them.
    private static func keepOpen(_ street: Street) -> AsyncStream<Void>.Continuation {
        let (gate, opened) = AsyncStream<Void>.makeStream()
        street.notifications.on(.get, NotificationsAPI.myStream.path()) { _ in
            Response(
                status: .ok, headers: ["content-type": "text/event-stream"],
                body: .stream { writer in
                    try await writer.write(Array(": here\n\n".utf8))
                    for await _ in gate {}
                })
        }
        return opened
    }

    @Test func `a person may have many live pages, one too many is told so, and others are not kept waiting`()
        async throws
    {
        let street = try await Street()
        let gate = Self.keepOpen(street)
        try await ServiceHarness.with(
            StorefrontService.self, neighbours: street.neighbours, environment: Street.environment
        ) { harness in
            let browser = Browser(harness)
            _ = try await browser.signIn("13812345678", street)
            let session = try #require(browser.cookies["linli_session"])
            var options = HTTPClientOptions()
            options.connectionsPerHostMax = 1_000
            let watcher = HTTPClient(group: TestPostgres.group, options: options)
            func open() async throws -> ClientStream {
                try await watcher.open(
                    ClientRequest(
                        method: .get, url: harness.url + "/api" + NotificationsAPI.myStream.path(),
                        headers: ["authorization": "Bearer " + session], deadline: .now + .seconds(20)))
            }
            var streams: [ClientStream] = []
            for _ in 0..<StreamSeats.seatsMax { streams.append(try await open()) }
            #expect(streams.allSatisfy { $0.status == .ok })
            let refused = try await open()
            #expect(refused.status.code == 429 && refused.headers["retry-after"] == "10")
            await refused.close()

            // The pages hold no connection that a one-time code would need.
            let other = try await Browser(harness).signIn("13900000009", street)
            #expect(other.status == .seeOther)

            // A seat comes back soon after its page has gone: when the notifications service says the next word.
            gate.finish()
            for stream in streams { await stream.close() }
            let until = Instant.now + .seconds(20)
            var again = try await open()
            while again.status != .ok, Instant.now < until {
                await again.close()
                again = try await open()
            }
            #expect(again.status == .ok)
            await again.close()
        }
    }
}
