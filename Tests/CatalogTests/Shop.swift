import Glibc
import JSON
import Models
import Postgres
import ServiceKit
import TestSupport
@testable import Catalog

/// A store with one item and as many SKUs as a test wants, made by the service's own statements.
struct Shop: Sendable {
    let database: Database
    let merchantID: MerchantID
    let storeID: StoreID
    let itemID: ItemID
    let skuIDs: [SKUID]

    static let now = Timestamp(microseconds: 1_795_411_446_000_000)

    /// Runs `body` on a fresh database with the schema of the service.
    static func withDatabase(_ body: (TestDatabase) async throws -> Void) async throws {
        try await TestDatabase.with(migrations: KitMigrations.all + CatalogService.migrations, body)
    }

    /// Makes a shop whose SKUs have this stock, each at 10.00 CNY.
    static func make(_ database: Database, stock: [Int], buffer: Int = 0) async throws -> Shop {
        let id = MerchantID.make(at: now)
        let new = NewMerchant(code: id.description, name: LocalizedText(zh: "面馆", en: "Noodles"), kind: .restaurant)
        let merchant = try await database.one(InsertMerchant(id: id, merchant: new, at: now))
        let store = NewStore(
            merchantID: merchant.id, number: "1", name: LocalizedText(zh: "人民广场店", en: "People's Square"),
            address: "汉口路 300 号", city: "上海市", province: "31",
            location: Coordinates(latitude: 31.2335, longitude: 121.4737), openingHours: [])
        let storeID = try await database.one(
            InsertStore(
                id: .make(at: now), store: store, place: store.location, hours: WeekHours(spans: []), at: now))
        let skus = stock.map {
            NewSKU(price: Money(minorUnits: 1_000), stock: $0, onlineBuffer: buffer)
        }
        let item = NewItem(
            storeID: storeID, category: LocalizedText(zh: "面", en: "Noodles"),
            name: LocalizedText(zh: "葱油拌面", en: "Scallion oil noodles"), skus: skus)
        let itemID = ItemID.make(at: now)
        let ids = skus.map { _ in SKUID.make(at: now) }
        _ = try await database.one(
            InsertItem(
                item: item, itemID: itemID, categoryID: .make(at: now), code: itemID.description,
                skus: ids.map { ($0, $0.description) }, actor: "test", at: now))
        return Shop(
            database: database, merchantID: merchant.id, storeID: storeID, itemID: itemID, skuIDs: ids)
    }

    /// A request for numbers of SKUs, by their index.
    func request(
        _ lines: [(sku: Int, quantity: Int)], order: OrderID = .make(at: now), expiresAt: Timestamp? = nil
    ) -> ReservationRequest {
        ReservationRequest(
            orderID: order, storeID: storeID, expiresAt: expiresAt ?? Self.now + .seconds(900),
            lines: lines.map { ReservationLine(skuID: skuIDs[$0.sku], quantity: $0.quantity) })
    }

    /// Reserves as the service does.
    func reserve(_ requests: [ReservationRequest]) async throws -> [ReservationResult] {
        try await StockReserver(database: database, now: { Self.now }).reserve(requests)
    }

    /// `on_hand` and `reserved` of a SKU.
    func level(_ sku: Int) async throws -> (onHand: Int, reserved: Int) {
        let levels = try await database.all(
            StockLevels(storeID: storeID, after: UUID128(high: 0, low: 0), limit: 10_000))
        let level = levels.first { $0.skuID == skuIDs[sku] }
        return (level?.onHand ?? -1, level?.reserved ?? -1)
    }

    func state(_ order: OrderID) async throws -> ReservationState? {
        try await database.first(FindReservations(orderIDs: [order]))?.state
    }
}

/// Stock rows that differ from the sums of their ledger, or from what reservations hold. Always none.
struct StockFaults: Statement {
    static let name: StaticString = "test_stock_faults"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        WITH ledger AS (
            SELECT store_id, sku_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved
            FROM stock_ledger
            GROUP BY store_id, sku_id
        ),
        held AS (
            SELECT r.store_id, l.sku_id, sum(l.quantity) AS quantity
            FROM reservations AS r
            CROSS JOIN LATERAL unnest(r.sku_ids, r.quantities) AS l (sku_id, quantity)
            WHERE r.state = 'held'
            GROUP BY r.store_id, l.sku_id
        )
        SELECT count(*)
        FROM stock AS s
        LEFT JOIN ledger AS g ON g.store_id = s.store_id AND g.sku_id = s.sku_id
        LEFT JOIN held AS h ON h.store_id = s.store_id AND h.sku_id = s.sku_id
        WHERE s.on_hand <> coalesce(g.on_hand, 0) OR s.reserved <> coalesce(g.reserved, 0)
            OR s.reserved <> coalesce(h.quantity, 0)
        """
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int { try row.next() }
}

/// Events in the outbox, by type.
struct OutboxTypes: Statement {
    static let name: StaticString = "test_outbox_types"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT type FROM outbox ORDER BY sequence"
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}

/// A file of the repository, by its path from the root.
func repositoryFile(_ path: String, from file: String = #filePath) throws -> [UInt8] {
    let root = file.split(separator: "/").dropLast(3).joined(separator: "/")
    guard let stream = fopen("/\(root)/\(path)", "rb") else { throw MissingFile(path: path) }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&chunk, 1, chunk.count, stream)
        guard count > 0 else { return bytes }
        bytes += chunk[..<count]
    }
}

struct MissingFile: Error {
    let path: String
}
