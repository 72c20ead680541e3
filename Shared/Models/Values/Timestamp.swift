public import JSON

/// A moment in UTC, to the microsecond: what PostgreSQL's `timestamptz` holds.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z; negative before.
    public let microseconds: Int64

    /// The moment so many microseconds after the epoch.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Orders by time.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    /// The moment `duration` later.
    public static func + (time: Timestamp, duration: Duration) -> Timestamp {
        let parts = duration.components
        return Timestamp(
            microseconds: time.microseconds + parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000)
    }

    /// The moment `duration` earlier.
    public static func - (time: Timestamp, duration: Duration) -> Timestamp {
        time + (.zero - duration)
    }

    /// The time from `right` to `left`.
    public static func - (left: Timestamp, right: Timestamp) -> Duration {
        .microseconds(left.microseconds - right.microseconds)
    }

    /// The date in UTC: year, month 1…12, day 1…31.
    public var date: (year: Int, month: Int, day: Int) {
        CivilDate.date(daysSinceEpoch: Int(floorDivide(microseconds, CivilDate.microsecondsPerDay)))
    }

    /// Reads RFC 3339: `2026-11-23T05:24:06.123456Z` or with an offset such as `+08:00`; nil for anything else.
    /// Digits beyond the microsecond are cut. A leap second (`:60`) is taken for the second after.
    public init?(_ text: String) {
        var text = text
        guard let value = text.withUTF8({ RFC3339.parse($0) }) else { return nil }
        self = value
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC, with as many digits of the second as it needs: none, three or six.
    public var description: String { String(decoding: RFC3339.text(self), as: UTF8.self) }
}

extension Timestamp: JSONWritable, JSONReadable {
    /// Writes RFC 3339 text.
    public func write(to json: inout JSONWriter) {
        RFC3339.text(self).withUnsafeBufferPointer { json.plainString($0) }
    }

    /// Reads RFC 3339 text.
    public init(from json: inout JSONReader) throws(JSONError) {
        guard let value = try json.parsed({ RFC3339.parse($0) }) else {
            throw json.invalid("must be a time such as 2026-11-23T05:24:06Z")
        }
        self = value
    }
}

func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
}

/// Days and dates of the proleptic Gregorian calendar, by counting in eras of 400 years that begin in March, so that the
/// leap day is the last of its year.
public enum CivilDate {
    static let microsecondsPerDay: Int64 = 86_400_000_000

    /// Days from 1970-01-01 to a date.
    public static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        let marchYear = month <= 2 ? year - 1 : year
        let era = Int(floorDivide(Int64(marchYear), 400))
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The date so many days after 1970-01-01.
    public static func date(daysSinceEpoch days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = Int(floorDivide(Int64(shifted), 146_097))
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// How many days a month has.
    public static func daysInMonth(year: Int, month: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
