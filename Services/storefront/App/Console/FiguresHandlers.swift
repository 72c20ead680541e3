import Clients
import HTTPCore
import HTTPServer
import Models
import ServiceKit

/// What a store sold, and what all stores of a person sold.
struct FiguresHandlers: Sendable {
    /// Days of the chart.
    private static let chartDays = 14

    let site: Site
    let catalog: CatalogClient
    let orders: OrdersClient
    private let door: ConsoleDoor
    private let clock = DisplayClock()

    init(site: Site, catalog: CatalogClient, orders: OrdersClient) {
        self.site = site
        self.catalog = catalog
        self.orders = orders
        door = ConsoleDoor(catalog: catalog)
    }

    func store(_ visit: Visit) async throws -> Reply {
        let (id, authority) = try door.enter(visit)
        let store = try await catalog.store(id, visit.context)
        let days = lastDays(visit.now, zone: store.summary.timeZone)
        let span = FiguresSpan(visit.request.query, days: days)
        async let total = figures(id, span.from, span.to, visit, authority)
        let daily = try await daily(id, days, visit, authority)
        let page = FiguresPage(store: store, span: span, figures: try await total, daily: daily)
        return .page(page.page(site.context(visit)))
    }

    /// All stores that the person works for, and their sums.
    func merchant(_ visit: Visit) async throws -> Reply {
        guard let viewer = visit.viewer else { throw SignInNeeded() }
        let authority = try visit.authority()
        let stores = await ConsoleHandlers.stores(of: viewer, catalog, visit)
        let zone = stores.first?.summary.timeZone ?? "Asia/Shanghai"
        let span = FiguresSpan(visit.request.query, days: lastDays(visit.now, zone: zone))
        var rows: [MerchantFiguresPage.Row] = []
        for store in stores {
            let figures = try await figures(store.summary.id, span.from, span.to, visit, authority)
            rows.append(MerchantFiguresPage.Row(store: store.summary, figures: figures))
        }
        return .page(MerchantFiguresPage(span: span, rows: rows).page(site.context(visit)))
    }

    private func figures(
        _ id: StoreID, _ from: String?, _ to: String?, _ visit: Visit, _ authority: Authority
    ) async throws -> StoreFigures {
        try await orders.figures(id, from: from, to: to, visit.context, authority: authority)
    }

    private func daily(
        _ id: StoreID, _ days: [String], _ visit: Visit, _ authority: Authority
    ) async throws -> [FiguresPage.Day] {
        try await withThrowingTaskGroup(of: FiguresPage.Day.self) { group in
            for day in days {
                group.addTask { FiguresPage.Day(day: day, figures: try await figures(id, day, day, visit, authority)) }
            }
            return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.day < $1.day }
        }
    }

    /// The last days of the place, today last. Noon is stepped from, so that a day of 23 or 25 hours is no trap.
    private func lastDays(_ now: Timestamp, zone: String) -> [String] {
        let noon = clock.startOfDay(now, zone: zone) + .seconds(43_200)
        return (0..<Self.chartDays).reversed().map { back in
            clock.day(noon + .seconds(-86_400 * back), zone: zone)
        }
    }
}

/// The days that figures are asked for, on the store's clock.
struct FiguresSpan: Sendable {
    enum Choice: String, Sendable, CaseIterable { case today, week, fortnight, all, days }

    let choice: Choice
    /// `2026-11-23`; nil: from the first day.
    let from: String?
    let to: String?

    /// - Parameter days: the last days, today last.
    init(_ query: QueryItems, days: [String]) {
        if let from = Self.day(query["from"]), let to = Self.day(query["to"]), from <= to {
            (choice, self.from, self.to) = (.days, from, to)
            return
        }
        choice = query["span"].flatMap(Choice.init(rawValue:)).flatMap { $0 == .days ? nil : $0 } ?? .today
        switch choice {
        case .today: (from, to) = (days.last, days.last)
        case .week: (from, to) = (days.suffix(7).first, days.last)
        case .fortnight: (from, to) = (days.first, days.last)
        case .all, .days: (from, to) = (nil, nil)
        }
    }

    /// A day that exists, as `<input type="date">` sends it.
    private static func day(_ text: String?) -> String? {
        guard let text, text.utf8.count == 10, Timestamp(text + "T00:00:00Z") != nil else { return nil }
        return text
    }
}
