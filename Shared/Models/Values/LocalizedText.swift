public import JSON

/// A text in Chinese and in English.
public struct LocalizedText: Hashable, Sendable {
    /// Chinese, simplified.
    public var zh: String
    /// English.
    public var en: String

    /// Makes a text of both.
    public init(zh: String, en: String) {
        self.zh = zh
        self.en = en
    }
}

extension LocalizedText: JSONWritable, JSONReadable {
    /// Writes `{"zh":"面","en":"Noodles"}`.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("zh", zh)
        json.field("en", en)
        json.endObject()
    }

    /// Reads both languages.
    public init(from json: inout JSONReader) throws(JSONError) {
        var zh: String?
        var en: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "zh": zh = try json.read()
            case "en": en = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(zh: try json.require(&zh, "zh"), en: try json.require(&en, "en"))
    }
}
