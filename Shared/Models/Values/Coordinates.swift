import Glibc
public import JSON

/// A place on Earth, WGS-84: what GPS gives and what we store.
public struct Coordinates: Hashable, Sendable {
    /// Degrees north, -90…90.
    public var latitude: Double
    /// Degrees east, -180…180.
    public var longitude: Double

    /// Makes a place; use ``init(checkedLatitude:longitude:)`` for what comes from outside.
    public init(latitude: Double, longitude: Double) {
        self.latitude = Self.normal(latitude)
        self.longitude = Self.normal(longitude)
    }

    /// Less than a nanometre is none: PostgreSQL refuses arithmetic on numbers so small that it underflows.
    private static func normal(_ degrees: Double) -> Double { abs(degrees) < 1e-14 ? 0 : degrees }

    /// A place on Earth; nil for numbers out of range, infinite or NaN.
    public init?(checkedLatitude latitude: Double, longitude: Double) {
        guard (-90...90).contains(latitude), (-180...180).contains(longitude) else { return nil }
        self.init(latitude: latitude, longitude: longitude)
    }

    /// Great-circle distance in metres, on a sphere of the Earth's mean radius (haversine formula).
    public func distanceMetres(to other: Coordinates) -> Double {
        let earthRadius = 6_371_008.8
        let toRadians = Double.pi / 180
        let dLatitude = (other.latitude - latitude) * toRadians
        let dLongitude = (other.longitude - longitude) * toRadians
        let a = sin(dLatitude / 2) * sin(dLatitude / 2)
            + cos(latitude * toRadians) * cos(other.latitude * toRadians) * sin(dLongitude / 2) * sin(dLongitude / 2)
        return 2 * earthRadius * asin(min(1, a.squareRoot()))
    }
}

extension Coordinates: JSONWritable, JSONReadable {
    /// Writes `{"latitude":31.2,"longitude":121.5}`.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("latitude", latitude)
        json.field("longitude", longitude)
        json.endObject()
    }

    /// Reads both numbers and checks their range.
    public init(from json: inout JSONReader) throws(JSONError) {
        var latitude: Double?
        var longitude: Double?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "latitude":
                let value: Double = try json.read()
                guard (-90...90).contains(value) else { throw json.invalid("must be from -90 to 90") }
                latitude = value
            case "longitude":
                let value: Double = try json.read()
                guard (-180...180).contains(value) else { throw json.invalid("must be from -180 to 180") }
                longitude = value
            default: try json.unknown(key)
            }
        }
        self.init(
            latitude: try json.require(&latitude, "latitude"), longitude: try json.require(&longitude, "longitude"))
    }
}
