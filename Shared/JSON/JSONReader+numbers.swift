extension JSONReader {
    /// Reads a whole number that fits 64 bits. `1.0` and `1e3` are not taken for whole numbers.
    public mutating func int() throws(JSONError) -> Int64 {
        let first = try begin()
        guard first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            throw wrongType("must be a whole number")
        }
        guard let value = try intIfWhole() else { throw wrongType("must be a whole number of at most 64 bits") }
        return value
    }

    /// Reads the next number when it is whole and fits 64 bits; else takes nothing and returns nil.
    mutating func intIfWhole() throws(JSONError) -> Int64? {
        _ = try begin()
        let start = index
        let isNegative = base[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        let digitsStart = index
        var magnitude: UInt64 = 0
        var overflows = false
        while index < count {
            let digit = base[index] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            let (product, high) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            overflows = overflows || high || carry
            magnitude = sum
            index += 1
        }
        try checkInteger(from: digitsStart)
        let limit = isNegative ? UInt64(Int64.max) + 1 : UInt64(Int64.max)
        // "-0" is a number with a sign that an integer would lose.
        if overflows || magnitude > limit || endsInFraction() || (isNegative && magnitude == 0) {
            index = start
            return nil
        }
        return isNegative ? Int64(truncatingIfNeeded: 0 &- magnitude) : Int64(magnitude)
    }

    /// Reads any number.
    public mutating func double() throws(JSONError) -> Double {
        let first = try begin()
        guard first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            throw wrongType("must be a number")
        }
        let start = index
        if first == UInt8(ascii: "-") { index += 1 }
        let digitsStart = index
        takeDigits()
        try checkInteger(from: digitsStart)
        if index < count, base[index] == UInt8(ascii: ".") {
            index += 1
            guard takeDigits() > 0 else { throw malformed("a digit is expected after the decimal point") }
        }
        if index < count, base[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < count, base[index] == UInt8(ascii: "+") || base[index] == UInt8(ascii: "-") { index += 1 }
            guard takeDigits() > 0 else { throw malformed("a digit is expected in the exponent") }
        }
        let text = String(decoding: UnsafeBufferPointer(start: base + start, count: index - start), as: UTF8.self)
        guard let value = Double(text), value.isFinite else { throw invalid("must be a number of at most 64 bits") }
        return value
    }

    @discardableResult
    private mutating func takeDigits() -> Int {
        let start = index
        while index < count, base[index] &- UInt8(ascii: "0") < 10 { index += 1 }
        return index - start
    }

    /// RFC 8259 section 6: at least one digit, and no zero in front of others.
    private func checkInteger(from start: Int) throws(JSONError) {
        guard index > start else { throw malformed("a digit is expected") }
        guard base[start] != UInt8(ascii: "0") || index == start + 1 else {
            throw malformed("a number does not begin with zero")
        }
    }

    private func endsInFraction() -> Bool {
        index < count && (base[index] == UInt8(ascii: ".") || base[index] | 0x20 == UInt8(ascii: "e"))
    }
}
