import Models
import Postgres

/// Creates or updates stores of one merchant by their number, set-based; a store that is there just so is not touched.
/// Hours, description and pause are given to new stores only: lists do not have them, and people change them here.
struct UpsertStores: Statement {
    static let name: StaticString = "upsert_stores"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH given AS MATERIALIZED (
            SELECT g.number, g.id, g.name, g.address, g.city, g.province, nullif(g.postcode, '') AS postcode,
                nullif(g.phone, '') AS phone, g.time_zone, g.latitude, g.longitude
            FROM unnest($4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
                $11::text[], $12::text[], $13::float8[], $14::float8[])
                AS g (number, id, name, address, city, province, postcode, phone, time_zone, latitude, longitude)
        ),
        written AS (
            INSERT INTO stores AS t (id, merchant_id, number, kind, name_zh, name_en, description_zh, description_en,
                address, city, province, postcode, phone, latitude, longitude, source_latitude, source_longitude,
                datum, time_zone, hours, accepting_orders, created_at, updated_at)
            SELECT g.id, $1, g.number, $2, g.name, g.name, '', '', g.address, g.city, g.province, g.postcode, g.phone,
                g.latitude, g.longitude, g.latitude, g.longitude, 'WGS-84', g.time_zone, $15, true, $3, $3
            FROM given AS g
            ORDER BY g.number
            ON CONFLICT (merchant_id, number) DO UPDATE
            SET name_zh = excluded.name_zh, name_en = excluded.name_en, address = excluded.address,
                city = excluded.city, province = excluded.province, postcode = excluded.postcode,
                phone = excluded.phone, latitude = excluded.latitude, longitude = excluded.longitude,
                source_latitude = excluded.source_latitude, source_longitude = excluded.source_longitude,
                datum = excluded.datum, time_zone = excluded.time_zone, updated_at = excluded.updated_at
            WHERE (t.name_zh, t.address, t.city, t.province, t.postcode, t.phone, t.latitude, t.longitude, t.time_zone)
                IS DISTINCT FROM (excluded.name_zh, excluded.address, excluded.city, excluded.province,
                excluded.postcode, excluded.phone, excluded.latitude, excluded.longitude, excluded.time_zone)
            RETURNING t.id, t.number, t.xmax = 0 AS is_new
        )
        SELECT g.number, coalesce(w.id, t.id),
            CASE WHEN w.is_new THEN 'created' WHEN w.id IS NOT NULL THEN 'updated' ELSE 'unchanged' END
        FROM given AS g
        LEFT JOIN written AS w ON w.number = g.number
        LEFT JOIN stores AS t ON t.merchant_id = $1 AND t.number = g.number
        """
    let merchantID: MerchantID
    let kind: StoreKind
    let at: Timestamp
    let rows: [(id: StoreID, row: StoreImportRow)]
    let hours: WeekHours

    func bind(to parameters: inout Parameters) {
        parameters.append(merchantID)
        parameters.append(kind)
        parameters.append(at)
        parameters.append(rows.map(\.row.number))
        parameters.append(rows.map(\.id))
        parameters.append(rows.map(\.row.name))
        parameters.append(rows.map(\.row.address))
        parameters.append(rows.map(\.row.city))
        parameters.append(rows.map(\.row.province))
        parameters.append(rows.map(\.row.postcode))
        parameters.append(rows.map(\.row.phone))
        parameters.append(rows.map(\.row.timeZone))
        parameters.append(rows.map(\.row.latitude))
        parameters.append(rows.map(\.row.longitude))
        parameters.append(hours.flat)
    }
    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (number: String, id: StoreID?, outcome: StoreImportOutcome) {
        let number: String = try row.next()
        let id: StoreID? = try row.next()
        let outcome: String = try row.next()
        return (number, id, StoreImportOutcome(rawValue: outcome) ?? .unchanged)
    }
}

/// Which of these names are IANA time zones that the database knows.
struct KnownTimeZones: Statement {
    static let name: StaticString = "known_time_zones"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT name FROM pg_timezone_names WHERE name = ANY ($1)"
    let names: [String]

    func bind(to parameters: inout Parameters) { parameters.append(names) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> String { try row.next() }
}
