import EventLoop
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// A tiny whole service: what the kit's own tests run.
enum NotesService: Service {
    struct Configuration: Sendable { let greeting: String }

    static let name = "orders"
    static let databaseVariable = "ORDERS_DATABASE_URL"
    static let defaultPort = 7002
    static let openAPI = [UInt8]("openapi: 3.1.0\n".utf8)
    static let neighbours = ["catalog", "storefront"]
    static let problems = [tooLong]
    static let migrations = [
        Migration(
            number: 1, name: "create_notes",
            sql: "CREATE TABLE notes (sequence bigserial PRIMARY KEY, text text NOT NULL CHECK (text <> 'bad'))")
    ]

    static let tooLong = ProblemKind(
        code: "note_too_long", title: "Note too long", status: 422, meaning: "Notes have at most ten characters.")

    struct TooLong: Error {}

    static func configuration(_ reader: inout ConfigurationReader) -> Configuration {
        Configuration(greeting: reader.string("NOTES_GREETING", default: "hello"))
    }

    static func compose(_ configuration: Configuration, _ kit: Toolkit) async throws -> Composition {
        var routes = kit.routes
        routes.get("/v1/hello", access: .public) { request, _ in
            Response.text(.ok, configuration.greeting).conditional(for: request, cacheControl: "public, max-age=10")
        }
        routes.get("/v1/whoami", access: .anyCaller) { _, caller in .text(.ok, caller.name) }
        routes.get("/v1/maybe", access: .optional) { _, caller in .text(.ok, caller.name) }
        routes.get("/v1/stores/{store_id}/board", access: .staff(parameter: "store_id", role: .manager)) { _, caller in
            .text(.ok, caller.name)
        }
        routes.get("/v1/operators", access: .platformOperator) { _, _ in .text(.ok, "operator") }
        routes.get("/v1/services", access: .service(["catalog"])) { _, caller in .text(.ok, caller.name) }
        routes.get("/v1/deadline", access: .public) { request, _ in
            .text(.ok, "\((request.deadline - Instant.now).wholeMilliseconds)")
        }
        routes.get("/v1/boom", access: .public) { _, _ in throw Secret(phone: "13800000000") }
        routes.post("/v1/notes", access: .user) { request, caller in
            var request = request
            let body = try await request.body.collect(upTo: 4_096)
            let note = try JSON.decode(NewNote.self, from: body, mode: .strict)
            return try await kit.idempotency.run(request, caller, body: body) { tx in
                guard note.text.count <= 10 else { throw TooLong() }
                try await tx.execute(InsertNote(text: note.text))
                let event = OutboxEvent(
                    type: "note.made", aggregate: "note_\(note.text)", occurredAt: kit.now(), data: note)
                try await kit.outbox.append([event], to: ["catalog"], traceparent: request.traceparent, in: tx)
                return Response(
                    status: .created,
                    headers: ["content-type": "application/json", "location": "/v1/notes/\(note.text)"],
                    body: .bytes(JSON.encode(note)))
            }
        }
        routes.post("/v1/events", access: .service(["catalog"])) { request, caller in
            try await kit.inbox.handle(request, caller) { event, tx in
                let note = try event.payload(NewNote.self)
                guard note.text != "refused" else { throw tooLong.error("no") }
                try await tx.execute(InsertNote(text: note.text))
            }
        }
        return Composition(
            routes: routes, eventConsumers: ["catalog"],
            problem: { $0 is TooLong ? tooLong.problem("Shorten it.") : nil })
    }
}

/// An error whose text must not leave the process.
struct Secret: Error { let phone: String }

struct NewNote: JSONModel, Equatable {
    var text: String

    init(text: String) { self.text = text }

    init(from json: inout JSONReader) throws(JSONError) {
        var text: String?
        try json.object { json, key throws(JSONError) in
            switch key {
            case "text": text = try json.string()
            default: try json.unknown(key)
            }
        }
        self.text = try json.require(&text, "text")
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("text", text)
        json.endObject()
    }
}

struct InsertNote: Statement {
    static let name: StaticString = "test_insert_note"
    static let mode = StatementMode.write
    static let sql: StaticString = "INSERT INTO notes (text) VALUES ($1)"
    let text: String
    func bind(to parameters: inout Parameters) { parameters.append(text) }
    static func decode(_ row: inout RowReader) throws(PostgresError) {}
}

struct AllNotes: Statement {
    static let name: StaticString = "test_all_notes"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT text FROM notes ORDER BY sequence"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

struct OutboxState: Statement {
    struct Row: Sendable, Equatable {
        let aggregate: String
        let isDelivered: Bool
        let isDead: Bool
        let attempts: Int64
    }
    static let name: StaticString = "test_outbox_state"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT aggregate, delivered_at IS NOT NULL, dead_at IS NOT NULL, attempts::bigint
        FROM outbox ORDER BY sequence
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(aggregate: try row.next(), isDelivered: try row.next(), isDead: try row.next(), attempts: try row.next())
    }
}
