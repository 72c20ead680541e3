import EventLoop
import HTTPClient
import HTTPCore
import JSON
import Models
import Postgres
import ServiceKit
import TestSupport
import Testing
@testable import Notifications

@Suite(.serialized, .timeLimit(.minutes(5))) struct TextMessageTests {
    private static let message = CodeMessage(phone: "13800138000", code: "482913", language: "zh")
    private static let path = NotificationsAPI.textMessages.path()
    private static let mailbox = NotificationsAPI.developmentMailbox.path()

    private func send(_ message: CodeMessage, _ bench: Bench, key: String = "k1") async throws -> HTTPStatus {
        try await bench.service.send(
            .post, Self.path, json: message, token: try TestTokens.service("storefront"),
            headers: [("idempotency-key", key)]
        ).status
    }

    @Test func `a code reaches the mailbox of development, newest first, in the language asked for`() async throws {
        try await Bench.with { bench in
            #expect(try await send(Self.message, bench) == .accepted)
            var english = Self.message
            (english.code, english.language) = ("111222", "en")
            #expect(try await send(english, bench, key: "k2") == .accepted)
            var other = Self.message
            other.phone = "+447700900123"
            #expect(try await send(other, bench, key: "k3") == .accepted)
            let page: Page<MailboxMessage> = try await bench.service.send(
                .get, Self.mailbox + "?phone=13800138000"
            ).decoded()
            #expect(page.items.count == 2)
            let texts = Dictionary(uniqueKeysWithValues: page.items.map { ($0.code, $0.text) })
            #expect(texts["482913"] == "【邻里】验证码 482913，5 分钟内有效，请勿告诉他人。")
            #expect(texts["111222"] == "[Linli] Your code is 111222. It is valid for 5 minutes. Tell nobody.")
        }
    }

    @Test func `a request that is repeated sends one message`() async throws {
        try await Bench.with { bench in
            #expect(try await send(Self.message, bench) == .accepted)
            #expect(try await send(Self.message, bench) == .accepted)
            let page: Page<MailboxMessage> = try await bench.service.send(.get, Self.mailbox).decoded()
            #expect(page.items.count == 1)
        }
    }

    @Test func `in production there is no mailbox, and no code is swallowed`() async throws {
        try await Bench.with(environment: ["LINLI_ENVIRONMENT": "production"]) { bench in
            let mailbox = try await bench.service.send(.get, Self.mailbox + "?phone=13800138000")
            #expect(mailbox.status == .notFound)
            #expect(try mailbox.decoded(Problem.self).code == "not_found")
            #expect(try await send(Self.message, bench) == .serviceUnavailable)
            #expect(try await bench.service.test.database.all(TextMessagesTo(phone: nil, limit: 1)).isEmpty)
        }
    }

    @Test(arguments: [
        (CodeMessage(phone: "1380013800", code: "482913", language: "zh"), "/phone"),
        (CodeMessage(phone: "+0", code: "482913", language: "zh"), "/phone"),
        (CodeMessage(phone: "13800138000\n", code: "482913", language: "zh"), "/phone"),
        (CodeMessage(phone: "13800138000", code: "48 913", language: "zh"), "/code"),
        (CodeMessage(phone: "13800138000", code: "", language: "en"), "/code"),
        (CodeMessage(phone: "13800138000", code: "482913", language: "de"), "/language"),
    ])
    func `a message that cannot be sent is refused without repeating the code`(
        message: CodeMessage, pointer: String
    ) async throws {
        try await Bench.with { bench in
            let answer = try await bench.service.send(
                .post, Self.path, json: message, token: try TestTokens.service("storefront"))
            #expect(answer.status == .badRequest)
            #expect(try answer.decoded(Problem.self).errors.map(\.pointer) == [pointer])
            #expect(message.code.isEmpty || !answer.text.contains(message.code))
            #expect(try await bench.service.test.database.all(TextMessagesTo(phone: nil, limit: 1)).isEmpty)
        }
    }

    @Test func `neither code nor phone number is ever logged`() async throws {
        try await TestDatabase.with(migrations: KitMigrations.all + NotificationsService.migrations) { test in
            let standIn = try await FakeNeighbour()
            let lines = Locked<[UInt8]>([])
            let logger = Logger(service: "notifications", level: .debug) { bytes in lines.withLock { $0 += bytes } }
            let service = try await ServiceHarness.start(
                NotificationsService.self, on: test, standIn: standIn, logger: logger)
            let bench = Bench(service: service)
            #expect(try await send(Self.message, bench) == .accepted)
            _ = try await service.send(.get, Self.mailbox + "?phone=13800138000")
            await service.service.shutDown()
            await standIn.stop()
            let text = lines.withLock { String(decoding: $0, as: UTF8.self) }
            #expect(text.contains("/v1/messages/sms"))
            #expect(!text.contains("482913"))
            #expect(!text.contains("13800138000"))
        }
    }

    @Test func `only the storefront sends text messages`() async throws {
        try await Bench.with { bench in
            #expect(try await bench.service.send(.post, Self.path, json: Self.message).status == .unauthorized)
            for token in [try TestTokens.user(.make(at: Bench.now)), try TestTokens.service("orders")] {
                let answer = try await bench.service.send(.post, Self.path, json: Self.message, token: token)
                #expect(answer.status == .forbidden)
            }
        }
    }
}
