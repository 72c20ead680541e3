import EventLoop
import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// The engine by itself behind the whole pipeline of a service (routing, log, metrics, tracing, limits, deadline), with
/// routes that do next to nothing: for measuring and for conformance tests.
///
/// No limit by address, and room for 10,000 connections with some to spare.
enum Serve {
    /// Largest body of `/echo`, in bytes.
    private static let echoBytesMax = 1 << 20

    static func run(port: Int, loops: Int, databaseURL: String?) async throws {
        Signals.block()
        let group = EventLoopGroup(count: loops, name: "bench")
        let database = try databaseURL.map { try Database.open(url: $0, group: group) }
        if let databaseURL {
            try await AdminSession(url: databaseURL, loop: group.all[0]).run(
                [BenchItems.table], until: .now + .seconds(60))
        }
        var limits = HTTPLimits()
        limits.connectionsMax = 12_000
        limits.connectionsPerAddressMax = 12_000
        let router = BarePipeline.router(
            routes(database), logger: Logger(service: "engine-bench"), metrics: Metrics())
        let server = HTTPServer(address: "127.0.0.1", port: port, router: router, limits: limits)
        try await server.start(on: group)
        print("serving on http://127.0.0.1:\(server.boundPort)")
        _ = await Signals.wait(on: group.all[0])
        await server.drain(deadline: .now + .seconds(2))
        await database?.close()
    }

    static func routes(_ database: Database?) -> Routes {
        var routes = Routes()
        routes.getImmediately(BenchAPI.plain, access: .public) { _, _ in .text(.ok, "OK") }
        routes.getImmediately(BenchAPI.json, access: .public) { _, _ in .json(.ok, Sample()) }
        routes.post(BenchAPI.echo, access: .credentials) { request, _ in
            var body = request.body
            // What JSON allows, not what our interfaces do: a repeated member is no fault here.
            let value = try JSON.decode(
                JSONValue.self, from: try await body.collect(upTo: echoBytesMax), mode: .lenient)
            return .json(.ok, value)
        }
        if let database {
            routes.get(BenchAPI.item, access: .public) { request, _ in
                guard let id = Int64(request.parameters["id"] ?? "") else { throw KitProblems.notFound.error("There is no such item.") }
                guard let item = try await database.first(BenchItemByID(id: id)) else { throw KitProblems.notFound.error("There is no such item.") }
                return .json(.ok, item)
            }
        }
        return routes
    }
}

/// The paths of the bare engine.
enum BenchAPI {
    static let plain: PathPattern = "/plain"
    static let json: PathPattern = "/json"
    static let echo: PathPattern = "/echo"
    static let item: PathPattern = "/items/{id}"
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
