import Models
import Postgres

/// A row of a list of stores, with its place in the order.
struct ListedStore: Sendable {
    let store: StoreRow
    /// Chord to the place asked for on the unit sphere; 0 when no place was given.
    let chord: Double

    init(_ row: inout RowReader) throws(PostgresError) {
        store = try StoreRow(&row)
        chord = try row.next()
    }
}

/// What all lists of stores take: where from, how many, which.
struct StoreListInput: Sendable {
    /// Unit vector of the place asked for; nil: the order is by identity.
    let vector: [Double]?
    /// The last row of the page before.
    let after: (chord: Double, id: UUID128)
    let kinds: [StoreKind]
    let openOnly: Bool
    let at: Timestamp
    let limit: Int

    /// `$1` … `$7` of the statements ordered by place.
    func bind(to parameters: inout Parameters) {
        parameters.append(vector ?? [1, 0, 0])
        parameters.append(after.chord)
        parameters.append(after.id)
        parameters.append(kinds)
        parameters.append(openOnly)
        parameters.append(at)
        parameters.append(Int64(limit))
    }
}

/// The nearest stores, in order, by the index, which hands them out one by one until the page is full.
///
/// The innermost limit is a literal, and identity is left to the outermost order, so that the planner of PostgreSQL 15
/// takes the index: it knows the limit, and it gives up on an index order when a second column follows it. Stores at one
/// place count as one (`WITH TIES`), so that identity orders all of them. The order between the limits is the index's
/// own, which is why no more rows are read than the page needs. When few of the nearest 200 fit (late at night),
/// `NearestStoresFarther` looks on.
struct NearestStores: Statement {
    static let name: StaticString = "nearest_stores"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT f.id, f.number, f.merchant_id, f.kind, f.name_zh, f.name_en, f.address, f.city, f.province, f.phone,
            f.latitude, f.longitude, f.time_zone, f.hours, minute_of_week($6, f.time_zone), f.accepting_orders,
            f.rating_sum, f.rating_count, f.chord
        FROM (
            SELECT *
            FROM (
                SELECT *, position <-> cube($1::float8[]) AS chord
                FROM stores
                WHERE (position <-> cube($1::float8[]), id) > ($2, $3)
                ORDER BY position <-> cube($1::float8[])
                FETCH FIRST 200 ROWS WITH TIES
            ) AS s
            WHERE s.kind = ANY ($4)
                AND (NOT $5 OR s.open_minutes @> minute_of_week($6, s.time_zone))
            ORDER BY s.chord
            FETCH FIRST $7 ROWS WITH TIES
        ) AS f
        ORDER BY f.chord, f.id
        LIMIT $7
        """
    let input: StoreListInput

    func bind(to parameters: inout Parameters) { input.bind(to: &parameters) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> ListedStore { try ListedStore(&row) }
}

/// The same among the nearest 5,000. When the page is still not full, `NearestFrontier` says where the next begins.
struct NearestStoresFarther: Statement {
    static let name: StaticString = "nearest_stores_farther"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT f.id, f.number, f.merchant_id, f.kind, f.name_zh, f.name_en, f.address, f.city, f.province, f.phone,
            f.latitude, f.longitude, f.time_zone, f.hours, minute_of_week($6, f.time_zone), f.accepting_orders,
            f.rating_sum, f.rating_count, f.chord
        FROM (
            SELECT *
            FROM (
                SELECT *, position <-> cube($1::float8[]) AS chord
                FROM stores
                WHERE (position <-> cube($1::float8[]), id) > ($2, $3)
                ORDER BY position <-> cube($1::float8[])
                FETCH FIRST 5000 ROWS WITH TIES
            ) AS s
            WHERE s.kind = ANY ($4)
                AND (NOT $5 OR s.open_minutes @> minute_of_week($6, s.time_zone))
            ORDER BY s.chord
            FETCH FIRST $7 ROWS WITH TIES
        ) AS f
        ORDER BY f.chord, f.id
        LIMIT $7
        """
    let input: StoreListInput

    func bind(to parameters: inout Parameters) { input.bind(to: &parameters) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> ListedStore { try ListedStore(&row) }
}

/// The distance of the last of the 5,000 stores that `NearestStoresFarther` looks at; no row when there are fewer.
struct NearestFrontier: Statement {
    static let name: StaticString = "nearest_frontier"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT position <-> cube($1::float8[])
        FROM stores
        WHERE (position <-> cube($1::float8[]), id) > ($2, $3)
        ORDER BY position <-> cube($1::float8[])
        OFFSET 4999
        LIMIT 1
        """
    let vector: [Double]
    let after: (chord: Double, id: UUID128)

    func bind(to parameters: inout Parameters) {
        parameters.append(vector)
        parameters.append(after.chord)
        parameters.append(after.id)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Double { try row.next() }
}

/// All stores by identity.
struct AllStores: Statement {
    static let name: StaticString = "all_stores"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT s.id, s.number, s.merchant_id, s.kind, s.name_zh, s.name_en, s.address, s.city, s.province, s.phone,
            s.latitude, s.longitude, s.time_zone, s.hours, minute_of_week($4, s.time_zone), s.accepting_orders,
            s.rating_sum, s.rating_count, 0::float8
        FROM stores AS s
        WHERE s.id > $1
            AND s.kind = ANY ($2)
            AND (NOT $3 OR s.open_minutes @> minute_of_week($4, s.time_zone))
        ORDER BY s.id
        LIMIT $5
        """
    let input: StoreListInput

    func bind(to parameters: inout Parameters) {
        parameters.append(input.after.id)
        parameters.append(input.kinds)
        parameters.append(input.openOnly)
        parameters.append(input.at)
        parameters.append(Int64(input.limit))
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> ListedStore { try ListedStore(&row) }
}

/// The stores of a city, nearest first when a place is given.
struct CityStores: Statement {
    static let name: StaticString = "city_stores"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT s.id, s.number, s.merchant_id, s.kind, s.name_zh, s.name_en, s.address, s.city, s.province, s.phone,
            s.latitude, s.longitude, s.time_zone, s.hours, minute_of_week($6, s.time_zone), s.accepting_orders,
            s.rating_sum, s.rating_count, s.chord
        FROM (
            SELECT id, number, merchant_id, kind, name_zh, name_en, address, city, province, phone, latitude,
                longitude, time_zone, hours, open_minutes, accepting_orders, rating_sum, rating_count,
                CASE WHEN $8 THEN position <-> cube($1::float8[]) ELSE 0 END AS chord
            FROM stores
            WHERE city = $9
        ) AS s
        WHERE (s.chord, s.id) > ($2, $3)
            AND s.kind = ANY ($4)
            AND (NOT $5 OR s.open_minutes @> minute_of_week($6, s.time_zone))
        ORDER BY s.chord, s.id
        LIMIT $7
        """
    let input: StoreListInput
    let city: String

    func bind(to parameters: inout Parameters) {
        input.bind(to: &parameters)
        parameters.append(input.vector != nil)
        parameters.append(city)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> ListedStore { try ListedStore(&row) }
}

/// The stores whose name, address, city or number contain a text, nearest first when a place is given.
struct SearchedStores: Statement {
    static let name: StaticString = "searched_stores"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT s.id, s.number, s.merchant_id, s.kind, s.name_zh, s.name_en, s.address, s.city, s.province, s.phone,
            s.latitude, s.longitude, s.time_zone, s.hours, minute_of_week($6, s.time_zone), s.accepting_orders,
            s.rating_sum, s.rating_count, s.chord
        FROM (
            SELECT id, number, merchant_id, kind, name_zh, name_en, address, city, province, phone, latitude,
                longitude, time_zone, hours, open_minutes, accepting_orders, rating_sum, rating_count,
                CASE WHEN $8 THEN position <-> cube($1::float8[]) ELSE 0 END AS chord
            FROM stores
            WHERE grams_of(search_text) @> grams_of(lower($9))
                AND strpos(search_text, lower($9)) > 0
                AND ($10 = '' OR city = $10)
        ) AS s
        WHERE (s.chord, s.id) > ($2, $3)
            AND s.kind = ANY ($4)
            AND (NOT $5 OR s.open_minutes @> minute_of_week($6, s.time_zone))
        ORDER BY s.chord, s.id
        LIMIT $7
        """
    let input: StoreListInput
    let text: String
    let city: String

    func bind(to parameters: inout Parameters) {
        input.bind(to: &parameters)
        parameters.append(input.vector != nil)
        parameters.append(text)
        parameters.append(city)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> ListedStore { try ListedStore(&row) }
}
