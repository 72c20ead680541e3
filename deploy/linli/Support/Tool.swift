import EventLoop
import HTTPClient

/// What every command works with.
struct Tool: Sendable {
    let environment: EnvironmentFile
    let group: EventLoopGroup
    let door: Door
    let signIn: SignIn

    init(_ arguments: Arguments, group: EventLoopGroup) throws {
        let path = arguments.option("environment")
        environment = try EnvironmentFile(path: path)
        self.group = group
        var options = HTTPClientOptions()
        options.retriesMax = 0  // The door repeats requests itself, with more patience than a service has.
        options.failuresToOpen = .max
        let client = HTTPClient(group: group, options: options)
        door = Door(
            client: client, loop: group.all[0], base: environment.value("STOREFRONT_URL") ?? "http://127.0.0.1:7000")
        signIn = SignIn(
            door: door, notificationsURL: environment.value("NOTIFICATIONS_URL") ?? "http://127.0.0.1:7004",
            operatorPhone: environment.value("OPERATOR_PHONES")?.split(separator: ",").first.map(String.init),
            tokens: TokenFile(path: (path ?? ".linli/environment") + ".tokens"))
    }
}

/// Runs `body` for each element, at most `limit` at once; the first failure ends all.
func forEach<Element: Sendable>(
    _ elements: [Element], atOnce limit: Int, _ body: @escaping @Sendable (Element) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        var rest = elements.makeIterator()
        for _ in 0..<limit {
            guard let element = rest.next() else { break }
            group.addTask { try await body(element) }
        }
        while try await group.next() != nil {
            guard let element = rest.next() else { continue }
            group.addTask { try await body(element) }
        }
    }
}
