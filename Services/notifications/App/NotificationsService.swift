import HTTPServer
import Models
public import Postgres
public import ServiceKit

/// The notifications service: inboxes, live event streams and text messages.
public enum NotificationsService: Service {
    public static let name = "notifications"
    public static let databaseVariable = "NOTIFICATIONS_DATABASE_URL"
    public static let defaultPort = 7_004
    public static let neighbours = ["orders", "storefront"]
    /// Ten thousand people who watch an order, and room for the rest.
    public static let connectionsMax = 12_000
    public static let migrations = Migration.all(in: [
        ("0001_create_messages.sql", PackageResources._001_create_messages_sql),
        ("0002_order_messages.sql", PackageResources._002_order_messages_sql),
    ])
    public static let openAPI = PackageResources.openapi_yaml
    public static let problems = NotificationsProblems.kinds

    /// The settings; the README lists them.
    public struct Configuration: Sendable {
        /// LIVE_EVENTS_KEPT_SECONDS: how long a broken stream can go on where it was.
        let liveEventsKept: Duration
        /// STREAM_HEARTBEAT_SECONDS: how often a silent stream says that it lives.
        let heartbeat: Duration
    }

    public static func configuration(_ reader: inout ConfigurationReader) -> Configuration {
        Configuration(
            liveEventsKept: reader.seconds("LIVE_EVENTS_KEPT_SECONDS", default: 3_600, in: 60...86_400),
            heartbeat: reader.seconds("STREAM_HEARTBEAT_SECONDS", default: 15, in: 1...60))
    }

    public static func compose(_ configuration: Configuration, _ kit: Toolkit) async throws -> Composition {
        // Before the first stream opens: what happens from now on is handed out.
        let hub = LiveHub(position: try await kit.database.one(LastLiveEvent()), metrics: kit.metrics)
        let dispatch = DispatchLiveEvents(database: kit.database, hub: hub)
        let prune = PruneOldRows(kit: kit, liveEventsKept: configuration.liveEventsKept)
        return Composition(
            routes: routes(kit, hub),
            jobs: [
                Job(name: "DispatchLiveEvents", every: DispatchLiveEvents.every, wakeOn: LiveEvents.channel) { _ in
                    try await dispatch.run()
                },
                Job(name: "BeatLiveStreams", every: configuration.heartbeat / LiveHub.beatGroups) { _ in
                    hub.beat()
                    return .idle
                },
                Job(name: "PruneOldRows", every: .seconds(60)) { _ in try await prune.run() },
            ],
            onDrain: { hub.close() })
    }

    /// The table of contents: every route with who may call it.
    static func routes(_ kit: Toolkit, _ hub: LiveHub) -> Routes {
        let inbox = Inboxes(kit: kit)
        let streams = LiveStreams(database: kit.database, hub: hub)
        let texts = TextMessages(kit: kit)
        var routes = kit.routes
        routes.post(NotificationsAPI.events, access: .service(["orders"]), TakeOrderEvents(kit: kit).handle)
        routes.get(NotificationsAPI.inbox, access: .user, inbox.list)
        routes.post(NotificationsAPI.inboxRead, access: .user, inbox.markRead)
        routes.get(NotificationsAPI.myStream, access: .user, options: LiveStreams.options, streams.mine)
        routes.get(
            NotificationsAPI.storeStream, access: .staff(parameter: "store_id"), options: LiveStreams.options,
            streams.ofStore)
        routes.post(NotificationsAPI.textMessages, access: .service(["storefront"]), texts.send)
        routes.get(NotificationsAPI.developmentMailbox, access: .public, texts.mailbox)
        return routes
    }
}
