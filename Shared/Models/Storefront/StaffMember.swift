public import JSON

/// Gives the person behind a phone number a role in a store.
public struct StaffGrant: Sendable, Hashable {
    /// The store.
    public var storeID: StoreID
    /// The person's number; an account is made when there is none.
    public var phone: String
    /// `clerk` or `manager`.
    public var role: String

    /// Makes a grant.
    public init(storeID: StoreID, phone: String, role: String) {
        self.storeID = storeID
        self.phone = phone
        self.role = role
    }
}

extension StaffGrant: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("store_id", storeID)
        json.field("phone", phone)
        json.field("role", role)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var storeID: StoreID?
        var phone: String?
        var role: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "store_id": storeID = try json.read()
            case "phone": phone = try json.read()
            case "role": role = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            storeID: try json.require(&storeID, "store_id"), phone: try json.require(&phone, "phone"),
            role: try json.require(&role, "role"))
    }
}

/// Somebody who works in a store.
public struct StaffMember: Sendable, Hashable {
    /// The person.
    public var accountID: AccountID
    /// Masked: `138****0000`.
    public var phone: String
    /// `clerk` or `manager`.
    public var role: String
    /// Since when.
    public var grantedAt: Timestamp

    /// Makes a member.
    public init(accountID: AccountID, phone: String, role: String, grantedAt: Timestamp) {
        self.accountID = accountID
        self.phone = phone
        self.role = role
        self.grantedAt = grantedAt
    }
}

extension StaffMember: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("account_id", accountID)
        json.field("phone", phone)
        json.field("role", role)
        json.field("granted_at", grantedAt)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var accountID: AccountID?
        var phone: String?
        var role: String?
        var grantedAt: Timestamp?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "account_id": accountID = try json.read()
            case "phone": phone = try json.read()
            case "role": role = try json.read()
            case "granted_at": grantedAt = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            accountID: try json.require(&accountID, "account_id"), phone: try json.require(&phone, "phone"),
            role: try json.require(&role, "role"), grantedAt: try json.require(&grantedAt, "granted_at"))
    }
}
