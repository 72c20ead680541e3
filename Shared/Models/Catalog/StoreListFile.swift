/// A merchant's store list as a file of comma-separated values with a heading line; rows become `StoreImportRow`s.
///
/// Columns are found by their heading, in any order; others are ignored: `Store Number`, `Store Name`,
/// `Street Address`, `City`, `State/Province`, `Postcode`, `Phone Number`, `Timezone`, `Longitude`, `Latitude`.
public struct StoreListFile: Sendable, Hashable {
    /// A row that cannot be used.
    public struct BadRow: Sendable, Hashable {
        /// Line of the file the row begins on.
        public let line: Int
        /// Store number, as far as there is one.
        public let number: String
        /// Column at fault, as in the heading; empty when it is the row as such.
        public let field: String
        /// Why, in words.
        public let reason: String
    }

    /// The file has no usable heading.
    public enum HeadingError: Error, Sendable, Hashable {
        /// There is nothing in it.
        case empty
        /// These columns are missing.
        case missing([String])
    }

    /// The good rows, normalised, in order.
    public let rows: [StoreImportRow]
    /// The others.
    public let badRows: [BadRow]
    /// Column `Brand` of the first row, if there is one: the merchant's name.
    public let brand: String?

    private static let required = [
        "Store Number", "Store Name", "Street Address", "City", "State/Province", "Timezone", "Longitude", "Latitude",
    ]

    /// Reads a file.
    public init(_ bytes: [UInt8]) throws(HeadingError) {
        let records = DelimitedText.records(bytes)
        guard let heading = records.first else { throw .empty }
        let columns = Dictionary(
            heading.fields.enumerated().map { (StoreImportRow.tidy($1), $0) }, uniquingKeysWith: { first, _ in first })
        let missing = Self.required.filter { columns[$0] == nil }
        guard missing.isEmpty else { throw .missing(missing) }
        var rows: [StoreImportRow] = []
        var badRows: [BadRow] = []
        var lines: [String: Int] = [:]
        for record in records.dropFirst() {
            switch Self.row(record, columns, width: heading.fields.count) {
            case .failure(let bad): badRows.append(bad)
            case .success(let row):
                if let first = lines[row.number] {
                    badRows.append(
                        BadRow(
                            line: row.line, number: row.number, field: "Store Number",
                            reason: "is on line \(first) already"))
                } else {
                    lines[row.number] = row.line
                    rows.append(row)
                }
            }
        }
        self.rows = rows
        self.badRows = badRows
        brand = records.dropFirst().first.flatMap { record in
            columns["Brand"].flatMap { record.fields.indices.contains($0) ? record.fields[$0] : nil }
        }
    }

    private enum Outcome {
        case success(StoreImportRow)
        case failure(BadRow)
    }

    private static func row(_ record: DelimitedText.Record, _ columns: [String: Int], width: Int) -> Outcome {
        func text(_ column: String) -> String {
            columns[column].map { record.fields.indices.contains($0) ? record.fields[$0] : "" } ?? ""
        }
        let number = StoreImportRow.tidy(text("Store Number"))
        func bad(_ field: String, _ reason: String) -> Outcome {
            .failure(BadRow(line: record.line, number: number, field: field, reason: reason))
        }
        if let fault = record.fault { return bad("", fault) }
        guard record.fields.count == width else {
            return bad("", "has \(record.fields.count) fields where the heading has \(width)")
        }
        guard let latitude = Double(StoreImportRow.tidy(text("Latitude"))) else {
            return bad("Latitude", "is not a number")
        }
        guard let longitude = Double(StoreImportRow.tidy(text("Longitude"))) else {
            return bad("Longitude", "is not a number")
        }
        let row = StoreImportRow(
            line: record.line, number: number, name: text("Store Name"), address: text("Street Address"),
            city: text("City"), province: text("State/Province"), postcode: text("Postcode"),
            phone: text("Phone Number"), timeZone: text("Timezone"), latitude: latitude, longitude: longitude
        ).normalised
        if let fault = row.fault { return bad(headings[fault.field] ?? fault.field, fault.reason) }
        return .success(row)
    }

    /// Wire names to headings.
    private static let headings = [
        "number": "Store Number", "name": "Store Name", "address": "Street Address", "city": "City",
        "province": "State/Province", "postcode": "Postcode", "phone": "Phone Number", "time_zone": "Timezone",
        "latitude": "Latitude", "longitude": "Longitude",
    ]
}

/// The rules of an import row, the same where a file is read and where the service takes it.
extension StoreImportRow {
    /// Spaces at the ends gone, every run of spaces and control characters one space. Public lists carry tabs and
    /// stray bytes of other encodings in their addresses.
    public static func tidy(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var pendingSpace = false
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace || scalar.properties.generalCategory == .control || scalar == "\u{FEFF}" {
                pendingSpace = !result.isEmpty
            } else {
                if pendingSpace { result.append(" ") }
                pendingSpace = false
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// The IANA name in what lists call a time zone: without an offset in front (`GMT+08:00 Asia/Beijing`), and with
    /// the capital's name replaced by the zone that it is in (`Asia/Beijing` is no zone; `Asia/Shanghai` is).
    public static func zoneName(_ text: String) -> String {
        let name = tidy(text).split(separator: " ").last.map(String.init) ?? ""
        return name == "Asia/Beijing" ? "Asia/Shanghai" : name
    }

    /// The row with tidy texts, an IANA time zone and a place that can be calculated with.
    public var normalised: StoreImportRow {
        let place = Coordinates(latitude: latitude, longitude: longitude)
        return StoreImportRow(
            line: line, number: Self.tidy(number), name: Self.tidy(name), address: Self.tidy(address),
            city: Self.tidy(city), province: Self.tidy(province), postcode: Self.tidy(postcode),
            phone: Self.tidy(phone), timeZone: Self.zoneName(timeZone), latitude: place.latitude,
            longitude: place.longitude)
    }

    /// What is wrong with a normalised row: its field, as on the wire, and why; nil when nothing is.
    public var fault: (field: String, reason: String)? {
        let limits: [(field: String, text: String, least: Int, most: Int)] = [
            ("number", number, 1, 40), ("name", name, 1, 120), ("address", address, 1, 300), ("city", city, 1, 60),
            ("province", province, 1, 60), ("postcode", postcode, 0, 12), ("phone", phone, 0, 30),
            ("time_zone", timeZone, 1, 60),
        ]
        for limit in limits {
            if limit.text.isEmpty, limit.least > 0 { return (limit.field, "is missing") }
            if limit.text.unicodeScalars.count > limit.most {
                return (limit.field, "is longer than \(limit.most) characters")
            }
        }
        guard timeZone.contains("/") || timeZone == "UTC" else { return ("time_zone", "is not an IANA time zone") }
        guard (-90...90).contains(latitude) else { return ("latitude", "must be -90 to 90") }
        guard (-180...180).contains(longitude) else { return ("longitude", "must be -180 to 180") }
        guard latitude != 0 || longitude != 0 else { return ("latitude", "and longitude are both 0") }
        return nil
    }
}
