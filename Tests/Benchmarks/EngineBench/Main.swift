import Glibc

/// The engine by itself, for measuring and for conformance tests:
/// `engine-bench serve --port P [--loops N] [--database URL]`, `engine-bench database-reads URL [CONCURRENCY] [SECONDS]`;
/// and customers for the benchmarks of the orders service: `engine-bench buyers --port P`.
@main enum Main {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "serve":
            guard let port = option("--port", arguments).flatMap(Int.init) else { fail() }
            let loops = option("--loops", arguments).flatMap(Int.init) ?? 1
            try await Serve.run(port: port, loops: loops, databaseURL: option("--database", arguments))
        case "database-reads" where arguments.count > 1:
            let numbers = arguments.dropFirst(2).compactMap(Int.init)
            try await DatabaseReads.run(
                url: arguments[1], concurrency: numbers.first ?? 32, seconds: numbers.dropFirst().first ?? 3)
        case "buyers":
            guard let port = option("--port", arguments).flatMap(Int.init) else { fail() }
            try await Buyers.run(port: port)
        default: fail()
        }
    }

    private static func option(_ name: String, _ arguments: [String]) -> String? {
        guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
        return arguments[index + 1]
    }

    private static func fail() -> Never {
        print("usage: engine-bench serve --port P [--loops N] [--database URL]")
        print("       engine-bench database-reads URL [CONCURRENCY] [SECONDS]")
        print("       engine-bench buyers --port P")
        exit(2)
    }
}
