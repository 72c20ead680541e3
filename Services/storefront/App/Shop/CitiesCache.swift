import Clients
import EventLoop
import Models
import ServiceKit

/// The cities of the choice on the first page: the same for everybody, asked for once a minute.
final class CitiesCache: Sendable {
    private static let life = Duration.seconds(60)

    private struct Known: Sendable {
        var cities: [CityCount] = []
        var until = Timestamp(microseconds: 0)
    }
    private let known = Locked(Known())

    /// The cities with most stores first; what was known before when the catalog does not answer.
    func get(_ catalog: CatalogClient, _ context: CallContext, now: Timestamp) async -> [CityCount] {
        let present = known.withLock { $0 }
        if present.until > now { return present.cities }
        // Losing the error is right: the page works without the list, and says so by itself when nothing answers.
        guard let page = try? await catalog.cities(limit: 100, context) else { return present.cities }
        known.withLock { $0 = Known(cities: page.items, until: now + Self.life) }
        return page.items
    }
}
