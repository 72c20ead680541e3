public import JSON
public import Models

/// What a token says: who issued it, about whom, for how long, and what that person may do.
public struct TokenClaims: Equatable {
    /// The audience of every token of the platform.
    public static let audience = "linli"
    /// Five minutes: the longest life of a token. A stolen one is worth little, and a retired key is soon forgotten.
    public static let lifetimeSecondsMax: Int64 = 300

    /// The service that signed it.
    public var issuer: String
    /// An account's identifier, or the issuing service's name.
    public var subject: String
    public var audience: String
    /// Seconds since 1970.
    public var issuedAt: Int64
    /// Seconds since 1970.
    public var expiresAt: Int64
    /// The stores that the person works for.
    public var stores: [StoreID: StaffRole]
    public var isOperator: Bool

    public init(
        issuer: String, subject: String, audience: String = Self.audience, issuedAt: Int64, expiresAt: Int64,
        stores: [StoreID: StaffRole] = [:], isOperator: Bool = false
    ) {
        self.issuer = issuer
        self.subject = subject
        self.audience = audience
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.stores = stores
        self.isOperator = isOperator
    }
}

extension TokenClaims: JSONModel {
    public init(from json: inout JSONReader) throws(JSONError) {
        var issuer: String?
        var subject: String?
        var audience: String?
        var issuedAt: Int64?
        var expiresAt: Int64?
        var stores: [String: String] = [:]
        var isOperator = false
        try json.object { json, key throws(JSONError) in
            switch key {
            case "iss": issuer = try json.string()
            case "sub": subject = try json.string()
            case "aud": audience = try json.string()
            case "iat": issuedAt = try json.int()
            case "exp": expiresAt = try json.int()
            case "stores": stores = try json.read()
            case "operator": isOperator = try json.bool()
            default: try json.unknown(key)
            }
        }
        self.issuer = try json.require(&issuer, "iss")
        self.subject = try json.require(&subject, "sub")
        self.audience = try json.require(&audience, "aud")
        self.issuedAt = try json.require(&issuedAt, "iat")
        self.expiresAt = try json.require(&expiresAt, "exp")
        self.isOperator = isOperator
        // A store or role that this version cannot read gives no right.
        self.stores = [:]
        for (store, role) in stores {
            if let store = StoreID(store), let role = StaffRole(rawValue: role) { self.stores[store] = role }
        }
    }

    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("iss", issuer)
        json.field("sub", subject)
        json.field("aud", audience)
        json.field("iat", issuedAt)
        json.field("exp", expiresAt)
        if !stores.isEmpty {
            json.key("stores")
            json.beginObject()
            for (store, role) in stores {
                json.key(store.description)
                json.string(role.rawValue)
            }
            json.endObject()
        }
        if isOperator { json.field("operator", true) }
        json.endObject()
    }
}

/// Why a token was refused. Tells the log, never the caller.
public enum TokenError: Error, Sendable, Equatable {
    /// Not three base64url parts of JSON, or too long.
    case malformed
    /// Signed with anything but ES256 (`none` among them).
    case unsupportedAlgorithm
    /// The issuer is no service of this installation.
    case unknownIssuer
    /// The issuer publishes no key of this name.
    case unknownKey
    case badSignature
    case expired
    /// Issued in the future, by more than the clocks may differ.
    case notYetValid
    case wrongAudience
    /// Lives longer than tokens may, or ends before it starts.
    case badLifetime
    /// A person's token that the storefront did not issue, or a service speaking for another.
    case wrongSubject
    /// The issuer's keys could not be fetched: not the caller's fault.
    case keysUnavailable
}

/// The JOSE header of our tokens (RFC 7515, section 4.1).
struct TokenHeader: JSONModel {
    var algorithm: String
    var keyID: String

    init(algorithm: String, keyID: String) {
        self.algorithm = algorithm
        self.keyID = keyID
    }

    init(from json: inout JSONReader) throws(JSONError) {
        var algorithm: String?
        var keyID: String?
        try json.object { json, key throws(JSONError) in
            switch key {
            case "alg": algorithm = try json.string()
            case "kid": keyID = try json.string()
            default: try json.unknown(key)
            }
        }
        self.algorithm = try json.require(&algorithm, "alg")
        self.keyID = keyID ?? ""
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("alg", algorithm)
        json.field("typ", "JWT")
        json.field("kid", keyID)
        json.endObject()
    }
}

/// One published key (RFC 7517, with RFC 7518 section 6.2 for the curve).
struct PublishedKey: JSONModel, Equatable {
    var keyID: String
    /// The coordinates, 32 bytes each, base64url.
    var x: String
    var y: String

    init(keyID: String, x: String, y: String) {
        self.keyID = keyID
        self.x = x
        self.y = y
    }

    init(from json: inout JSONReader) throws(JSONError) {
        var keyID: String?
        var x: String?
        var y: String?
        try json.object { json, key throws(JSONError) in
            switch key {
            case "kid": keyID = try json.string()
            case "x": x = try json.string()
            case "y": y = try json.string()
            default: try json.unknown(key)
            }
        }
        self.keyID = try json.require(&keyID, "kid")
        self.x = try json.require(&x, "x")
        self.y = try json.require(&y, "y")
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("kty", "EC")
        json.field("crv", "P-256")
        json.field("alg", "ES256")
        json.field("use", "sig")
        json.field("kid", keyID)
        json.field("x", x)
        json.field("y", y)
        json.endObject()
    }
}

/// A service's published keys, as at `/.well-known/jwks.json`.
struct PublishedKeys: JSONModel, Equatable {
    var keys: [PublishedKey]

    init(keys: [PublishedKey]) { self.keys = keys }

    init(from json: inout JSONReader) throws(JSONError) {
        var keys: [PublishedKey]?
        try json.object { json, key throws(JSONError) in
            switch key {
            case "keys": keys = try json.array(of: PublishedKey.self)
            default: try json.unknown(key)
            }
        }
        self.keys = try json.require(&keys, "keys")
    }

    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("keys", keys)
        json.endObject()
    }
}
