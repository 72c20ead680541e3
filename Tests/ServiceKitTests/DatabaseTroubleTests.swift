import EventLoop
import HTTPClient
import HTTPCore
import JSON
import Models
import Postgres
import ServiceKit
import TestSupport
import Testing

/// Ends the service's sessions, as an administrator or a failing network would.
private struct KillSessions: Statement {
    static let name: StaticString = "test_kill_sessions"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE application_name = 'linli-orders' AND datname = current_database() AND pid <> pg_backend_pid()
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 { try row.next() }
}

/// A whole service whose database goes away: every answer is the right one or 503 with Retry-After, a repetition with
/// the same key is done once, and the service is itself again when the database is.
@Suite(.timeLimit(.minutes(2))) struct DatabaseTroubleTests {
    private static let token: String? = try? TestTokens.user(
        AccountID.make(at: Timestamp(microseconds: 1_700_000_000_000_000)))

    private static func post(_ notes: ServiceHarness, _ number: Int) async throws -> ClientResponse {
        try await notes.send(
            .post, "/v1/notes", json: NewNote(text: "n\(number)"), token: token,
            headers: [("idempotency-key", "note-\(number)")])
    }

    /// Repeats until it is done; every answer before must say that it was not, and when to come back.
    private static func postUntilDone(_ notes: ServiceHarness, _ number: Int) async throws {
        while true {
            let answer = try await post(notes, number)
            if answer.status == .created { return }
            let isInUse = answer.status.code == 409
            #expect(isInUse || answer.status == .serviceUnavailable)
            if !isInUse { #expect(answer.headers["retry-after"] != nil) }
        }
    }

    @Test(arguments: [PostgresCluster.StopMode.fast, .immediate])
    func `a restarted server costs no request and doubles none`(_ mode: PostgresCluster.StopMode) async throws {
        let cluster = try await PostgresCluster.start(on: TestPostgres.group.all[0])
        try await ServiceHarness.with(NotesService.self, environment: ["ORDERS_DATABASE_URL": cluster.url]) { notes in
            let before = try await Self.post(notes, 0)
            #expect(before.status == .created)
            try cluster.stop(mode)
            let away = try await Self.post(notes, 1)
            #expect(away.status == .serviceUnavailable && away.headers["retry-after"] != nil)
            let ready = try await notes.send(.get, "/readyz")
            #expect(ready.status == .serviceUnavailable)
            let alive = try await notes.send(.get, "/healthz")
            #expect(alive.status == .ok, "the process is well: starting it again would help nobody")
            try cluster.startAgain()
            while try await notes.send(.get, "/readyz").status != .ok {
                try await TestPostgres.group.all[0].sleep(for: .milliseconds(5))
            }
            try await Self.postUntilDone(notes, 1)
            let again = try await Self.post(notes, 0)
            #expect(again.status == .created && again.headers["idempotency-replayed"] == "true")
            let all = try await notes.kit.database.all(AllNotes())
            #expect(all == ["n0", "n1"])
        }
    }

    @Test func `sessions killed under many writes leave each of them done once`() async throws {
        try await ServiceHarness.with(NotesService.self) { notes in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 { group.addTask { try await Self.postUntilDone(notes, number) } }
                for _ in 0..<5 { _ = try await notes.test.database.one(KillSessions()) }
                try await group.waitForAll()
            }
            let all = try await notes.test.database.all(AllNotes())
            #expect(Set(all) == Set((0..<40).map { "n\($0)" }) && all.count == 40)
        }
    }
}
