import Crypto
import HTTPCore
public import HTTPServer
import Models
public import Postgres

/// Makes a write safe to repeat: the first answer under an `Idempotency-Key` is stored in the transaction of its
/// effect and given again, byte for byte, to every repetition.
///
/// - Missing key: 400. Another method, path or body under the same key: 422. Still running: 409 with `Retry-After`.
/// - An effect that throws (or answers 5xx) is rolled back and stores nothing: the key may be used again.
/// - Keys belong to the caller: two people may use the same text.
public struct Idempotency: Sendable {
    /// The header (draft-ietf-httpapi-idempotency-key-header-07).
    public static let header = "idempotency-key"
    /// 72 hours: longer than any client's retries. Money has permanent keys of its own beside it.
    static let retentionSeconds: Int64 = 72 * 3_600

    private let database: Database
    private let chaos: Chaos

    init(database: Database, chaos: Chaos) {
        self.database = database
        self.chaos = chaos
    }

    /// Runs `effect` once for the request's key.
    ///
    /// - Parameters:
    ///   - body: the request's body as received: part of the fingerprint.
    ///   - effect: does everything in the transaction and returns the answer, whose body must not be a stream.
    /// - Throws: the problems above, and what `effect` throws.
    public func run(
        _ request: Request, _ caller: Caller, body: [UInt8],
        _ effect: (Transaction) async throws -> Response
    ) async throws -> Response {
        let ticket = try ticket(request, caller, body: body)
        do {
            let answer = try await database.transaction(deadline: request.deadline) { transaction in
                if let replay = try await begin(ticket, in: transaction) { return replay }
                let response = try await effect(transaction)
                guard response.status.code < 500 else { throw AbandonedEffect(response: response) }
                try await finish(ticket, response, in: transaction)
                return response
            }
            chaos.fault("after-commit-before-answer")
            return answer
        } catch let abandoned as AbandonedEffect {
            return abandoned.response
        } catch let error as PostgresError where error.isUniqueViolation("idempotency_keys_pkey") {
            throw Self.inUse
        }
    }

    /// The identity of a request under its key, for set-based statements that store the answer themselves.
    ///
    /// - Throws: 400 when the key is missing or not a key.
    public func ticket(_ request: Request, _ caller: Caller, body: [UInt8]) throws -> IdempotencyTicket {
        guard let key = request.headers[Self.header] else {
            throw KitProblems.idempotencyKeyMissing.error("Send an Idempotency-Key header with a fresh random value.")
        }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw KitProblems.idempotencyKeyInvalid.error("The key must have 1 to 255 visible ASCII characters.")
        }
        var hash = SHA256()
        hash.update([UInt8](request.method.description.utf8))
        hash.update([0x20])
        hash.update([UInt8](request.path.utf8))
        hash.update([0x0A])
        hash.update(body)
        return IdempotencyTicket(caller: caller.name, key: key, fingerprint: hash.finalize())
    }

    /// The stored answer for a ticket, or nil when there is none yet.
    ///
    /// - Throws: 422 when the key belongs to another request.
    public func storedAnswer(_ ticket: IdempotencyTicket) async throws -> Response? {
        let stored = try await database.first(FindIdempotencyKey(caller: ticket.caller, key: ticket.key))
        return try stored.map { try Self.replay($0, for: ticket) }
    }

    private func begin(_ ticket: IdempotencyTicket, in transaction: Transaction) async throws -> Response? {
        let lock = TryLockIdempotencyKey(caller: ticket.caller, key: ticket.key)
        guard try await transaction.one(lock) else { throw Self.inUse }
        let stored = try await transaction.first(FindIdempotencyKey(caller: ticket.caller, key: ticket.key))
        return try stored.map { try Self.replay($0, for: ticket) }
    }

    private func finish(
        _ ticket: IdempotencyTicket, _ response: Response, in transaction: Transaction
    ) async throws {
        let stored = ticket.stored(response)
        _ = try await transaction.execute(
            InsertIdempotencyKey(caller: ticket.caller, key: ticket.key, response: stored))
    }

    private static var inUse: ProblemError {
        KitProblems.idempotencyKeyInUse.error(
            "A request with this key is still running. Try again with the same key.", retryAfterSeconds: 1)
    }

    private static func replay(_ stored: StoredResponse, for ticket: IdempotencyTicket) throws -> Response {
        guard stored.fingerprint == ticket.fingerprint else {
            throw KitProblems.idempotencyKeyReused.error("The key belongs to another request. Use a new key.")
        }
        var headers = HTTPHeaders()
        for line in stored.headers.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers.add(String(line[..<colon]), String(line[line.index(after: colon)...]))
        }
        headers.set("idempotency-replayed", "true")
        return Response(status: HTTPStatus(Int(stored.status)), headers: headers, body: .bytes(stored.body))
    }
}

/// Ends the transaction of an effect that answered 5xx.
private struct AbandonedEffect: Error {
    let response: Response
}

/// A request's key and fingerprint: the row of table `idempotency_keys`.
///
/// A set-based statement stores answers itself, in its own CTE:
/// `INSERT INTO idempotency_keys (caller, key, fingerprint, status, headers, body)
/// SELECT … FROM unnest($1::text[], …)`; a unique violation of `idempotency_keys_pkey` means that another replica
/// answered meanwhile: read it with ``Idempotency/storedAnswer(_:)``.
public struct IdempotencyTicket: Sendable, Hashable {
    public let caller: String
    public let key: String
    /// SHA-256 of method, path and body.
    public let fingerprint: [UInt8]

    /// `response` in the form of the table's columns.
    func stored(_ response: Response) -> StoredResponse {
        let headers = response.headers.map { "\($0.name):\($0.value)" }.joined(separator: "\n")
        let body: [UInt8]
        switch response.body {
        case .none: body = []
        case .bytes(let bytes): body = bytes
        case .stream: preconditionFailure("an idempotent answer cannot be a stream: it must be stored")
        }
        return StoredResponse(
            fingerprint: fingerprint, status: Int64(response.status.code), headers: headers, body: body)
    }

    /// The columns `status`, `headers` and `body` for an answer.
    public func columns(of response: Response) -> (status: Int64, headers: String, body: [UInt8]) {
        let stored = stored(response)
        return (stored.status, stored.headers, stored.body)
    }
}
