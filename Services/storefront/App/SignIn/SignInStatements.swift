import Models
import Postgres

/// Serialises requests for codes of one phone or one address until the transaction ends, so that counting and
/// inserting cannot interleave. The phone is always locked before the address: no deadlock.
struct LockSignIn: Statement {
    let subject: String

    static let name: StaticString = "lock_sign_in"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        SELECT pg_advisory_xact_lock(5001, hashtext($1))::text IS NOT NULL
        """
    func bind(to parameters: inout Parameters) { parameters.append(subject) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.next() }
}

/// What was asked for lately by a phone and an address, and whether the phone is locked.
struct SignInHistoryOf: Statement {
    let phone: Phone
    let address: String
    let now: Timestamp

    static let name: StaticString = "sign_in_history"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT
            (SELECT count(*) FROM sign_in_requests
             WHERE phone = $1 AND requested_at > $3::timestamptz - interval '1 minute'),
            (SELECT count(*) FROM sign_in_requests
             WHERE phone = $1 AND requested_at > $3::timestamptz - interval '1 hour'),
            (SELECT count(*) FROM sign_in_requests
             WHERE phone = $1 AND requested_at > $3::timestamptz - interval '1 day'),
            (SELECT count(*) FROM sign_in_requests
             WHERE address = $2 AND requested_at > $3::timestamptz - interval '1 hour'),
            (SELECT locked_until FROM sign_in_codes WHERE phone = $1)
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(phone.text)
        parameters.append(address)
        parameters.append(now)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> SignInHistory {
        SignInHistory(
            phoneMinute: try row.next(), phoneHour: try row.next(), phoneDay: try row.next(),
            addressHour: try row.next(), lockedUntil: try row.next())
    }
}

/// Notes a request and makes its code the only live one of the phone.
struct StoreSignInCode: Statement {
    let phone: Phone
    let address: String
    let mac: [UInt8]
    let now: Timestamp
    let expiresAt: Timestamp

    static let name: StaticString = "store_sign_in_code"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH noted AS (
            INSERT INTO sign_in_requests (phone, address, requested_at)
            VALUES ($1, $2, $4)
        )
        INSERT INTO sign_in_codes (phone, code_mac, created_at, expires_at)
        VALUES ($1, $3, $4, $5)
        ON CONFLICT (phone) DO UPDATE
        SET code_mac = excluded.code_mac, created_at = excluded.created_at, expires_at = excluded.expires_at,
            tries = 0, used_at = NULL, locked_until = NULL
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(phone.text)
        parameters.append(address)
        parameters.append(mac)
        parameters.append(now)
        parameters.append(expiresAt)
    }
}

/// Tries a code, in one statement so that of any number of tries at once each is counted and one at most succeeds.
/// No row: no live code. The comparison is of HMACs, whose timing tells nothing about a code.
struct TrySignInCode: Statement {
    let phone: Phone
    let mac: [UInt8]
    let now: Timestamp
    let triesMax: Int
    let lockedUntil: Timestamp

    static let name: StaticString = "try_sign_in_code"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE sign_in_codes
        SET used_at = CASE WHEN code_mac = $2 THEN $3::timestamptz END,
            tries = tries + CASE WHEN code_mac = $2 THEN 0 ELSE 1 END,
            locked_until = CASE WHEN code_mac <> $2 AND tries + 1 >= $4 THEN $5::timestamptz END
        WHERE phone = $1 AND used_at IS NULL AND expires_at > $3 AND tries < $4
        RETURNING used_at IS NOT NULL, tries::bigint
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(phone.text)
        parameters.append(mac)
        parameters.append(now)
        parameters.append(triesMax)
        parameters.append(lockedUntil)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> (isRight: Bool, wrongTries: Int) {
        (try row.next(), try row.next())
    }
}

/// Forgets requests and codes of more than a day ago and sessions that ended a month ago; a bounded batch.
struct SweepSignIns: Statement {
    let now: Timestamp

    static let name: StaticString = "sweep_sign_ins"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH requests AS (
            DELETE FROM sign_in_requests
            WHERE request_id IN (
                SELECT request_id FROM sign_in_requests
                WHERE requested_at < $1::timestamptz - interval '25 hours' LIMIT 1000)
        ), codes AS (
            DELETE FROM sign_in_codes
            WHERE phone IN (
                SELECT phone FROM sign_in_codes
                WHERE expires_at < $1::timestamptz - interval '1 day' LIMIT 1000)
        )
        DELETE FROM sessions
        WHERE session_id IN (
            SELECT session_id FROM sessions
            WHERE expires_at < $1::timestamptz - interval '30 days' LIMIT 1000)
        """
    func bind(to parameters: inout Parameters) { parameters.append(now) }
}
