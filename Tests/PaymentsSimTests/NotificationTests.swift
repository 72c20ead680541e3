import HTTPClient
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit
import TestSupport
import Testing
@testable import PaymentsSim

/// Telling merchants: the schedule, what survives a restart, what acknowledges.
@Suite(.serialized, .timeLimit(.minutes(5))) struct NotificationTests {
    @Test func `a notification comes again with the same content and a fresh signature until it is acknowledged`()
        async throws
    {
        try await Rehearsal.with(merchantAnswers: .internalServerError) { rehearsal in
            try await rehearsal.paid("order-0001")
            _ = try await rehearsal.notifications(1)
            rehearsal.merchant.on(.post, "/notify") { _ in Response(status: .noContent) }
            try await rehearsal.advance(15)
            let told = try await rehearsal.notifications(2)
            #expect(told[0]["id"] == told[1]["id"])
            #expect(told[0]["opened"] == told[1]["opened"])
            let signatures = rehearsal.merchant.requests.map { $0.headers["wechatpay-signature"] }
            #expect(signatures[0] != signatures[1])
            try await rehearsal.isQuiet(after: 30 * 3_600)
        }
    }

    @Test func `tries follow the gateway's schedule and end after the last`() async throws {
        try await Rehearsal.with(merchantAnswers: .badRequest) { rehearsal in
            try await rehearsal.paid("order-0002")
            let gaps: [Int64] = [
                15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600,
            ]
            for (index, gap) in gaps.enumerated() {
                await rehearsal.merchant.waitForRequests(index + 1)
                try await rehearsal.advance(gap)
            }
            await rehearsal.merchant.waitForRequests(gaps.count + 1)
            try await rehearsal.isQuiet(after: 100 * 3_600)
            #expect(rehearsal.merchant.requests.count == gaps.count + 1)
        }
    }

    @Test func `what is due survives a restart`() async throws {
        let merchant = try await FakeNeighbour()
        merchant.on(.post, "/notify") { _ in Response(status: .internalServerError) }
        let standIn = try await FakeNeighbour()
        try await TestDatabase.with(migrations: KitMigrations.all + PaymentsSimService.migrations) { test in
            func start() async throws -> ServiceHarness {
                try await ServiceHarness.start(
                    PaymentsSimService.self, on: test, standIn: standIn, environment: Rehearsal.settings)
            }
            let first = try await start()
            let before = Rehearsal(simulator: first, merchant: merchant)
            try await before.paid("order-0003")
            _ = try await before.notifications(1)
            await first.service.shutDown()
            merchant.on(.post, "/notify") { _ in Response(status: .ok) }
            let second = try await start()
            let after = Rehearsal(simulator: second, merchant: merchant)
            try await after.advance(15)
            let told = try await after.notifications(2)
            #expect(told[0]["id"] == told[1]["id"])
            await second.service.shutDown()
        }
        await merchant.stop()
        await standIn.stop()
    }
}

extension Rehearsal {
    /// Nothing more is due, however much later.
    func isQuiet(after seconds: Int64) async throws {
        try await advance(seconds)
        // The acknowledgement is written after it was received.
        var looks = 0
        while try await simulator.test.database.one(DueNotifications()) > 0, looks < 5_000 { looks += 1 }
        #expect(try await simulator.test.database.one(DueNotifications()) == 0)
    }
}

/// Notifications that will be tried again.
struct DueNotifications: Statement {
    static let name: StaticString = "test_due_notifications"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT count(*) FROM notifications WHERE next_at IS NOT NULL"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}
