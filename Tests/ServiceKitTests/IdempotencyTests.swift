import EventLoop
import HTTPClient
import HTTPCore
import Models
import Postgres
import ServiceKit
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct IdempotencyTests {
    private let account = AccountID.make(at: Timestamp(microseconds: 1_700_000_000_000_000))

    private func post(
        _ notes: ServiceHarness, _ text: String, key: String?, as other: AccountID? = nil
    ) async throws -> ClientResponse {
        var headers = HTTPHeaders()
        headers.set("authorization", "Bearer " + (try TestTokens.user(other ?? account)))
        if let key { headers.set("idempotency-key", key) }
        return try await notes.http.send(
            ClientRequest(
                method: .post, url: notes.url + "/v1/notes", headers: headers,
                body: [UInt8]("{\"text\":\"\(text)\"}".utf8), deadline: .now + .seconds(20)))
    }

    @Test func `a repetition gets the same status, headers and bytes, and has no effect`() async throws {
        try await ServiceHarness.with(NotesService.self) { notes in
            let first = try await post(notes, "one", key: "k1")
            let again = try await post(notes, "one", key: "k1")
            #expect(first.status == .created && again.status == .created)
            #expect(first.headers["idempotency-replayed"] == nil)
            #expect(again.headers["idempotency-replayed"] == "true")
            #expect(again.body == first.body)
            #expect(again.headers["location"] == "/v1/notes/one")
            #expect(again.headers["content-type"] == first.headers["content-type"])
            let value1 = try await notes.test.database.all(AllNotes())
            #expect(value1 == ["one"])
        }
    }

    @Test func `another body under the key is refused, another caller's key is another key`() async throws {
        try await ServiceHarness.with(NotesService.self) { notes in
            let value2 = try await post(notes, "one", key: "k1").status
            #expect(value2 == .created)
            let reused = try await post(notes, "two", key: "k1")
            #expect(reused.status.code == 422)
            let value3 = try reused.decoded(Problem.self).code
            #expect(value3 == "idempotency_key_reused")
            let other = AccountID.make(at: Timestamp(microseconds: 1_700_000_000_000_000))
            let value4 = try await post(notes, "two", key: "k1", as: other).status
            #expect(value4 == .created)
            let value5 = try await notes.test.database.all(AllNotes())
            #expect(value5 == ["one", "two"])
        }
    }

    @Test(arguments: [nil, "", String(repeating: "k", count: 256), "two words"])
    func `a missing or wrong key is a 400`(key: String?) async throws {
        try await ServiceHarness.with(NotesService.self) { notes in
            let value6 = try await post(notes, "one", key: key).status.code
            #expect(value6 == 400)
            let value7 = try await notes.test.database.all(AllNotes()).isEmpty
            #expect(value7)
        }
    }

    @Test func `of many at once under one key, one has the effect and the others repeat it or get 409`() async throws {
        try await ServiceHarness.with(NotesService.self) { notes in
            let statuses = try await withThrowingTaskGroup(of: ClientResponse.self) { group in
                for _ in 0..<16 { group.addTask { try await post(notes, "once", key: "same") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.contains { $0.status == .created })
            for answer in statuses where answer.status != .created {
                #expect(answer.status.code == 409)
                #expect(answer.headers["retry-after"] == "1")
            }
            let value8 = try await notes.test.database.all(AllNotes())
            #expect(value8 == ["once"])
            let value9 = try await post(notes, "once", key: "same").headers["idempotency-replayed"]
            #expect(value9 == "true")
        }
    }

    @Test func `while another transaction holds the key the answer is 409`() async throws {
        try await ServiceHarness.with(NotesService.self) { notes in
            let caller = "user:\(account)"
            try await notes.test.database.transaction { tx in
                let value10 = try await tx.one(HoldKey(caller: caller, key: "held"))
                #expect(value10)
                let answer = try await post(notes, "one", key: "held")
                #expect(answer.status.code == 409)
                let value11 = try answer.decoded(Problem.self).code
                #expect(value11 == "idempotency_key_in_use")
            }
            let value12 = try await post(notes, "one", key: "held").status
            #expect(value12 == .created)
        }
    }

    @Test func `an effect that failed stores nothing, so the key may be used again`() async throws {
        try await ServiceHarness.with(NotesService.self) { notes in
            let value13 = try await post(notes, "bad", key: "k").status.code
            #expect(value13 == 500)
            let value14 = try await post(notes, "12345678901", key: "k").status.code
            #expect(value14 == 422)
            let value15 = try await notes.test.database.all(OutboxState()).isEmpty
            #expect(value15)
            let value16 = try await post(notes, "good", key: "k").status
            #expect(value16 == .created)
        }
    }
}

/// The same lock as the kit's, taken by a rival.
private struct HoldKey: Statement {
    static let name: StaticString = "test_hold_key"
    static let mode = StatementMode.write
    static let sql: StaticString = "SELECT pg_try_advisory_xact_lock(hashtextextended($1 || chr(31) || $2, 9003))"
    let caller: String
    let key: String
    func bind(to parameters: inout Parameters) {
        parameters.append(caller)
        parameters.append(key)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.next() }
}
