import EventLoop
import HTTPCore
import HTTPServer
import JSON
import ServiceKit

/// The engine bare, for benchmarks and conformance tests: `engine-bench serve --port P [--loops N]`.
@main enum Main {
    /// Largest body that `/echo` takes, in bytes.
    private static let bodyBytesMax = 1 << 20

    static func main() async {
        let arguments = CommandLine.arguments
        guard arguments.dropFirst().first == "serve", let port = number(arguments, "--port") else {
            print("usage: engine-bench serve --port P [--loops N]")
            return
        }
        Signals.block()
        let group = EventLoopGroup(count: number(arguments, "--loops") ?? 1)
        var limits = HTTPLimits()
        limits.connectionsMax = 12_000
        let server = HTTPServer(address: "127.0.0.1", port: port, router: router(), limits: limits)
        do {
            try await server.start(on: group)
        } catch {
            print("engine-bench: \(error)")
            return
        }
        print("serving on port \(server.boundPort)")
        _ = await Signals.wait(on: group.all[0])
        await server.drain(deadline: .now + .seconds(2))
    }

    private static func number(_ arguments: [String], _ name: String) -> Int? {
        guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
        return Int(arguments[index + 1])
    }

    private static func router() -> Router {
        var router = Router()
        router.on(.get, "/plain") { _ in .text(.ok, "OK") }
        router.on(.get, "/json") { _ in .json(.ok, Sample()) }
        router.on(.post, "/echo") { request in
            var body = request.body
            let value = try JSON.decode(JSONValue.self, from: try await body.collect(upTo: bodyBytesMax))
            return .json(.ok, value)
        }
        return router
    }
}

/// An object of five fields.
private struct Sample: JSONWritable {
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", "itm_01jd4q8x9sfm7t3z5w6y8b2c4k")
        json.field("name", "葱油拌面")
        json.field("price", 1_600)
        json.field("available", 42)
        json.field("open", true)
        json.endObject()
    }
}
