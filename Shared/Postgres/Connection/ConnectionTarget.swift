internal import CLibPQ
internal import CLinux
internal import EventLoop
internal import Glibc

/// Where and how to connect: libpq's keywords with our settings added.
struct ConnectionTarget: Sendable {
    private(set) var keywords: [String: String]

    /// Parses a `postgresql://` URL or a `keyword=value` string.
    init(url: String, options: DatabaseOptions) throws(InvalidDatabaseURL) {
        keywords = try Self.parse(url)
        func setDefault(_ keyword: String, _ value: String) {
            if keywords[keyword] == nil { keywords[keyword] = value }
        }
        setDefault("application_name", options.applicationName)
        // GSS would read a credential cache from disk on the loop; nobody here uses it unless the URL says so.
        setDefault("gssencmode", "disable")
        // A peer that vanished without a word is noticed in about 20 s.
        setDefault("keepalives_idle", "10")
        setDefault("keepalives_interval", "3")
        setDefault("keepalives_count", "3")
        setDefault("tcp_user_timeout", "15000")
        keywords["client_encoding"] = "UTF8"
        let settings = [
            ("statement_timeout", options.statementTimeout), ("lock_timeout", options.lockTimeout),
            ("idle_in_transaction_session_timeout", options.idleInTransactionTimeout),
        ]
        // What the URL's own `options` say comes later on the server's command line and wins.
        let ours = settings.map { "-c \($0.0)=\($0.1.wholeMilliseconds)" } + ["-c timezone=UTC"]
        keywords["options"] = (ours + [keywords["options"] ?? ""]).joined(separator: " ")
    }

    /// The same target with one server setting changed for the session.
    func setting(_ name: String, _ value: String) -> ConnectionTarget {
        var copy = self
        copy.keywords["options"] = (keywords["options"] ?? "") + " -c \(name)=\(value)"
        return copy
    }

    private static func parse(_ url: String) throws(InvalidDatabaseURL) -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        guard let list = PQconninfoParse(url, &message) else {
            // libpq's message may quote the URL, and with it the password.
            PQfreemem(message)
            throw InvalidDatabaseURL()
        }
        defer { PQconninfoFree(list) }
        var keywords: [String: String] = [:]
        var entry = list
        while let keyword = entry.pointee.keyword {
            if let value = entry.pointee.val { keywords[String(cString: keyword)] = String(cString: value) }
            entry += 1
        }
        return keywords
    }

    /// The keywords with every host name resolved, so that libpq never asks the resolver on a loop.
    ///
    /// Several hosts (`host=a,b`) stay several; one that does not resolve is left out. Directories of Unix sockets
    /// and addresses stay as they are.
    func resolved() async throws -> [String: String] {
        guard keywords["hostaddr"] == nil, let host = keywords["host"] else { return keywords }
        let hosts = host.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard hosts.contains(where: Self.isName) else { return keywords }
        let ports = (keywords["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let addresses = try await BlockingPool.shared.run { hosts.map { Self.isName($0) ? Self.resolve($0) : "" } }
        let usable = hosts.indices.filter { addresses[$0] != nil }
        guard !usable.isEmpty else { throw ConnectFailure(message: "host name \(host) does not resolve") }
        var result = keywords
        result["host"] = usable.map { hosts[$0] }.joined(separator: ",")
        result["hostaddr"] = usable.map { addresses[$0] ?? "" }.joined(separator: ",")
        if ports.count == hosts.count { result["port"] = usable.map { ports[$0] }.joined(separator: ",") }
        return result
    }

    /// Whether `host` needs the resolver: not a socket directory, not an address.
    static func isName(_ host: String) -> Bool {
        guard let first = host.first, first != "/", first != "@", !host.contains(":") else { return false }
        return !host.allSatisfy { $0.isNumber || $0 == "." }
    }

    private static func resolve(_ name: String) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard clinux_resolve(name, buffer.baseAddress, Int32(buffer.count)) == 0 else { return nil }
            return buffer.baseAddress.map { String(cString: $0) }
        }
    }
}

/// The database URL is not one that libpq understands. The URL is not repeated: it may hold a password.
public struct InvalidDatabaseURL: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, without the URL.
    public var description: String { "the database URL is not a postgresql:// URL that libpq understands" }
}

/// An attempt to connect that failed.
struct ConnectFailure: Error {
    /// libpq's message: names the host and the reason, never the password.
    let message: String
}
