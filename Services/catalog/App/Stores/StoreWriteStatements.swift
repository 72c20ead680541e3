import Models
import Postgres

/// Makes a merchant, or finds the one of this code.
struct InsertMerchant: Statement {
    static let name: StaticString = "insert_merchant"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH inserted AS (
            INSERT INTO merchants (id, code, name_zh, name_en, kind, created_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (code) DO UPDATE SET code = excluded.code
            RETURNING id, code, name_zh, name_en, kind
        )
        SELECT id, code, name_zh, name_en, kind
        FROM inserted
        """
    let id: MerchantID
    let merchant: NewMerchant
    let at: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(id)
        parameters.append(merchant.code)
        parameters.append(merchant.name.zh)
        parameters.append(merchant.name.en)
        parameters.append(merchant.kind)
        parameters.append(at)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Merchant { try Merchant(&row) }
}

/// One merchant.
struct FindMerchant: Statement {
    static let name: StaticString = "find_merchant"
    static let mode = StatementMode.read
    static let sql: StaticString = "SELECT id, code, name_zh, name_en, kind FROM merchants WHERE id = $1"
    let id: MerchantID

    func bind(to parameters: inout Parameters) { parameters.append(id) }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> Merchant { try Merchant(&row) }
}

extension Merchant {
    init(_ row: inout RowReader) throws(PostgresError) {
        self.init(
            id: try row.next(), code: try row.next(), name: LocalizedText(zh: try row.next(), en: try row.next()),
            kind: try row.next())
    }
}

/// Makes a store, or finds the one of this merchant and number.
struct InsertStore: Statement {
    static let name: StaticString = "insert_store"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO stores (id, merchant_id, number, kind, name_zh, name_en, description_zh, description_en, address,
            city, province, postcode, phone, latitude, longitude, source_latitude, source_longitude, datum, time_zone,
            hours, accepting_orders, created_at, updated_at)
        SELECT $1, m.id, $3, m.kind, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
            $21, $21
        FROM merchants AS m
        WHERE m.id = $2
        ON CONFLICT (merchant_id, number) DO UPDATE SET number = excluded.number
        RETURNING id
        """
    let id: StoreID
    let store: NewStore
    /// WGS-84.
    let place: Coordinates
    let hours: WeekHours
    let at: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(id)
        parameters.append(store.merchantID)
        parameters.append(store.number)
        parameters.append(store.name.zh)
        parameters.append(store.name.en)
        parameters.append(store.description.zh)
        parameters.append(store.description.en)
        parameters.append(store.address)
        parameters.append(store.city)
        parameters.append(store.province)
        parameters.append(store.postcode)
        parameters.append(store.phone)
        parameters.append(place.latitude)
        parameters.append(place.longitude)
        parameters.append(store.location.latitude)
        parameters.append(store.location.longitude)
        parameters.append(store.datum)
        parameters.append(store.timeZone)
        parameters.append(hours.flat)
        parameters.append(store.isAcceptingOrders)
        parameters.append(at)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> StoreID { try row.next() }
}
