import Models
import Postgres

/// Every signing key, newest first.
struct AllSigningKeys: Statement {
    static let name: StaticString = "kit_all_signing_keys"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT kid, private_key_sealed, public_key, created_at, active_from
        FROM signing_keys
        ORDER BY active_from DESC, kid
        LIMIT 100
        """
    func bind(to parameters: inout Parameters) {}
    static func decode(_ row: inout RowReader) throws(PostgresError) -> StoredSigningKey {
        StoredSigningKey(
            kid: try row.next(), privateKeySealed: try row.next(), publicKey: try row.next(),
            createdAt: try row.next(), activeFrom: try row.next())
    }
}

/// A signing key as stored: the private half sealed with KEY_ENCRYPTION_KEY.
struct StoredSigningKey: Sendable {
    let kid: String
    let privateKeySealed: [UInt8]
    let publicKey: [UInt8]
    let createdAt: Timestamp
    let activeFrom: Timestamp
}

/// Lets one replica at a time decide about keys (until the end of the transaction).
struct LockSigningKeys: Statement {
    static let name: StaticString = "kit_lock_signing_keys"
    static let mode = StatementMode.write
    static let sql: StaticString = "SELECT pg_advisory_xact_lock(9004)"
    func bind(to parameters: inout Parameters) {}
    static func decode(_ row: inout RowReader) throws(PostgresError) {}
}

struct InsertSigningKey: Statement {
    static let name: StaticString = "kit_insert_signing_key"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO signing_keys (kid, private_key_sealed, public_key, created_at, active_from)
        VALUES ($1, $2, $3, $4, $5)
        """
    let key: StoredSigningKey

    func bind(to parameters: inout Parameters) {
        parameters.append(key.kid)
        parameters.append(key.privateKeySealed)
        parameters.append(key.publicKey)
        parameters.append(key.createdAt)
        parameters.append(key.activeFrom)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) {}
}

struct DeleteSigningKeys: Statement {
    static let name: StaticString = "kit_delete_signing_keys"
    static let mode = StatementMode.write
    static let sql: StaticString = "DELETE FROM signing_keys WHERE kid = ANY ($1::text[])"
    let kids: [String]

    func bind(to parameters: inout Parameters) { parameters.append(kids) }
    static func decode(_ row: inout RowReader) throws(PostgresError) {}
}
