public import JSON

/// How the money of a store's orders is divided, from a moment on. Versions are never changed.
public struct SettlementTerms: Sendable, Hashable {
    /// Orders placed from here on.
    public var validFrom: Timestamp
    /// The platform's part, hundredths of a percent.
    public var platformRateBps: Int
    /// Who leads the store's customers.
    public var leaderAccountID: AccountID?
    /// The leader's part, hundredths of a percent.
    public var leaderRateBps: Int

    /// Makes a value.
    public init(
        validFrom: Timestamp, platformRateBps: Int, leaderAccountID: AccountID? = nil, leaderRateBps: Int
    ) {
        self.validFrom = validFrom
        self.platformRateBps = platformRateBps
        self.leaderAccountID = leaderAccountID
        self.leaderRateBps = leaderRateBps
    }
}

extension SettlementTerms: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("valid_from", validFrom)
        json.field("platform_rate_bps", platformRateBps)
        json.field("leader_account_id", leaderAccountID)
        json.field("leader_rate_bps", leaderRateBps)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var validFrom: Timestamp?
        var platformRateBps: Int?
        var leaderAccountID: AccountID?
        var leaderRateBps: Int?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "valid_from": validFrom = try json.read()
            case "platform_rate_bps": platformRateBps = try json.read()
            case "leader_account_id": leaderAccountID = try json.read()
            case "leader_rate_bps": leaderRateBps = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            validFrom: try json.require(&validFrom, "valid_from"),
            platformRateBps: try json.require(&platformRateBps, "platform_rate_bps"),
            leaderAccountID: leaderAccountID, leaderRateBps: try json.require(&leaderRateBps, "leader_rate_bps"))
    }
}

/// The terms of a store.
public struct SettlementAgreement: Sendable, Hashable {
    /// The platform's part before the first version.
    public var defaultPlatformRateBps: Int
    /// Newest first, at most 100.
    public var versions: [SettlementTerms]

    /// Makes a value.
    public init(
        defaultPlatformRateBps: Int, versions: [SettlementTerms]
    ) {
        self.defaultPlatformRateBps = defaultPlatformRateBps
        self.versions = versions
    }
}

extension SettlementAgreement: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("default_platform_rate_bps", defaultPlatformRateBps)
        json.field("versions", versions)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var defaultPlatformRateBps: Int?
        var versions: [SettlementTerms]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "default_platform_rate_bps": defaultPlatformRateBps = try json.read()
            case "versions": versions = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            defaultPlatformRateBps: try json.require(&defaultPlatformRateBps, "default_platform_rate_bps"),
            versions: try json.require(&versions, "versions"))
    }
}

/// A new version of a store's terms (an operator).
public struct NewSettlementTerms: Sendable, Hashable {
    /// Not in the past; nil: now.
    public var validFrom: Timestamp?
    /// 0 to 10,000.
    public var platformRateBps: Int
    /// nil: nobody leads.
    public var leaderAccountID: AccountID?
    /// 0 to 10,000; nil: 0. Both rates together at most 10,000.
    public var leaderRateBps: Int?

    /// Makes a value.
    public init(
        validFrom: Timestamp? = nil, platformRateBps: Int, leaderAccountID: AccountID? = nil,
        leaderRateBps: Int? = nil
    ) {
        self.validFrom = validFrom
        self.platformRateBps = platformRateBps
        self.leaderAccountID = leaderAccountID
        self.leaderRateBps = leaderRateBps
    }
}

extension NewSettlementTerms: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("valid_from", validFrom)
        json.field("platform_rate_bps", platformRateBps)
        json.field("leader_account_id", leaderAccountID)
        json.field("leader_rate_bps", leaderRateBps)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var validFrom: Timestamp?
        var platformRateBps: Int?
        var leaderAccountID: AccountID?
        var leaderRateBps: Int?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "valid_from": validFrom = try json.read()
            case "platform_rate_bps": platformRateBps = try Self.rate(&json)
            case "leader_account_id": leaderAccountID = try json.read()
            case "leader_rate_bps": leaderRateBps = try Self.rate(&json)
            default: try json.unknown(key)
            }
        }
        self.init(
            validFrom: validFrom, platformRateBps: try json.require(&platformRateBps, "platform_rate_bps"),
            leaderAccountID: leaderAccountID, leaderRateBps: leaderRateBps)
    }

    private static func rate(_ json: inout JSONReader) throws(JSONError) -> Int {
        let value: Int = try json.read()
        guard (0...10_000).contains(value) else { throw json.invalid("must be from 0 to 10,000") }
        return value
    }
}
