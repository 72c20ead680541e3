/// The number by which PostgreSQL names a type on the wire (`pg_type.oid`; built-in types have fixed numbers).
///
/// - Source: PostgreSQL `src/include/catalog/pg_type.dat`.
public struct PostgresType: RawRepresentable, Hashable, Sendable {
    /// The type's oid.
    public let rawValue: UInt32

    /// A type by its oid.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    static let bool = PostgresType(rawValue: 16)
    static let bytea = PostgresType(rawValue: 17)
    static let name = PostgresType(rawValue: 19)
    static let int8 = PostgresType(rawValue: 20)
    static let int2 = PostgresType(rawValue: 21)
    static let int4 = PostgresType(rawValue: 23)
    static let text = PostgresType(rawValue: 25)
    static let json = PostgresType(rawValue: 114)
    static let float4 = PostgresType(rawValue: 700)
    static let float8 = PostgresType(rawValue: 701)
    static let unknown = PostgresType(rawValue: 705)
    static let boolArray = PostgresType(rawValue: 1000)
    static let byteaArray = PostgresType(rawValue: 1001)
    static let nameArray = PostgresType(rawValue: 1003)
    static let int2Array = PostgresType(rawValue: 1005)
    static let int4Array = PostgresType(rawValue: 1007)
    static let textArray = PostgresType(rawValue: 1009)
    static let bpcharArray = PostgresType(rawValue: 1014)
    static let varcharArray = PostgresType(rawValue: 1015)
    static let int8Array = PostgresType(rawValue: 1016)
    static let float4Array = PostgresType(rawValue: 1021)
    static let float8Array = PostgresType(rawValue: 1022)
    static let bpchar = PostgresType(rawValue: 1042)
    static let varchar = PostgresType(rawValue: 1043)
    static let timestamptz = PostgresType(rawValue: 1184)
    static let timestamptzArray = PostgresType(rawValue: 1185)
    static let uuid = PostgresType(rawValue: 2950)
    static let uuidArray = PostgresType(rawValue: 2951)
    static let jsonb = PostgresType(rawValue: 3802)
    static let jsonbArray = PostgresType(rawValue: 3807)
    static let jsonArray = PostgresType(rawValue: 199)
}
