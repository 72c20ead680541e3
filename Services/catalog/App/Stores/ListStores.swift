import EventLoop
import HTTPCore
import HTTPServer
import Models
import Postgres
import ServiceKit

/// `GET /v1/stores`: the stores of a search, nearest first when a place is given.
struct ListStores: Sendable {
    let database: Database
    let now: @Sendable () -> Timestamp

    func handle(_ request: Request, _: Caller) async throws -> Response {
        let query = try StoreQuery { request.query[$0] }
        let page = try await page(query, deadline: request.deadline)
        return Response.json(.ok, page).conditional(for: request, cacheControl: "public, max-age=15")
    }

    /// One page. A page of the nearest may be short and still have a next one, when few of very many stores fit.
    func page(_ query: StoreQuery, deadline: Instant?) async throws -> Page<StoreSummary> {
        let input = StoreListInput(
            vector: query.place.map(GreatCircle.vector), after: (query.after.chord, query.after.id),
            kinds: query.kind.map { [$0] } ?? StoreKind.allCases, openOnly: query.openOnly, at: now(),
            limit: query.limit + 1)
        let (rows, frontier) = try await rows(query, input, deadline)
        let shown = rows.prefix(query.limit)
        let items = shown.map { row in
            row.store.summary(distanceMetres: query.place == nil ? nil : GreatCircle.metres(chord: row.chord))
        }
        var next = frontier
        if rows.count > query.limit, let last = shown.last {
            next = StoreQuery.Position(chord: last.chord, id: last.store.id.uuid)
        }
        return Page(items: items, nextCursor: next?.cursor)
    }

    private func rows(
        _ query: StoreQuery, _ input: StoreListInput, _ deadline: Instant?
    ) async throws -> ([ListedStore], frontier: StoreQuery.Position?) {
        if let text = query.text {
            let search = SearchedStores(input: input, text: text, city: query.city ?? "")
            return (try await database.all(search, deadline: deadline), nil)
        }
        if let city = query.city {
            return (try await database.all(CityStores(input: input, city: city), deadline: deadline), nil)
        }
        guard let vector = input.vector else {
            return (try await database.all(AllStores(input: input), deadline: deadline), nil)
        }
        let near = try await database.all(NearestStores(input: input), deadline: deadline)
        // Without a filter the nearest 200 hold a full page, or all there are.
        guard near.count < input.limit, query.openOnly || query.kind != nil else { return (near, nil) }
        let farther = try await database.all(NearestStoresFarther(input: input), deadline: deadline)
        guard farther.count < input.limit,
            let chord = try await database.first(
                NearestFrontier(vector: vector, after: input.after), deadline: deadline)
        else { return (farther, nil) }
        return (farther, .behind(chord: chord))
    }
}
