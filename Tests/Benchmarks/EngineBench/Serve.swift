import EventLoop
import HTTPCore
import HTTPServer
import JSON

/// The engine bare: routes that do next to nothing, for measuring and for conformance tests.
///
/// No limit by address, and room for 1,000 connections with some to spare.
enum Serve {
    /// Largest body of `/echo`, in bytes.
    private static let echoBytesMax = 1 << 20

    static func run(port: Int, loops: Int) async throws {
        Signals.block()
        let group = EventLoopGroup(count: loops, name: "bench")
        var limits = HTTPLimits()
        limits.connectionsMax = 12_000
        limits.connectionsPerAddressMax = 12_000
        let server = HTTPServer(address: "127.0.0.1", port: port, router: router(), limits: limits)
        try await server.start(on: group)
        print("serving on http://127.0.0.1:\(server.boundPort)")
        _ = await Signals.wait(on: group.all[0])
        await server.drain(deadline: .now + .seconds(2))
    }

    static func router() -> Router {
        var router = Router()
        router.on(.get, "/plain") { _ in .text(.ok, "OK") }
        router.on(.get, "/json") { _ in .json(.ok, Sample()) }
        router.on(.post, "/echo") { request in
            var body = request.body
            let value = try JSON.decode(JSONValue.self, from: try await body.collect(upTo: echoBytesMax))
            return .json(.ok, value)
        }
        return router
    }
}

/// An object of five members.
struct Sample: JSONWritable, Sendable {
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
