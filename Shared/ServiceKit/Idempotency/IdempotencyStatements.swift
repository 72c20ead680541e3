import Postgres

/// Takes the transaction's lock on a key without waiting: false while another request with the key runs.
struct TryLockIdempotencyKey: Statement {
    static let name: StaticString = "kit_try_lock_idempotency_key"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        SELECT pg_try_advisory_xact_lock(hashtextextended($1 || chr(31) || $2, 9003))
        """
    let caller: String
    let key: String

    func bind(to parameters: inout Parameters) {
        parameters.append(caller)
        parameters.append(key)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.next() }
}

/// What was answered under a key.
struct FindIdempotencyKey: Statement {
    static let name: StaticString = "kit_find_idempotency_key"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT fingerprint, status::bigint, headers, body FROM idempotency_keys WHERE caller = $1 AND key = $2
        """
    let caller: String
    let key: String

    func bind(to parameters: inout Parameters) {
        parameters.append(caller)
        parameters.append(key)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredResponse {
        StoredResponse(
            fingerprint: try row.next(), status: try row.next(), headers: try row.next(), body: try row.next())
    }
}

/// A response as stored: enough to answer with the same bytes again.
struct StoredResponse: Sendable, Equatable {
    let fingerprint: [UInt8]
    let status: Int64
    /// `name: value` lines.
    let headers: String
    let body: [UInt8]
}

/// Stores the answer in the transaction of its effect.
struct InsertIdempotencyKey: Statement {
    static let name: StaticString = "kit_insert_idempotency_key"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO idempotency_keys (caller, key, fingerprint, status, headers, body)
        VALUES ($1, $2, $3, $4::bigint, $5, $6)
        """
    let caller: String
    let key: String
    let response: StoredResponse

    func bind(to parameters: inout Parameters) {
        parameters.append(caller)
        parameters.append(key)
        parameters.append(response.fingerprint)
        parameters.append(response.status)
        parameters.append(response.headers)
        parameters.append(response.body)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) {}
}

/// Forgets keys older than the retention, a bounded number at a time.
struct ReapIdempotencyKeys: Statement {
    static let name: StaticString = "kit_reap_idempotency_keys"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        DELETE FROM idempotency_keys WHERE (caller, key) IN (
            SELECT caller, key FROM idempotency_keys
            WHERE created_at < clock_timestamp() - $1::bigint * interval '1 second'
            ORDER BY created_at
            LIMIT $2
            FOR UPDATE SKIP LOCKED)
        """
    let retentionSeconds: Int64
    let limit: Int64

    func bind(to parameters: inout Parameters) {
        parameters.append(retentionSeconds)
        parameters.append(limit)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) {}
}
