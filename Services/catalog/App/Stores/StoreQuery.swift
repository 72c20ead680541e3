import HTTPServer
import Models
import ServiceKit

/// What a request for a list of stores asks for, checked: all faults at once.
struct StoreQuery: Sendable, Equatable {
    static let limitDefault = 20
    static let limitMax = 100

    var place: Coordinates?
    var city: String?
    /// Trimmed; nil when nothing is searched.
    var text: String?
    var kind: StoreKind?
    var openOnly = false
    var limit = limitDefault
    /// Sort key of the last row of the page before.
    var after: Position = .start

    /// A place in the order of a list: chord to the place asked for (0 without), then identity.
    struct Position: Sendable, Equatable {
        var chord: Double
        var id: UUID128

        /// Before every row: chords are not negative.
        static let start = Position(chord: -1, id: UUID128(high: 0, low: 0))
        /// After every row of this chord.
        static func behind(chord: Double) -> Position {
            Position(chord: chord, id: UUID128(high: .max, low: .max))
        }

        /// For the wire. The chord travels as its bits, because the comparison in SQL must be exact.
        var cursor: String { Cursor.encode(String(chord.bitPattern, radix: 36), StoreID(uuid: id).description) }

        init(chord: Double, id: UUID128) {
            self.chord = chord
            self.id = id
        }

        init(cursor: String) throws {
            let parts = try Cursor.decode(cursor, count: 2)
            guard let bits = UInt64(parts[0], radix: 36), let id = StoreID(parts[1]) else {
                throw KitProblems.invalidCursorKind.error("The cursor was not made by this list.")
            }
            self.init(chord: Double(bitPattern: bits), id: id.uuid)
        }
    }

    /// Reads `lat`, `lng`, `city`, `q`, `kind`, `open_now`, `limit` and `cursor`.
    init(_ value: @escaping (String) -> String?) throws {
        var checks = QueryChecks(value)
        let latitude = checks.double("lat", in: -90...90)
        let longitude = checks.double("lng", in: -180...180)
        switch (latitude, longitude) {
        case (let latitude?, let longitude?): place = Coordinates(latitude: latitude, longitude: longitude)
        case (nil, nil): break
        default: checks.fail(latitude == nil ? "lat" : "lng", "`lat` and `lng` belong together")
        }
        city = checks.text("city", max: 60)
        text = checks.text("q", max: 60)
        if let word = checks.text("kind", max: 20) {
            kind = StoreKind(rawValue: word)
            if kind == nil {
                checks.fail("kind", "must be one of \(StoreKind.allCases.map(\.rawValue).joined(separator: ", "))")
            }
        }
        openOnly = checks.bool("open_now") ?? false
        limit = checks.limit(default: Self.limitDefault, max: Self.limitMax)
        try checks.finish()
        if let cursor = value("cursor") { after = try Position(cursor: cursor) }
    }
}

/// Reads query parameters and collects every fault.
struct QueryChecks {
    private let value: (String) -> String?
    private var errors: [FieldError] = []

    init(_ value: @escaping (String) -> String?) { self.value = value }

    mutating func fail(_ name: String, _ detail: String) {
        errors.append(FieldError(pointer: "?\(name)", code: "invalid", detail: detail))
    }

    mutating func double(_ name: String, in range: ClosedRange<Double>) -> Double? {
        guard let text = value(name) else { return nil }
        guard let number = Double(text), range.contains(number) else {
            fail(name, "must be a number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    mutating func bool(_ name: String) -> Bool? {
        guard let text = value(name) else { return nil }
        switch text {
        case "true", "1": return true
        case "false", "0", "": return false
        default:
            fail(name, "must be true or false")
            return nil
        }
    }

    /// Trimmed text; nil when absent or empty.
    mutating func text(_ name: String, max: Int) -> String? {
        guard let text = value(name).map(StoreImportRow.tidy), !text.isEmpty else { return nil }
        guard text.unicodeScalars.count <= max else {
            fail(name, "must have at most \(max) characters")
            return nil
        }
        return text
    }

    mutating func limit(default: Int, max: Int) -> Int {
        guard let text = value("limit") else { return `default` }
        guard let number = Int(text), (1...max).contains(number) else {
            fail("limit", "must be 1 to \(max)")
            return `default`
        }
        return number
    }

    /// - Throws: 400 that names every fault.
    func finish() throws {
        guard errors.isEmpty else { throw CatalogProblems.invalid("The query has a fault.", errors) }
    }
}
