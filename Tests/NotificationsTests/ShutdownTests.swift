import HTTPCore
import Models
import ServiceKit
import TestSupport
import Testing
@testable import Notifications

/// The executable itself: signals are a matter of processes.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ShutdownTests {
    @Test func `SIGTERM ends open streams and then the process, with exit code 0`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all + NotificationsService.migrations) { test in
            let keys = try await FakeNeighbour()
            let harness = try ProcessHarness(environment: ["ORDERS_URL": keys.url, "STOREFRONT_URL": keys.url])
            let process = try harness.add("notifications", databaseURL: test.url)
            try await harness.startAll()
            let listener = try await Listener(
                harness.http, process.url + NotificationsAPI.myStream.path(),
                try TestTokens.user(.make(at: Bench.now)))
            #expect(listener.status == .ok)
            #expect(await process.terminate() == 0)
            // A chunked body that ends as it should: cut off, this would throw.
            #expect(try await listener.next() == nil)
            #expect(process.logTail().contains("\"stopped\""))
            await keys.stop()
        }
    }
}
