public import JSON

/// What a merchant is; decides pictures, words and the fulfilment that a store offers.
public enum StoreKind: String, CaseIterable, Sendable, Hashable, CatalogCode {
    case restaurant
    case grocer
    case petSalon = "pet_salon"
    case furniture
    case groupLeader = "group_leader"
    case cafe
}

/// The datum a coordinate was given in; storage is always WGS-84 (AMap uses GCJ-02, Baidu BD-09).
public enum Datum: String, CaseIterable, Sendable, Hashable, CatalogCode {
    case wgs84 = "WGS-84"
    case gcj02 = "GCJ-02"
    case bd09 = "BD-09"
}

/// A closed list of wire words; any other word is refused with the list in the message.
public protocol CatalogCode: RawRepresentable<String>, CaseIterable, JSONWritable, JSONReadable {}

extension CatalogCode {
    /// Writes the word.
    public func write(to json: inout JSONWriter) { json.string(rawValue) }

    /// Reads one of the words.
    public init(from json: inout JSONReader) throws(JSONError) {
        let text = try json.string()
        guard let value = Self(rawValue: text) else {
            throw json.invalid("must be one of \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self = value
    }
}
