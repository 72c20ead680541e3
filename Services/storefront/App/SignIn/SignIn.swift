import Clients
import Crypto
import EventLoop
import HTTPCore
import Models
import Postgres
import ServiceKit

/// Signing in by phone number and one-time code.
struct SignIn: Sendable {
    let kit: Toolkit
    let limits: SignInLimits
    let sessions: Sessions
    let messages: NotificationsClient
    private let codeKey: [UInt8]

    init(kit: Toolkit, configuration: StorefrontConfiguration, sessions: Sessions, messages: NotificationsClient) {
        self.kit = kit
        self.limits = configuration.signIn
        self.sessions = sessions
        self.messages = messages
        codeKey = Array(
            HMACSHA256.authenticate(
                Array("linli storefront sign-in codes v1".utf8), key: configuration.rootKey.value))
    }

    /// Sends a code. The answer is the same whether or not the number has an account: nobody can ask who is here.
    ///
    /// - Throws: `SignInError.wait` over a limit.
    func sendCode(to phone: Phone, address: String, language: Language, _ context: CallContext) async throws {
        let now = kit.now()
        let code = SignInRules.makeCode()
        let mac = mac(phone, code)
        let limits = limits
        let decision = try await kit.database.transaction(deadline: context.deadline) { tx in
            _ = try await tx.one(LockSignIn(subject: "phone " + phone.text))
            _ = try await tx.one(LockSignIn(subject: "address " + address))
            let history = try await tx.one(SignInHistoryOf(phone: phone, address: address, now: now))
            let decision = SignInRules.decide(history, limits, now: now)
            if decision == .send {
                _ = try await tx.execute(
                    StoreSignInCode(
                        phone: phone, address: address, mac: mac, now: now,
                        expiresAt: now + .seconds(limits.codeLifetimeSeconds)))
            }
            return decision
        }
        if case .wait(let seconds) = decision { throw SignInError.wait(seconds: seconds) }
        let message = CodeMessage(phone: phone.text, code: code, language: language.rawValue)
        try await messages.send(message, key: "code-\(MessageID.make(at: now))", context)
    }

    /// Exchanges a code for a session.
    ///
    /// - Throws: `SignInError.wrongCode` for a wrong, used or expired one, `.locked` when there were too many tries.
    func open(
        _ phone: Phone, code: String, device: String, replacing old: String?, deadline: Instant
    ) async throws -> Sessions.Opened {
        let now = kit.now()
        let attempt = try await kit.database.first(
            TrySignInCode(
                phone: phone, mac: mac(phone, code), now: now, triesMax: limits.triesMax,
                lockedUntil: now + .seconds(limits.lockSeconds)),
            deadline: deadline)
        guard let attempt else { throw SignInError.wrongCode }
        guard attempt.isRight else {
            kit.logger.info("wrong sign-in code", ("tries", .count(attempt.wrongTries)))
            throw attempt.wrongTries >= limits.triesMax ? SignInError.locked : SignInError.wrongCode
        }
        return try await sessions.open(phone, device: device, replacing: old, deadline: deadline)
    }

    /// What is stored of a code: it cannot be turned back, and it is bound to its number.
    private func mac(_ phone: Phone, _ code: String) -> [UInt8] {
        Array(HMACSHA256.authenticate(Array("\(phone.text)\u{0}\(code)".utf8), key: codeKey))
    }
}

/// Why signing in did not go on.
enum SignInError: Error, Equatable {
    case wait(seconds: Int)
    case wrongCode
    case locked
}
