import Models
import Postgres

/// One store with what its page shows.
struct FindStore: Statement {
    static let name: StaticString = "find_store"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT s.id, s.number, s.merchant_id, s.kind, s.name_zh, s.name_en, s.address, s.city, s.province, s.phone,
            s.latitude, s.longitude, s.time_zone, s.hours, minute_of_week($2, s.time_zone), s.accepting_orders,
            s.rating_sum, s.rating_count, s.description_zh, s.description_en, s.postcode
        FROM stores AS s
        WHERE s.id = $1
        """
    let id: StoreID
    let at: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(id)
        parameters.append(at)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Store {
        let store = try StoreRow(&row)
        return Store(
            summary: store.summary(), openingHours: store.hours.days,
            description: LocalizedText(zh: try row.next(), en: try row.next()), postcode: try row.next())
    }
}

/// Whether a store exists.
struct StoreExists: Statement {
    static let name: StaticString = "store_exists"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT EXISTS (SELECT FROM stores WHERE id = $1)"
    let id: StoreID

    func bind(to parameters: inout Parameters) { parameters.append(id) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool { try row.next() }
}

/// The cities that have stores, most stores first.
struct Cities: Statement {
    static let name: StaticString = "cities"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT city, count(*)
        FROM stores
        GROUP BY city
        HAVING count(*) < $1 OR (count(*) = $1 AND city > $2)
        ORDER BY count(*) DESC, city
        LIMIT $3
        """
    let after: (count: Int64, name: String)
    let limit: Int

    func bind(to parameters: inout Parameters) {
        parameters.append(after.count)
        parameters.append(after.name)
        parameters.append(Int64(limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> CityCount {
        CityCount(name: try row.next(), storeCount: try row.next())
    }
}
