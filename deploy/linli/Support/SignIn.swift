import EventLoop
import Glibc
import HTTPCore
import JSON
import Models

/// Signs people in by phone and one-time code, which in development the mailbox shows.
///
/// Tokens are kept beside the environment file, because codes are limited (one a minute for a phone).
struct SignIn: Sendable {
    let door: Door
    let notificationsURL: String
    let operatorPhone: String?
    let tokens: TokenFile

    /// The token of the platform's operator.
    func asOperator() async throws -> String {
        guard let operatorPhone else { throw CommandError("OPERATOR_PHONES is not set: nobody may manage stores") }
        return try await token(of: operatorPhone)
    }

    /// A token of the person with this number, new or kept.
    func token(of phone: String) async throws -> String {
        if let kept = tokens.token(of: phone), try await isValid(kept) { return kept }
        try await door.send(
            .post, door.base + StorefrontAPI.signInCodes.path(), body: JSON.encode(SignInCodeRequest(phone: phone)),
            key: newKey())
        let mailbox = notificationsURL + NotificationsAPI.developmentMailbox.path() + "?phone=\(phone)"
        let messages: Page<MailboxMessage> = try await door.call(.get, mailbox)
        guard let code = messages.items.first?.code else {
            throw CommandError("no one-time code for \(phone): codes are shown in development only")
        }
        let signedIn: SignedIn = try await door.call(
            .post, door.base + StorefrontAPI.signIn.path(), body: SignInRequest(phone: phone, code: code),
            key: newKey())
        tokens.keep(signedIn.token, of: phone)
        return signedIn.token
    }

    private func isValid(_ token: String) async throws -> Bool {
        do {
            try await door.send(.get, door.base + StorefrontAPI.me.path(), token: token)
            return true
        } catch DoorError.problem(401, _, _) {
            return false
        }
    }
}

/// Tokens of earlier runs, one PHONE=TOKEN a line, readable by their owner only.
struct TokenFile: Sendable {
    let path: String

    func token(of phone: String) -> String? {
        lines().last { $0.hasPrefix(phone + "=") }.map { String($0.dropFirst(phone.utf8.count + 1)) }
    }

    /// A token that cannot be kept is asked for again next time, so failing to write is no failure.
    func keep(_ token: String, of phone: String) {
        let kept = lines().filter { !$0.hasPrefix(phone + "=") } + ["\(phone)=\(token)"]
        let text = kept.joined(separator: "\n") + "\n"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        guard descriptor >= 0 else { return }
        var bytes = Array(text.utf8)
        _ = write(descriptor, &bytes, bytes.count)
        close(descriptor)
    }

    private func lines() -> [String] {
        String(decoding: readFile(path) ?? [], as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
