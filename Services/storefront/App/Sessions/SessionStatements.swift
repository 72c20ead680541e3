import Models
import Postgres
import ServiceKit

/// The live session of a secret, with the person and the stores they work for; one read a request that has a cookie
/// or a token. Rights are read each time, so a removed role ends at once.
struct SessionBySecret: Statement {
    let secretHash: [UInt8]
    let now: Timestamp
    let idleSeconds: Int64

    static let name: StaticString = "session_by_secret"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT s.session_id, s.account_id, a.phone, a.created_at, s.last_seen_at,
               ARRAY(SELECT f.store_id FROM staff f WHERE f.account_id = s.account_id ORDER BY f.store_id),
               ARRAY(SELECT f.role FROM staff f WHERE f.account_id = s.account_id ORDER BY f.store_id)
        FROM sessions s
        JOIN accounts a ON a.account_id = s.account_id
        WHERE s.secret_hash = $1 AND s.ended_at IS NULL AND s.expires_at > $2
          AND s.last_seen_at > $2::timestamptz - $3 * interval '1 second'
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(secretHash)
        parameters.append(now)
        parameters.append(idleSeconds)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> SessionRow {
        SessionRow(
            sessionID: try row.next(), accountID: try row.next(), phone: try row.next(),
            memberSince: try row.next(), lastSeenAt: try row.next(), storeIDs: try row.next(), roles: try row.next())
    }
}

/// A row of ``SessionBySecret``.
struct SessionRow: Sendable {
    let sessionID: SessionID
    let accountID: AccountID
    let phone: String
    let memberSince: Timestamp
    let lastSeenAt: Timestamp
    let storeIDs: [StoreID]
    let roles: [String]
}

/// Moves the idle time on. Called at most once a minute a session.
struct TouchSession: Statement {
    let sessionID: SessionID
    let now: Timestamp

    static let name: StaticString = "touch_session"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE sessions
        SET last_seen_at = $2
        WHERE session_id = $1 AND last_seen_at < $2
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(sessionID)
        parameters.append(now)
    }
}

/// Makes the account of a phone if there is none, and a session for it. The old session of the same browser ends.
struct OpenSession: Statement {
    let newAccountID: AccountID
    let phone: Phone
    let sessionID: SessionID
    let secretHash: [UInt8]
    let device: String
    let now: Timestamp
    let expiresAt: Timestamp
    /// The secret of the session that this one replaces; empty for none.
    let replacedSecretHash: [UInt8]

    static let name: StaticString = "open_session"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH account AS (
            INSERT INTO accounts (account_id, phone, created_at)
            VALUES ($1, $2, $6)
            ON CONFLICT (phone) DO UPDATE SET phone = excluded.phone
            RETURNING account_id, created_at
        ), replaced AS (
            UPDATE sessions SET ended_at = $6
            WHERE secret_hash = $8 AND ended_at IS NULL
        ), opened AS (
            INSERT INTO sessions (
                session_id, secret_hash, account_id, device, created_at, last_seen_at, expires_at)
            SELECT $3, $4, account_id, $5, $6, $6, $7 FROM account
        )
        SELECT account_id, created_at FROM account
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(newAccountID)
        parameters.append(phone.text)
        parameters.append(sessionID)
        parameters.append(secretHash)
        parameters.append(device)
        parameters.append(now)
        parameters.append(expiresAt)
        parameters.append(replacedSecretHash)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> (accountID: AccountID, memberSince: Timestamp) {
        (try row.next(), try row.next())
    }
}

/// Ends one session.
struct EndSession: Statement {
    let sessionID: SessionID
    let now: Timestamp

    static let name: StaticString = "end_session"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE sessions
        SET ended_at = $2
        WHERE session_id = $1 AND ended_at IS NULL
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(sessionID)
        parameters.append(now)
    }
}

/// Ends all sessions of an account but one.
struct EndOtherSessions: Statement {
    let accountID: AccountID
    let keep: SessionID
    let now: Timestamp

    static let name: StaticString = "end_other_sessions"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        UPDATE sessions
        SET ended_at = $3
        WHERE account_id = $1 AND session_id <> $2 AND ended_at IS NULL
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(accountID)
        parameters.append(keep)
        parameters.append(now)
    }
}

/// The live sessions of an account, newest use first.
struct SessionsOfAccount: Statement {
    let accountID: AccountID
    let now: Timestamp
    let idleSeconds: Int64

    static let name: StaticString = "sessions_of_account"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT session_id, device, last_seen_at
        FROM sessions
        WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2
          AND last_seen_at > $2::timestamptz - $3 * interval '1 second'
        ORDER BY last_seen_at DESC, session_id
        LIMIT 20
        """
    func bind(to parameters: inout Parameters) {
        parameters.append(accountID)
        parameters.append(now)
        parameters.append(idleSeconds)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> SignedInDevice {
        SignedInDevice(sessionID: try row.next(), device: try row.next(), lastSeenAt: try row.next())
    }
}

/// A row of ``SessionsOfAccount``.
struct SignedInDevice: Sendable {
    let sessionID: SessionID
    let device: String
    let lastSeenAt: Timestamp
}
