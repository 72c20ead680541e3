public import EventLoop
internal import Glibc

/// The PostgreSQL server of this test process: the one that `LINLI_TEST_POSTGRES` names (a superuser's URL), or one
/// of its own that is started when first wanted.
public actor TestPostgres {
    private static let shared = TestPostgres()

    /// A loop for the tests' own work.
    public static let group = EventLoopGroup(count: 1, name: "test")

    private var starting: Task<PostgresCluster, any Error>?

    /// The superuser's URL, on the maintenance database.
    public static func url() async throws -> String {
        if let named = getenv("LINLI_TEST_POSTGRES") { return String(cString: named) }
        return try await shared.cluster().url
    }

    private func cluster() async throws -> PostgresCluster {
        if let starting { return try await starting.value }
        let task = Task { try await PostgresCluster.start(on: TestPostgres.group.all[0]) }
        starting = task
        return try await task.value
    }

    /// `url` with another database's name: `postgresql://user@host/name?options`.
    static func url(_ url: String, database: String) -> String {
        let parts = url.split(separator: "?", maxSplits: 1)
        guard let scheme = url.firstRange(of: "://"), let base = parts.first else { return url }
        let rest = base[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        let query = parts.count > 1 ? "?\(parts[1])" : ""
        return "\(url[..<scheme.upperBound])\(authority)/\(database)\(query)"
    }
}

extension String {
    fileprivate func firstRange(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
