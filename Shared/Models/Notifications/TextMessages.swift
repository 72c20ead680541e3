public import JSON

/// A text message with a one-time code. The sentence around the code is the notifications service's.
public struct CodeMessage: Sendable, Hashable {
    /// To whom: 11 digits for mainland China, `+` and the country code for others.
    public var phone: String
    /// The code.
    public var code: String
    /// `zh` or `en`.
    public var language: String

    /// Makes a message.
    public init(phone: String, code: String, language: String) {
        self.phone = phone
        self.code = code
        self.language = language
    }
}

extension CodeMessage: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("phone", phone)
        json.field("code", code)
        json.field("language", language)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var phone: String?
        var code: String?
        var language: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "phone": phone = try json.read()
            case "code": code = try json.read()
            case "language": language = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            phone: try json.require(&phone, "phone"), code: try json.require(&code, "code"),
            language: try json.require(&language, "language"))
    }
}

/// A text message as the development mailbox shows it.
public struct MailboxMessage: Sendable, Hashable {
    /// Identity.
    public var id: MessageID
    /// To whom.
    public var phone: String
    /// The whole sentence.
    public var text: String
    /// The one-time code in it.
    public var code: String?
    /// When it was sent.
    public var createdAt: Timestamp

    /// Makes a message.
    public init(id: MessageID, phone: String, text: String, code: String?, createdAt: Timestamp) {
        self.id = id
        self.phone = phone
        self.text = text
        self.code = code
        self.createdAt = createdAt
    }
}

extension MailboxMessage: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("phone", phone)
        json.field("text", text)
        json.field("code", code)
        json.field("created_at", createdAt)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: MessageID?
        var phone: String?
        var text: String?
        var code: String?
        var createdAt: Timestamp?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "phone": phone = try json.read()
            case "text": text = try json.read()
            case "code": code = try json.read()
            case "created_at": createdAt = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), phone: try json.require(&phone, "phone"),
            text: try json.require(&text, "text"), code: code, createdAt: try json.require(&createdAt, "created_at"))
    }
}
