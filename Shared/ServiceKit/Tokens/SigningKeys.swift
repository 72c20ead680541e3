import Crypto
import EventLoop
import JSON
import Models
import Postgres

/// This service's signing keys: in the database, sealed; in memory, ready to sign. Replicas share them.
final class SigningKeys: Sendable {
    /// A day: a key signs no longer than this.
    static let rotationSeconds: Int64 = 86_400
    /// Two minutes between publishing a key and signing with it, so that every replica publishes it first.
    static let publicationLeadSeconds: Int64 = 120
    /// Ten minutes after its successor took over, no token of a key can be alive (they live five).
    static let retirementSeconds: Int64 = 600

    /// A key that can sign.
    struct Active: Sendable {
        let kid: String
        let key: P256PrivateKey
        let activeFrom: Timestamp
    }
    private struct State {
        var signing: [Active] = []
        var published: [PublishedKey] = []
        var verifying: [String: P256PublicKey] = [:]
    }

    private let database: Database
    private let encryptionKey: Redacted<[UInt8]>
    private let logger: Logger
    private let state = Locked(State())

    init(database: Database, encryptionKey: Redacted<[UInt8]>, logger: Logger) {
        self.database = database
        self.encryptionKey = encryptionKey
        self.logger = logger
    }

    /// Loads the keys; makes the first one, the next one when it is time, and deletes what nobody needs.
    func refresh(at now: Timestamp) async throws {
        var stored = try await database.all(AllSigningKeys())
        if needsNewKey(stored, at: now) || !retired(stored, at: now).isEmpty {
            stored = try await database.transaction { transaction in
                _ = try await transaction.execute(LockSigningKeys())
                // Another replica may have done it while this one waited for the lock.
                var keys = try await transaction.all(AllSigningKeys())
                if self.needsNewKey(keys, at: now) {
                    let key = try self.makeKey(after: keys, at: now)
                    _ = try await transaction.execute(InsertSigningKey(key: key))
                    keys.insert(key, at: 0)
                }
                let retired = Set(self.retired(keys, at: now))
                if !retired.isEmpty {
                    _ = try await transaction.execute(DeleteSigningKeys(kids: retired.sorted()))
                    keys.removeAll { retired.contains($0.kid) }
                }
                return keys
            }
        }
        adopt(stored)
    }

    /// The newest key whose time has come, or the oldest when none has.
    func current(at now: Timestamp) -> Active? {
        state.withLock { state in state.signing.first { $0.activeFrom <= now } ?? state.signing.last }
    }

    /// What `/.well-known/jwks.json` says.
    var published: PublishedKeys { PublishedKeys(keys: state.withLock { $0.published }) }

    /// A key of this service by name, for its own tokens.
    func verifyingKey(_ kid: String) -> P256PublicKey? { state.withLock { $0.verifying[kid] } }

    private func needsNewKey(_ keys: [StoredSigningKey], at now: Timestamp) -> Bool {
        // Keys sealed with another KEY_ENCRYPTION_KEY stay published for their last tokens, but cannot sign.
        guard let newest = keys.first(where: { open($0) != nil }) else { return true }
        return newest.createdAt.microseconds + Self.rotationSeconds * 1_000_000 <= now.microseconds
    }

    private func retired(_ keys: [StoredSigningKey], at now: Timestamp) -> [String] {
        let limit = now.microseconds - Self.retirementSeconds * 1_000_000
        guard let successor = keys.firstIndex(where: { $0.activeFrom.microseconds <= limit }) else { return [] }
        return keys[(successor + 1)...].map(\.kid)
    }

    private func makeKey(after keys: [StoredSigningKey], at now: Timestamp) throws -> StoredSigningKey {
        let key = try P256PrivateKey.generate()
        let kid = Base64URL.encode(RandomBytes.make(12))
        let lead = keys.isEmpty ? 0 : Self.publicationLeadSeconds
        return StoredSigningKey(
            kid: kid,
            privateKeySealed: try AESGCM.seal(
                key.rawRepresentation, key: encryptionKey.value, authenticating: [UInt8](kid.utf8)),
            publicKey: try key.publicKey.x963Representation, createdAt: now,
            activeFrom: Timestamp(microseconds: now.microseconds + lead * 1_000_000))
    }

    private func open(_ stored: StoredSigningKey) -> P256PrivateKey? {
        guard
            let raw = try? AESGCM.open(
                stored.privateKeySealed, key: encryptionKey.value, authenticating: [UInt8](stored.kid.utf8))
        else { return nil }  // Sealed with another key: the caller makes a new one.
        return try? P256PrivateKey(rawRepresentation: raw)
    }

    private func adopt(_ stored: [StoredSigningKey]) {
        var next = State()
        for row in stored {
            guard row.publicKey.count == 65, let key = try? P256PublicKey(x963Representation: row.publicKey) else {
                logger.error("signing key is damaged", ("kid", .string(row.kid)))
                continue
            }
            next.verifying[row.kid] = key
            next.published.append(
                PublishedKey(
                    keyID: row.kid, x: Base64URL.encode(Array(row.publicKey[1..<33])),
                    y: Base64URL.encode(Array(row.publicKey[33..<65]))))
            if let key = open(row) {
                next.signing.append(Active(kid: row.kid, key: key, activeFrom: row.activeFrom))
            } else {
                logger.warning("signing key is sealed with another KEY_ENCRYPTION_KEY", ("kid", .string(row.kid)))
            }
        }
        let adopted = next
        state.withLock { $0 = adopted }
    }
}
