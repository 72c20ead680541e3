public import JSON

/// All that a store's page shows at first sight: the store, the beginning of its menu, its newest reviews.
public struct StoreWindow: Sendable, Equatable {
    /// The store with its hours.
    public var store: Store
    /// The first items, at most 100; the cursor continues in the list of items.
    public var menu: Page<Item>
    /// The newest reviews, at most 10.
    public var reviews: [Review]

    /// Makes a window.
    public init(store: Store, menu: Page<Item>, reviews: [Review]) {
        self.store = store
        self.menu = menu
        self.reviews = reviews
    }
}

extension StoreWindow: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("store", store)
        json.field("menu", menu)
        json.field("reviews", reviews)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var store: Store?
        var menu: Page<Item>?
        var reviews: [Review]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "store": store = try json.read()
            case "menu": menu = try json.read()
            case "reviews": reviews = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            store: try json.require(&store, "store"), menu: try json.require(&menu, "menu"),
            reviews: try json.require(&reviews, "reviews"))
    }
}
