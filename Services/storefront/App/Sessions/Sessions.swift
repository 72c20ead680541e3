import Crypto
import EventLoop
import Models
import Postgres
import ServiceKit

/// Opens, finds and ends sessions, and mints the short-lived tokens that neighbours believe.
struct Sessions: Sendable {
    /// The idle time is moved on at most once a minute, so that a busy session does not write at each request.
    private static let touchEvery = Duration.seconds(60)
    /// Tokens for neighbours live two minutes and are used for one: a removed role ends with them.
    private static let tokenSeconds: Int64 = 120
    private static let tokenReuse = Duration.seconds(60)

    let kit: Toolkit
    let configuration: StorefrontConfiguration
    private let tokens = Locked<[SessionID: MintedToken]>([:])

    init(kit: Toolkit, configuration: StorefrontConfiguration) {
        self.kit = kit
        self.configuration = configuration
    }

    private struct MintedToken: Sendable {
        let text: String
        let rights: [StoreID: StaffRole]
        let isOperator: Bool
        let renewAt: Timestamp
    }

    /// A session that was just opened.
    struct Opened: Sendable {
        let secret: String
        let viewer: Viewer
    }

    static func hash(_ secret: String) -> [UInt8] { Array(SHA256.hash(Array(secret.utf8))) }

    /// Whose secret this is, or nil when it is nobody's any more.
    func find(_ secret: String, deadline: Instant) async throws -> Viewer? {
        guard secret.utf8.count == 43 else { return nil }
        let now = kit.now()
        let row = try await kit.database.first(
            SessionBySecret(
                secretHash: Self.hash(secret), now: now, idleSeconds: configuration.sessionIdleSeconds),
            deadline: deadline)
        guard let row else { return nil }
        if now - row.lastSeenAt > Self.touchEvery {
            try await kit.database.execute(TouchSession(sessionID: row.sessionID, now: now), deadline: deadline)
        }
        return viewer(row)
    }

    private func viewer(_ row: SessionRow) -> Viewer {
        var stores: [StoreID: StaffRole] = [:]
        for (store, role) in zip(row.storeIDs, row.roles) { stores[store] = StaffRole(rawValue: role) }
        return Viewer(
            sessionID: row.sessionID, accountID: row.accountID, phone: Phone(row.phone), memberSince: row.memberSince,
            stores: stores, isOperator: configuration.operatorPhones.contains(row.phone))
    }

    /// Opens a session after a right code. A session that the browser had before ends: its secret is worthless now.
    func open(_ phone: Phone, device: String, replacing old: String?, deadline: Instant) async throws -> Opened {
        let now = kit.now()
        let secret = Base64URL.encode(RandomBytes.make(32))
        let sessionID = SessionID.make(at: now)
        let account = try await kit.database.one(
            OpenSession(
                newAccountID: .make(at: now), phone: phone, sessionID: sessionID, secretHash: Self.hash(secret),
                device: device, now: now, expiresAt: now + .seconds(configuration.sessionLifetimeSeconds),
                replacedSecretHash: old.map(Self.hash) ?? []),
            deadline: deadline)
        let viewer = Viewer(
            sessionID: sessionID, accountID: account.accountID, phone: phone, memberSince: account.memberSince,
            stores: [:], isOperator: configuration.operatorPhones.contains(phone.text))
        return Opened(secret: secret, viewer: viewer)
    }

    func end(_ session: SessionID, deadline: Instant) async throws {
        tokens.withLock { _ = $0.removeValue(forKey: session) }
        try await kit.database.execute(EndSession(sessionID: session, now: kit.now()), deadline: deadline)
    }

    /// The token that neighbours believe, minted once a minute a session and whenever rights change.
    func token(for viewer: Viewer) throws -> String {
        let now = kit.now()
        if let known = tokens.withLock({ $0[viewer.sessionID] }), known.renewAt > now, known.rights == viewer.stores,
            known.isOperator == viewer.isOperator
        {
            return known.text
        }
        let text = try kit.tokens.userToken(
            viewer.accountID, stores: viewer.stores, isOperator: viewer.isOperator, lifetimeSeconds: Self.tokenSeconds)
        let minted = MintedToken(
            text: text, rights: viewer.stores, isOperator: viewer.isOperator, renewAt: now + Self.tokenReuse)
        tokens.withLock { tokens in
            // 20,000 sessions a replica are about 16 MB; then all are minted anew.
            if tokens.count >= 20_000 { tokens.removeAll(keepingCapacity: true) }
            tokens[viewer.sessionID] = minted
        }
        return text
    }
}

/// What a person recognises a device by, from its User-Agent: two known words, never the header itself.
enum DeviceName {
    static func of(_ userAgent: String?) -> String {
        guard let agent = userAgent else { return "API" }
        let browsers = [
            ("MicroMessenger", "WeChat"), ("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
            ("Safari/", "Safari"),
        ]
        let systems = [
            ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
            ("Mac OS", "macOS"), ("Linux", "Linux"),
        ]
        let names = [browsers, systems].compactMap { list in list.first { agent.contains($0.0) }?.1 }
        return names.isEmpty ? "API" : names.joined(separator: " · ")
    }
}
