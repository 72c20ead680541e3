public import JSON

/// A time of a day in whole minutes, 00:00 to 24:00, written `HH:MM`.
public struct TimeOfDay: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Minutes since midnight, 0 to 1,440.
    public let minutes: Int

    /// Makes a time from minutes since midnight; nil outside 0 to 1,440.
    public init?(minutes: Int) {
        guard (0...1_440).contains(minutes) else { return nil }
        self.minutes = minutes
    }

    /// Reads `HH:MM`; nil for anything else.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":") else { return nil }
        let digits = [bytes[0], bytes[1], bytes[3], bytes[4]].map { Int($0) - 48 }
        guard digits.allSatisfy({ (0...9).contains($0) }) else { return nil }
        let hours = digits[0] * 10 + digits[1]
        let rest = digits[2] * 10 + digits[3]
        guard rest < 60 else { return nil }
        self.init(minutes: hours * 60 + rest)
    }

    /// `HH:MM`.
    public var description: String {
        let hours = minutes / 60
        let rest = minutes % 60
        return "\(hours < 10 ? "0" : "")\(hours):\(rest < 10 ? "0" : "")\(rest)"
    }

    /// Earlier in the day.
    public static func < (left: Self, right: Self) -> Bool { left.minutes < right.minutes }
}

extension TimeOfDay: JSONWritable, JSONReadable {
    /// Writes `HH:MM`.
    public func write(to json: inout JSONWriter) { json.string(description) }

    /// Reads `HH:MM`.
    public init(from json: inout JSONReader) throws(JSONError) {
        guard let time = TimeOfDay(try json.string()) else {
            throw json.invalid("must be a time of day between 00:00 and 24:00")
        }
        self = time
    }
}

/// A span in which a store is open. When `closes` is not after `opens`, it closes on the next day.
public struct OpeningPeriod: Sendable, Hashable {
    /// Opens at this time of the day the period belongs to.
    public var opens: TimeOfDay
    /// Closes at this time, of the next day when it is not after `opens`.
    public var closes: TimeOfDay

    /// Makes a period.
    public init(opens: TimeOfDay, closes: TimeOfDay) {
        self.opens = opens
        self.closes = closes
    }
}

extension OpeningPeriod: JSONWritable, JSONReadable {
    /// Writes `{"opens": "08:00", "closes": "22:00"}`.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("opens", opens)
        json.field("closes", closes)
        json.endObject()
    }

    /// Reads both members.
    public init(from json: inout JSONReader) throws(JSONError) {
        var opens: TimeOfDay?
        var closes: TimeOfDay?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "opens": opens = try json.read()
            case "closes": closes = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(opens: try json.require(&opens, "opens"), closes: try json.require(&closes, "closes"))
    }
}

/// The periods of one weekday.
public struct DayHours: Sendable, Hashable {
    /// ISO 8601 weekday: 1 is Monday, 7 is Sunday.
    public var day: Int
    /// In ascending order; empty when the store is closed on that day.
    public var periods: [OpeningPeriod]

    /// Makes the hours of a day.
    public init(day: Int, periods: [OpeningPeriod]) {
        self.day = day
        self.periods = periods
    }
}

extension DayHours: JSONWritable, JSONReadable {
    /// Writes `{"day": 1, "periods": […]}`.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("day", day)
        json.field("periods", periods)
        json.endObject()
    }

    /// Reads both members; a day outside 1 to 7 is refused.
    public init(from json: inout JSONReader) throws(JSONError) {
        var day: Int?
        var periods: [OpeningPeriod]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "day":
                let value = Int(try json.int())
                guard (1...7).contains(value) else { throw json.invalid("must be 1 (Monday) to 7 (Sunday)") }
                day = value
            case "periods": periods = try json.array(of: OpeningPeriod.self)
            default: try json.unknown(key)
            }
        }
        self.init(day: try json.require(&day, "day"), periods: try json.require(&periods, "periods"))
    }
}

/// A week of opening hours as minutes of the week (Monday 00:00 is 0, Sunday 24:00 is 10,080), in the store's own zone.
public struct WeekHours: Sendable, Hashable {
    /// Minutes in a week.
    public static let minutesInWeek = 10_080

    /// One open span; `end` may pass the end of the week when Sunday's last period ends on Monday.
    public struct Span: Sendable, Hashable {
        /// First open minute of the week, 0 to 10,079.
        public let start: Int
        /// First closed minute after it; at most one day and one minute later.
        public let end: Int

        /// Makes a span.
        public init(start: Int, end: Int) {
            self.start = start
            self.end = end
        }
    }

    /// Ascending by start; they do not overlap.
    public let spans: [Span]

    /// Takes spans that were checked before (from storage).
    public init(spans: [Span]) { self.spans = spans }

    /// Every day from the same time to the same time.
    public static func daily(_ opens: TimeOfDay, _ closes: TimeOfDay) -> WeekHours {
        let period = OpeningPeriod(opens: opens, closes: closes)
        return (try? WeekHours(days: (1...7).map { DayHours(day: $0, periods: [period]) })) ?? WeekHours(spans: [])
    }

    /// Why a week was refused.
    public enum Fault: Error, Sendable, Hashable {
        /// The day appears twice.
        case repeatedDay(Int)
        /// Two periods of this day overlap, or one runs into the next day's.
        case overlap(Int)
    }

    /// Joins days (any order; a missing day is closed).
    public init(days: [DayHours]) throws(Fault) {
        var seen = Set<Int>()
        var spans: [Span] = []
        for day in days {
            guard seen.insert(day.day).inserted else { throw .repeatedDay(day.day) }
            for period in day.periods {
                let base = (day.day - 1) * 1_440
                let length = period.closes.minutes - period.opens.minutes
                let end = base + period.opens.minutes + (length > 0 ? length : length + 1_440)
                spans.append(Span(start: base + period.opens.minutes, end: end))
            }
        }
        spans.sort { $0.start < $1.start }
        for (earlier, later) in zip(spans, spans.dropFirst()) where earlier.end > later.start {
            throw .overlap(earlier.start / 1_440 + 1)
        }
        if let first = spans.first, let last = spans.last, last.end - Self.minutesInWeek > first.start {
            throw .overlap(7)
        }
        self.spans = spans
    }

    /// All seven days, Monday first.
    public var days: [DayHours] { (1...7).map { DayHours(day: $0, periods: periods(day: $0)) } }

    /// The periods that begin on a weekday (1 is Monday).
    public func periods(day: Int) -> [OpeningPeriod] {
        spans.compactMap { span in
            guard span.start / 1_440 == day - 1 else { return nil }
            let opens = span.start % 1_440
            let closes = opens + (span.end - span.start)
            guard let from = TimeOfDay(minutes: opens),
                let to = TimeOfDay(minutes: closes > 1_440 ? closes - 1_440 : closes)
            else { return nil }
            return OpeningPeriod(opens: from, closes: to)
        }
    }

    /// Whether the store is open in this minute of the week (0 to 10,079).
    public func isOpen(at minute: Int) -> Bool {
        spans.contains {
            ($0.start <= minute && minute < $0.end) || minute + Self.minutesInWeek < $0.end
        }
    }
}
