import HTTPCore
import JSON
import Models

/// `linli seed`: everything has a code or number of its own, so seeding again changes nothing.
struct SeedCommand: Sendable {
    private static let city = "seeds/demo/shanghai.json"
    private static let stores = "seeds/data/stores-cn.csv"
    /// The city whose real stores get a menu, so that one can order from them.
    private static let shownCity = "上海市"
    private static let atOnce = 16

    let tool: Tool

    func run() async throws -> SeedReport {
        let token = try await tool.signIn.asOperator()
        var report = SeedReport()
        report.demoStores = try await seedCity(token)
        report.realStores = try await importRealStores()
        report.menus = try await seedMenus(token)
        return report
    }

    private func seedCity(_ token: String) async throws -> Int {
        guard let bytes = readFile(Self.city) else {
            throw CommandError("\(Self.city) cannot be read; run linli seed from the root of the repository")
        }
        let city: DemoCity
        do {
            city = try JSON.decode(DemoCity.self, from: bytes)
        } catch {
            throw CommandError("\(Self.city): \(error.pointer) \(error.message)")
        }
        var progress = Progress("seeding merchants", total: city.merchants.count)
        for (number, merchant) in city.merchants.enumerated() {
            try await seed(merchant, token)
            progress.show(number + 1)
        }
        return city.merchants.reduce(0) { $0 + $1.stores.count }
    }

    private func seed(_ merchant: DemoCity.Merchant, _ token: String) async throws {
        let door = tool.door
        let made: Merchant = try await door.call(
            .post, CatalogAPI.merchants.path(),
            body: NewMerchant(
                code: ImportStoresCommand.code(merchant.name.en), name: merchant.name, kind: merchant.kind),
            token: token, key: newKey())
        for store in merchant.stores {
            let opened: Store = try await door.call(
                .post, CatalogAPI.stores.path(),
                body: NewStore(
                    merchantID: made.id, number: store.number, name: store.name, description: store.description,
                    address: store.address, city: store.city, province: store.province, phone: store.phone,
                    location: store.location, timeZone: store.timeZone, openingHours: store.hours),
                token: token, key: newKey())
            for (number, item) in merchant.items.enumerated() {
                let _: Item = try await door.call(
                    .post, CatalogAPI.items.path(), body: Self.item(item, number: number + 1, of: opened.summary.id),
                    token: token, key: newKey())
            }
        }
    }

    private static func item(_ item: DemoCity.Item, number: Int, of store: StoreID) -> NewItem {
        NewItem(
            storeID: store, code: "item-\(number)", category: item.category, name: item.name,
            description: item.description, picture: item.picture,
            skus: item.skus.enumerated().map { position, sku in
                NewSKU(
                    code: "item-\(number)-\(position + 1)", name: sku.name,
                    price: Money(minorUnits: sku.price, currency: .cny), stock: sku.stock)
            })
    }

    /// The real list, round the clock: it has no hours, and a demonstration that is closed at night shows little.
    private func importRealStores() async throws -> Int {
        guard let bytes = readFile(Self.stores) else { throw CommandError("\(Self.stores) cannot be read") }
        let list: StoreListFile
        do {
            list = try StoreListFile(bytes)
        } catch {
            throw CommandError("\(Self.stores) is not a store list")
        }
        let report = try await ImportStoresCommand(tool: tool).run(list, openingHours: DayHours.always)
        return report.created + report.updated + report.unchanged
    }

    private func seedMenus(_ token: String) async throws -> Int {
        var stores: [StoreID] = []
        var cursor: String?
        repeat {
            let query = "?city=\(PathPattern.percentEncoded(Self.shownCity))&kind=cafe&limit=100"
            let from = cursor.map { "&cursor=\(PathPattern.percentEncoded($0))" } ?? ""
            let page: Page<StoreSummary> = try await tool.door.call(.get, CatalogAPI.stores.path() + query + from)
            stores += page.items.map(\.id)
            cursor = page.nextCursor
        } while cursor != nil
        let counter = Counted(Progress("seeding menus", total: stores.count))
        let door = tool.door
        try await forEach(stores, atOnce: Self.atOnce) { store in
            let there: Page<Item> = try await door.call(
                .get, CatalogAPI.storeItems.path(store) + "?limit=\(CafeMenu.drinks.count)")
            for drink in CafeMenu.drinks where !there.items.contains(where: { $0.code == drink.code }) {
                let _: Item = try await door.call(
                    .post, CatalogAPI.items.path(), body: CafeMenu.item(drink, of: store), token: token, key: newKey())
            }
            counter.one()
        }
        return stores.count
    }
}

struct SeedReport: Report {
    var demoStores = 0
    var realStores = 0
    var menus = 0

    var isRight: Bool { true }
    var text: String {
        "\(demoStores) demonstration stores, \(realStores) real stores, \(menus) of them with a menu"
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("demonstration_stores", demoStores)
        json.field("real_stores", realStores)
        json.field("menus", menus)
        json.endObject()
    }
}
