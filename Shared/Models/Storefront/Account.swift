public import JSON

/// Asks for a one-time code.
public struct SignInCodeRequest: Sendable, Hashable {
    /// As typed: mainland mobile numbers with or without +86, others with + and the country code.
    public var phone: String

    /// Makes a request.
    public init(phone: String) { self.phone = phone }
}

extension SignInCodeRequest: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("phone", phone)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var phone: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "phone": phone = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(phone: try json.require(&phone, "phone"))
    }
}

/// Exchanges a code for a session.
public struct SignInRequest: Sendable, Hashable {
    /// The number that the code was sent to.
    public var phone: String
    /// Six digits.
    public var code: String

    /// Makes a request.
    public init(phone: String, code: String) {
        self.phone = phone
        self.code = code
    }
}

extension SignInRequest: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("phone", phone)
        json.field("code", code)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var phone: String?
        var code: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "phone": phone = try json.read()
            case "code": code = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(phone: try json.require(&phone, "phone"), code: try json.require(&code, "code"))
    }
}

/// Who is signed in.
public struct Account: Sendable, Hashable {
    /// Identity.
    public var id: AccountID
    /// Masked: `138****0000`.
    public var phone: String
    /// The stores this person works for, by store id: `clerk` or `manager`.
    public var stores: [String: String]
    /// Whether this person operates the platform.
    public var isOperator: Bool
    /// Since when.
    public var createdAt: Timestamp

    /// Makes an account.
    public init(id: AccountID, phone: String, stores: [String: String], isOperator: Bool, createdAt: Timestamp) {
        self.id = id
        self.phone = phone
        self.stores = stores
        self.isOperator = isOperator
        self.createdAt = createdAt
    }
}

extension Account: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("phone", phone)
        json.field("stores", stores)
        json.field("operator", isOperator)
        json.field("created_at", createdAt)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: AccountID?
        var phone: String?
        var stores: [String: String] = [:]
        var isOperator = false
        var createdAt: Timestamp?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "phone": phone = try json.read()
            case "stores": stores = try json.read()
            case "operator": isOperator = try json.read()
            case "created_at": createdAt = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), phone: try json.require(&phone, "phone"), stores: stores,
            isOperator: isOperator, createdAt: try json.require(&createdAt, "created_at"))
    }
}

/// A session that was just opened.
public struct SignedIn: Sendable, Hashable {
    /// Goes into `Authorization: Bearer …`. Ends after 30 minutes without use, and after a day in any case.
    public var token: String
    /// Whose it is.
    public var account: Account

    /// Makes an answer.
    public init(token: String, account: Account) {
        self.token = token
        self.account = account
    }
}

extension SignedIn: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("token", token)
        json.field("account", account)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var token: String?
        var account: Account?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "token": token = try json.read()
            case "account": account = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(token: try json.require(&token, "token"), account: try json.require(&account, "account"))
    }
}
