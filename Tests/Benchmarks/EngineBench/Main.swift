import Crypto
import Glibc

/// The engine by itself, for measuring and for conformance tests:
/// `engine-bench serve --port P [--loops N] [--database URL]`, `engine-bench database-reads URL [CONCURRENCY] [SECONDS]`;
/// customers for the benchmarks of the orders service: `engine-bench buyers --port P`; a merchant for that of
/// payments-sim: `engine-bench prepays …`; and more requests than a service can serve: `engine-bench storm …`.
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
        case "prepays": try prepays(arguments)
        case "storm": try storm(arguments)
        default: fail()
        }
    }

    private static func prepays(_ arguments: [String]) throws {
        guard let port = option("--port", arguments).flatMap(UInt16.init),
            let number = option("--merchant", arguments), let app = option("--app", arguments),
            let serial = option("--serial", arguments), let key = option("--key", arguments),
            let count = option("--count", arguments).flatMap(Int.init),
            let connections = option("--connections", arguments).flatMap(Int.init)
        else { fail() }
        let merchant = Prepays.Merchant(number: number, app: app, serial: serial, key: try RSAPrivateKey(pem: key))
        try Prepays.run(port: port, merchant: merchant, count: count, connections: connections)
    }

    private static func storm(_ arguments: [String]) throws {
        guard let port = option("--port", arguments).flatMap(UInt16.init),
            let connections = option("--connections", arguments).flatMap(Int.init),
            let seconds = option("--seconds", arguments).flatMap(Double.init),
            let rate = option("--rate", arguments).flatMap(Double.init),
            let paths = option("--paths", arguments)?.split(separator: ",").map(String.init), !paths.isEmpty
        else { fail() }
        try Storm.run(port: port, paths: paths, connections: connections, rate: rate, seconds: seconds)
    }

    private static func option(_ name: String, _ arguments: [String]) -> String? {
        guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
        return arguments[index + 1]
    }

    private static func fail() -> Never {
        print("usage: engine-bench serve --port P [--loops N] [--database URL]")
        print("       engine-bench database-reads URL [CONCURRENCY] [SECONDS]")
        print("       engine-bench buyers --port P")
        print("       engine-bench prepays --port P --key PEM --merchant M --app A --serial S --count N --connections C")
        print("       engine-bench storm --port P --paths A,B,... --connections C --seconds S --rate R (0: closed loop)")
        exit(2)
    }
}
