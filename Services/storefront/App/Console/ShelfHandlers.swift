import Clients
import HTTPCore
import HTTPServer
import Models
import ServiceKit

/// What the store sells: items, prices, stock.
struct ShelfHandlers: Sendable {
    private static let itemsLimit = 50
    /// Pages of stock levels that are read for one page of items.
    private static let stockPagesMax = 10
    private static let stockLimit = 100

    let site: Site
    let catalog: CatalogClient
    private let door: ConsoleDoor

    init(site: Site, catalog: CatalogClient) {
        self.site = site
        self.catalog = catalog
        door = ConsoleDoor(catalog: catalog)
    }

    func show(_ visit: Visit) async throws -> Reply {
        try await page(visit, form: NewItemForm(), status: .ok)
    }

    private func page(_ visit: Visit, form: NewItemForm, status: HTTPStatus) async throws -> Reply {
        let (id, authority) = try door.enter(visit)
        let context = visit.context
        let words = String((visit.request.query["q"] ?? "").prefix(60))
        async let store = catalog.store(id, context)
        async let levels = levels(of: id, visit, authority)
        let items = try await catalog.items(
            of: id, text: words.isEmpty ? nil : words, limit: Self.itemsLimit, cursor: visit.request.query["cursor"],
            context)
        let page = ShelfPage(
            store: try await store, items: items.items, next: items.nextCursor, levels: try await levels,
            words: words, canEdit: visit.viewer?.caller.mayAct(for: id, as: .manager) == true,
            message: form.errors.isEmpty ? door.message(visit) : nil, form: form,
            makeKey: { CheckoutPages.makeKey() })
        return .page(page.page(site.context(visit)), status: status)
    }

    private func levels(of store: StoreID, _ visit: Visit, _ authority: Authority) async throws -> [SKUID: StockLevel] {
        var levels: [SKUID: StockLevel] = [:]
        var cursor: String?
        for _ in 0..<Self.stockPagesMax {
            let page = try await catalog.stock(
                of: store, limit: Self.stockLimit, cursor: cursor, visit.context, authority: authority)
            for level in page.items { levels[level.skuID] = level }
            cursor = page.nextCursor
            if cursor == nil { break }
        }
        return levels
    }

    func setPrice(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let (id, authority) = try door.enter(visit, as: .manager)
        let sku = try visit.request.parameters.require("sku_id", as: SKUID.self)
        let shelf = Self.shelf(id)
        guard let currency = Currency(fields["currency"]), let price = PriceField.read(fields["price"], currency) else {
            return .redirect("\(continuing: shelf)?problem=invalid_price")
        }
        return try await door.done(shelf) {
            _ = try await catalog.change(sku, SKUChange(price: price), visit.context, authority: authority)
            return "\(continuing: shelf)?done=price"
        }
    }

    func adjustStock(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let (id, authority) = try door.enter(visit)
        let sku = try visit.request.parameters.require("sku_id", as: SKUID.self)
        guard let key = CheckoutPages.key(fields) else { throw PageProblem.unreadableForm }
        let shelf = Self.shelf(id)
        guard let delta = PriceField.readChange(fields["delta"]), let cause = StockCause(rawValue: fields["cause"])
        else { return .redirect("\(continuing: shelf)?problem=invalid_stock_change") }
        return try await door.done(shelf) {
            let line = StockAdjustmentLine(skuID: sku, delta: delta, cause: cause)
            _ = try await catalog.adjust(
                StockAdjustment(storeID: id, lines: [line]), key: key, visit.context, authority: authority)
            return "\(continuing: shelf)?done=stock"
        }
    }

    /// A new item with one variant. What was typed comes back with what is wrong with it.
    func addItem(_ visit: Visit, _ fields: FormFields) async throws -> Reply {
        let (id, authority) = try door.enter(visit, as: .manager)
        guard let key = CheckoutPages.key(fields) else { throw PageProblem.unreadableForm }
        let form = NewItemForm(fields)
        guard let item = form.item(for: id) else {
            return try await page(visit, form: form, status: .unprocessableContent)
        }
        return try await door.done(Self.shelf(id)) {
            _ = try await catalog.create(item, key: key, visit.context, authority: authority)
            return "\(continuing: Self.shelf(id))?done=item"
        }
    }

    private static func shelf(_ id: StoreID) -> Link { "/console/\(id.description)/items" }
}
