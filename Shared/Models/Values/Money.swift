public import JSON

/// An ISO 4217 currency by its three letters.
public struct Currency: Hashable, Sendable, CustomStringConvertible {
    // Bytes rather than a text: an amount of money is then two plain words, and copying it counts no references.
    private let first: UInt8, second: UInt8, third: UInt8

    /// Reads three upper-case letters; nil for anything else.
    public init?(_ code: String) {
        var code = code
        guard let currency = code.withUTF8({ Currency(ascii: $0) }) else { return nil }
        self = currency
    }

    init?(ascii code: UnsafeBufferPointer<UInt8>) {
        guard code.count == 3, code.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
        else { return nil }
        self.init(code[0], code[1], code[2])
    }

    private init(_ first: UInt8, _ second: UInt8, _ third: UInt8) {
        (self.first, self.second, self.third) = (first, second, third)
    }

    /// Chinese yuan; its minor unit is the fen.
    public static let cny = Currency(UInt8(ascii: "C"), UInt8(ascii: "N"), UInt8(ascii: "Y"))
    /// United States dollar.
    public static let usd = Currency(UInt8(ascii: "U"), UInt8(ascii: "S"), UInt8(ascii: "D"))

    /// Three upper-case letters.
    public var code: String { withCode { String(decoding: $0, as: UTF8.self) } }

    /// The code.
    public var description: String { code }

    fileprivate func withCode<T>(_ body: (UnsafeBufferPointer<UInt8>) -> T) -> T {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 3) { memory in
            memory[0] = first
            memory[1] = second
            memory[2] = third
            return body(UnsafeBufferPointer(memory))
        }
    }
}

/// Why a sum of money cannot be computed.
public enum MoneyError: Error, Hashable, Sendable {
    /// The amounts have different currencies.
    case mixedCurrencies(Currency, Currency)
    /// The result does not fit 64 bits.
    case overflow
    /// Weights of an allocation are negative or all zero.
    case invalidWeights
}

/// An amount of money: whole minor units (fen, cents) and a currency, never a fraction.
public struct Money: Hashable, Sendable {
    /// Minor units; negative for what is owed back.
    public var minorUnits: Int64
    /// The currency.
    public var currency: Currency

    /// Makes an amount.
    public init(minorUnits: Int64, currency: Currency = .cny) {
        self.minorUnits = minorUnits
        self.currency = currency
    }

    /// Nothing, in a currency.
    public static func zero(_ currency: Currency = .cny) -> Money { Money(minorUnits: 0, currency: currency) }

    /// The sum; both must be in one currency.
    public func adding(_ other: Money) throws(MoneyError) -> Money {
        guard currency == other.currency else { throw .mixedCurrencies(currency, other.currency) }
        let (sum, overflow) = minorUnits.addingReportingOverflow(other.minorUnits)
        guard !overflow else { throw .overflow }
        return Money(minorUnits: sum, currency: currency)
    }

    /// The difference; both must be in one currency.
    public func subtracting(_ other: Money) throws(MoneyError) -> Money {
        guard other.minorUnits != .min else { throw .overflow }
        return try adding(Money(minorUnits: -other.minorUnits, currency: other.currency))
    }

    /// The price of `quantity` pieces.
    public func multiplied(by quantity: Int64) throws(MoneyError) -> Money {
        let (product, overflow) = minorUnits.multipliedReportingOverflow(by: quantity)
        guard !overflow else { throw .overflow }
        return Money(minorUnits: product, currency: currency)
    }

    /// Splits the amount by weights so that the parts sum to exactly the whole: each gets its share rounded down, and
    /// the units left over go to those with the largest remainders, earlier ones first (largest-remainder method).
    ///
    /// Example: 100 by 1, 1, 1 gives 34, 33, 33.
    public func allocate(by weights: [Int64]) throws(MoneyError) -> [Money] {
        var total: Int64 = 0
        for weight in weights {
            let (sum, overflow) = total.addingReportingOverflow(weight)
            guard weight >= 0, !overflow else { throw .invalidWeights }
            total = sum
        }
        guard total > 0 else { throw .invalidWeights }
        let magnitude = minorUnits.magnitude
        var parts: [UInt64] = []
        var remainders: [UInt64] = []
        var left = magnitude
        for weight in weights {
            let product = magnitude.multipliedFullWidth(by: UInt64(weight))
            let (quotient, remainder) = UInt64(total).dividingFullWidth((product.high, product.low))
            parts.append(quotient)
            remainders.append(remainder)
            left -= quotient
        }
        let byRemainder = weights.indices.sorted { (remainders[$1], $0) < (remainders[$0], $1) }
        for index in byRemainder.prefix(Int(left)) { parts[index] += 1 }
        let sign: Int64 = minorUnits < 0 ? -1 : 1
        return parts.map { Money(minorUnits: sign * Int64($0), currency: currency) }
    }

    /// Digits with two decimals: `12.34`, `-0.05`.
    public var formatted: String {
        let magnitude = minorUnits.magnitude
        let cents = magnitude % 100
        return "\(minorUnits < 0 ? "-" : "")\(magnitude / 100).\(cents < 10 ? "0" : "")\(cents)"
    }
}

extension Money: JSONWritable, JSONReadable {
    /// Writes `{"amount":239,"currency":"CNY"}`.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("amount", minorUnits)
        json.key("currency")
        currency.withCode { json.plainString($0) }
        json.endObject()
    }

    /// Reads `{"amount":239,"currency":"CNY"}`.
    public init(from json: inout JSONReader) throws(JSONError) {
        var amount: Int64?
        var currency: Currency?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "amount": amount = try json.read()
            case "currency":
                guard let value = try json.parsed({ Currency(ascii: $0) }) else {
                    throw json.invalid("must be three upper-case letters (ISO 4217)")
                }
                currency = value
            default: try json.unknown(key)
            }
        }
        self.init(
            minorUnits: try json.require(&amount, "amount"), currency: try json.require(&currency, "currency"))
    }
}
