/// The text form of moments (RFC 3339), by hand because it stands in every answer.
enum RFC3339 {
    static func text(_ time: Timestamp) -> [UInt8] {
        let date = time.date
        let rest = time.microseconds - floorDivide(time.microseconds, CivilDate.microsecondsPerDay)
            * CivilDate.microsecondsPerDay
        let seconds = Int(rest / 1_000_000), fraction = Int(rest % 1_000_000)
        var text: [UInt8] = []
        text.reserveCapacity(27)
        append(date.year, digits: 4, to: &text)
        text.append(UInt8(ascii: "-"))
        append(date.month, digits: 2, to: &text)
        text.append(UInt8(ascii: "-"))
        append(date.day, digits: 2, to: &text)
        text.append(UInt8(ascii: "T"))
        append(seconds / 3_600, digits: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        append(seconds / 60 % 60, digits: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        append(seconds % 60, digits: 2, to: &text)
        if fraction != 0 {
            text.append(UInt8(ascii: "."))
            let isMilliseconds = fraction % 1_000 == 0
            append(isMilliseconds ? fraction / 1_000 : fraction, digits: isMilliseconds ? 3 : 6, to: &text)
        }
        text.append(UInt8(ascii: "Z"))
        return text
    }

    private static func append(_ value: Int, digits: Int, to text: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            text.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }

    static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Timestamp? {
        guard text.count >= 20, let year = number(text, 0, 4), let month = number(text, 5, 2),
            let day = number(text, 8, 2), let hour = number(text, 11, 2), let minute = number(text, 14, 2),
            let second = number(text, 17, 2), text[4] == UInt8(ascii: "-"), text[7] == UInt8(ascii: "-"),
            text[10] | 0x20 == UInt8(ascii: "t"), text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            (1...12).contains(month), day >= 1, day <= CivilDate.daysInMonth(year: year, month: month),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var index = 19
        guard let fraction = fraction(text, &index), let offset = offsetMinutes(text, index) else { return nil }
        let days = CivilDate.daysSinceEpoch(year: year, month: month, day: day)
        let seconds = Int64(days) * 86_400 + Int64(hour * 3_600 + minute * 60 + second - offset * 60)
        return Timestamp(microseconds: seconds * 1_000_000 + Int64(fraction))
    }

    private static func number(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ count: Int) -> Int? {
        var value = 0
        for byte in text[start..<start + count] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return value
    }

    /// Microseconds of the optional fraction; leaves `index` behind it.
    private static func fraction(_ text: UnsafeBufferPointer<UInt8>, _ index: inout Int) -> Int? {
        guard text[index] == UInt8(ascii: ".") else { return 0 }
        index += 1
        var value = 0, digits = 0
        while index < text.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[index]) {
            if digits < 6 { value = value * 10 + Int(text[index] - UInt8(ascii: "0")) }
            digits += 1
            index += 1
        }
        guard digits > 0, index < text.count else { return nil }
        while digits < 6 {
            value *= 10
            digits += 1
        }
        return value
    }

    private static func offsetMinutes(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int? {
        let sign = text[index]
        if sign | 0x20 == UInt8(ascii: "z") { return index + 1 == text.count ? 0 : nil }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"), text.count == index + 6,
            let hours = number(text, index + 1, 2), let minutes = number(text, index + 4, 2),
            text[index + 3] == UInt8(ascii: ":"), hours < 24, minutes < 60
        else { return nil }
        return (sign == UInt8(ascii: "-") ? -1 : 1) * (hours * 60 + minutes)
    }
}
