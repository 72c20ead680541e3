import EventLoop
import Glibc
import Models

/// Shows moments in a place's own time.
///
/// Reads the compiled time zone files of the system (RFC 8536, version 2), once a zone; a zone that the system does
/// not know is shown eight hours ahead of UTC, as all of China is.
struct DisplayClock: Sendable {
    private let zones: Locked<[String: ZoneTable]>
    private let folder: String

    init(folder: String = "/usr/share/zoneinfo") {
        self.folder = folder
        zones = Locked([:])
    }

    /// `2026-11-23 13:24`, or `13:24` when `now` is on the same day.
    func show(_ moment: Timestamp, zone: String = "Asia/Shanghai", now: Timestamp? = nil) -> String {
        let local = fields(moment, zone: zone)
        let time = "\(Self.two(local.hour)):\(Self.two(local.minute))"
        if let now, fields(now, zone: zone).day == local.day { return time }
        return "\(local.day) \(time)"
    }

    /// `2026-11-23`.
    func day(_ moment: Timestamp, zone: String = "Asia/Shanghai") -> String { fields(moment, zone: zone).day }

    /// ISO weekday, 1 is Monday.
    func weekday(_ moment: Timestamp, zone: String) -> Int {
        let seconds = Self.floorDivide(moment.microseconds, 1_000_000)
        let days = Self.floorDivide(seconds + table(zone).offset(at: seconds), 86_400)
        // 1970-01-01 was a Thursday.
        return Int((days % 7 + 7 + 3) % 7) + 1
    }

    /// The moment at which the day of `moment` began in the zone.
    func startOfDay(_ moment: Timestamp, zone: String) -> Timestamp {
        let seconds = Self.floorDivide(moment.microseconds, 1_000_000)
        let offset = table(zone).offset(at: seconds)
        let start = Self.floorDivide(seconds + offset, 86_400) * 86_400 - offset
        return Timestamp(microseconds: start * 1_000_000)
    }

    private func fields(_ moment: Timestamp, zone: String) -> (day: String, hour: Int, minute: Int) {
        let seconds = Self.floorDivide(moment.microseconds, 1_000_000)
        let local = seconds + table(zone).offset(at: seconds)
        let days = Self.floorDivide(local, 86_400)
        let rest = Int(local - days * 86_400)
        // Days to civil date: the algorithm of the proleptic Gregorian calendar with years that begin in March.
        let shifted = days + 719_468
        let era = Self.floorDivide(shifted, 146_097)
        let dayOfEra = Int(shifted - era * 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        let year = yearOfEra + Int(era) * 400 + (month <= 2 ? 1 : 0)
        let day = dayOfYear - (153 * march + 2) / 5 + 1
        return ("\(year)-\(Self.two(month))-\(Self.two(day))", rest / 3_600, rest % 3_600 / 60)
    }

    private func table(_ zone: String) -> ZoneTable {
        if let known = zones.withLock({ $0[zone] }) { return known }
        let table = ZoneTable(zone: zone, folder: folder)
        // 1,000 zones: twice as many as exist, so a made-up name cannot fill the memory.
        zones.withLock { if $0.count < 1_000 { $0[zone] = table } }
        return table
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private static func floorDivide(_ value: Int64, _ by: Int64) -> Int64 {
        value >= 0 ? value / by : -((by - 1 - value) / by)
    }
}

/// The changes of a zone's offset from UTC.
struct ZoneTable: Sendable {
    private static let chinaSeconds: Int64 = 28_800
    private var moments: [Int64] = []
    private var offsets: [Int64] = []
    private var first: Int64

    func offset(at seconds: Int64) -> Int64 {
        var low = 0
        var high = moments.count
        while low < high {
            let middle = (low + high) / 2
            if moments[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? first : offsets[low - 1]
    }

    init(zone: String, folder: String) {
        first = Self.chinaSeconds
        let isName = zone.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || "/_+-0123456789".utf8.contains(byte)
        }
        guard isName, !zone.isEmpty, zone.utf8.count <= 64,
            let bytes = readWholeFile("\(folder)/\(zone)", limit: 65_536)
        else { return }
        read(bytes)
    }

    /// RFC 8536 section 3: a version 1 block to step over, then the same with 64-bit times.
    private mutating func read(_ bytes: [UInt8]) {
        guard let old = Header(bytes, at: 0), let new = Header(bytes, at: 44 + old.size(timeBytes: 4)) else { return }
        var at = 44 + old.size(timeBytes: 4) + 44
        guard bytes.count >= at + new.size(timeBytes: 8) else { return }
        var times: [Int64] = []
        for index in 0..<new.times { times.append(Self.integer(bytes, at + index * 8, 8)) }
        at += new.times * 8
        let kinds = bytes[at..<(at + new.times)].map(Int.init)
        at += new.times
        let seconds = (0..<new.types).map { Self.integer(bytes, at + $0 * 6, 4) }
        guard !seconds.isEmpty, kinds.allSatisfy({ $0 < seconds.count }) else { return }
        moments = times
        offsets = kinds.map { seconds[$0] }
        first = seconds[0]
    }

    private struct Header {
        let isUTC, isStandard, leaps, times, types, characters: Int

        init?(_ bytes: [UInt8], at: Int) {
            guard bytes.count >= at + 44, bytes[at..<(at + 4)].elementsEqual("TZif".utf8) else { return nil }
            let counts = (0..<6).map { Int(ZoneTable.integer(bytes, at + 20 + $0 * 4, 4)) }
            guard counts.allSatisfy({ (0...100_000).contains($0) }) else { return nil }
            (isUTC, isStandard, leaps, times, types, characters) =
                (counts[0], counts[1], counts[2], counts[3], counts[4], counts[5])
        }

        func size(timeBytes: Int) -> Int {
            times * timeBytes + times + types * 6 + characters + leaps * (timeBytes + 4) + isStandard + isUTC
        }
    }

    /// A signed big-endian integer.
    private static func integer(_ bytes: [UInt8], _ at: Int, _ width: Int) -> Int64 {
        let value = bytes[at..<(at + width)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return width == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
    }
}

/// The bytes of a file, or nil when it cannot be read or is larger than `limit`. For start-up and rare reads only.
func readWholeFile(_ path: String, limit: Int) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while content.count <= limit {
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0 { return nil }
        if count == 0 { return content }
        content.append(contentsOf: chunk[..<count])
    }
    return nil
}
