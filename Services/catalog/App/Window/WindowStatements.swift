import Models
import Postgres

/// What a store's window shows, told by four numbers: equal numbers, equal windows.
struct WindowVersion: Sendable, Hashable {
    /// Counted up by every change of the store, its menu, its prices and its reviews.
    let version: Int64
    /// A digest of what can be sold of each SKU.
    let stock: Int64
    let isOpenNow: Bool
    /// Day of the week on the store's clock, 0 is Monday: the window tells the hours of today.
    let day: Int32

    /// The first part counts up when the way in which the window is written changes.
    var tag: String { "\"1.\(version).\(String(UInt64(bitPattern: stock), radix: 36)).\(isOpenNow ? 1 : 0)\(day)\"" }
}

/// The version of a store's window; no row when there is no such store.
///
/// What can be sold is read from the stock itself, so a reservation writes nothing for this and yet is seen at once.
/// `bit_xor` over the digest of each SKU with its number: the order of the rows does not matter.
struct StoreWindowVersion: Statement {
    static let name: StaticString = "store_window_version"
    static let mode = StatementMode.read
    static let sql: StaticString = """
        SELECT coalesce(v.version, 0),
            coalesce((
                SELECT bit_xor(hashint8extended(
                    greatest(0, k.on_hand - k.reserved - k.online_buffer), uuid_hash_extended(k.sku_id, 0)))
                FROM stock AS k
                WHERE k.store_id = s.id
            ), 0),
            s.open_minutes @> m.minute, m.minute / 1440
        FROM stores AS s
        CROSS JOIN LATERAL (SELECT minute_of_week($2, s.time_zone) AS minute) AS m
        LEFT JOIN store_versions AS v ON v.store_id = s.id
        WHERE s.id = $1
        """
    let id: StoreID
    let at: Timestamp

    func bind(to parameters: inout Parameters) {
        parameters.append(id)
        parameters.append(at)
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> WindowVersion {
        WindowVersion(
            version: try row.next(), stock: try row.next(), isOpenNow: try row.next(), day: try row.next())
    }
}
