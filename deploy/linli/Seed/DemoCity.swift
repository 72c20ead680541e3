import JSON
import Models

/// The demonstration city as `seeds/demo/shanghai.json` describes it.
struct DemoCity: JSONReadable, Sendable {
    struct Merchant: JSONReadable, Sendable {
        let name: LocalizedText
        let kind: StoreKind
        let items: [Item]
        let stores: [Store]

        init(from json: inout JSONReader) throws(JSONError) {
            var name: LocalizedText?
            var kind: StoreKind?
            var items: [Item]?
            var stores: [Store]?
            try json.object { (json, key) throws(JSONError) in
                switch key {
                case "name": name = try json.read()
                case "kind": kind = try json.read()
                case "items": items = try json.read()
                case "stores": stores = try json.read()
                default: try json.unknown(key)
                }
            }
            self.name = try json.require(&name, "name")
            self.kind = try json.require(&kind, "kind")
            self.items = try json.require(&items, "items")
            self.stores = try json.require(&stores, "stores")
        }
    }

    struct Item: JSONReadable, Sendable {
        let category: LocalizedText
        let name: LocalizedText
        let description: LocalizedText
        let picture: String
        let skus: [SKU]

        init(from json: inout JSONReader) throws(JSONError) {
            var category: LocalizedText?
            var name: LocalizedText?
            var description: LocalizedText?
            var picture: String?
            var skus: [SKU]?
            try json.object { (json, key) throws(JSONError) in
                switch key {
                case "category": category = try json.read()
                case "name": name = try json.read()
                case "description": description = try json.read()
                case "picture": picture = try json.read()
                case "skus": skus = try json.read()
                default: try json.unknown(key)
                }
            }
            self.category = try json.require(&category, "category")
            self.name = try json.require(&name, "name")
            self.description = try json.require(&description, "description")
            self.picture = try json.require(&picture, "picture")
            self.skus = try json.require(&skus, "skus")
        }
    }

    struct SKU: JSONReadable, Sendable {
        let name: LocalizedText
        /// Fen.
        let price: Int64
        let stock: Int

        init(from json: inout JSONReader) throws(JSONError) {
            var name: LocalizedText?
            var price: Int64?
            var stock: Int?
            try json.object { (json, key) throws(JSONError) in
                switch key {
                case "name": name = try json.read()
                case "price": price = try json.read()
                case "stock": stock = try json.read()
                default: try json.unknown(key)
                }
            }
            self.name = try json.require(&name, "name")
            self.price = try json.require(&price, "price")
            self.stock = try json.require(&stock, "stock")
        }
    }

    struct Store: JSONReadable, Sendable {
        let number: String
        let name: LocalizedText
        let description: LocalizedText
        let address: String
        let city: String
        let province: String
        let phone: String?
        let location: Coordinates
        let timeZone: String
        let hours: [DayHours]

        init(from json: inout JSONReader) throws(JSONError) {
            var number: String?
            var name: LocalizedText?
            var description: LocalizedText?
            var address: String?
            var city: String?
            var province: String?
            var phone: String?
            var latitude: Double?
            var longitude: Double?
            var timeZone: String?
            var hours: [Hours] = []
            try json.object { (json, key) throws(JSONError) in
                switch key {
                case "number": number = try json.read()
                case "name": name = try json.read()
                case "description": description = try json.read()
                case "address": address = try json.read()
                case "city": city = try json.read()
                case "province": province = try json.read()
                case "phone": phone = try json.read()
                case "latitude": latitude = try json.read()
                case "longitude": longitude = try json.read()
                case "time_zone": timeZone = try json.read()
                case "hours": hours = try json.read()
                default: try json.unknown(key)
                }
            }
            self.number = try json.require(&number, "number")
            self.name = try json.require(&name, "name")
            self.description = try json.require(&description, "description")
            self.address = try json.require(&address, "address")
            self.city = try json.require(&city, "city")
            self.province = try json.require(&province, "province")
            self.phone = phone
            self.location = Coordinates(
                latitude: try json.require(&latitude, "latitude"), longitude: try json.require(&longitude, "longitude"))
            self.timeZone = try json.require(&timeZone, "time_zone")
            self.hours = Dictionary(grouping: hours, by: \.day).sorted { $0.key < $1.key }.map { day, spans in
                DayHours(day: day, periods: spans.map(\.period))
            }
        }
    }

    private struct Hours: JSONReadable {
        let day: Int
        let period: OpeningPeriod

        init(from json: inout JSONReader) throws(JSONError) {
            var day: Int?
            var open: TimeOfDay?
            var close: TimeOfDay?
            try json.object { (json, key) throws(JSONError) in
                switch key {
                case "day": day = try json.read()
                case "open": open = try json.read()
                case "close": close = try json.read()
                default: try json.unknown(key)
                }
            }
            self.day = try json.require(&day, "day")
            period = OpeningPeriod(opens: try json.require(&open, "open"), closes: try json.require(&close, "close"))
        }
    }

    let merchants: [Merchant]

    init(from json: inout JSONReader) throws(JSONError) {
        var merchants: [Merchant]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "merchants": merchants = try json.read()
            default: try json.unknown(key)
            }
        }
        self.merchants = try json.require(&merchants, "merchants")
    }
}

extension DayHours {
    /// Round the clock, every day.
    static let always: [DayHours] = {
        guard let midnight = TimeOfDay(minutes: 0), let end = TimeOfDay(minutes: 24 * 60) else { return [] }
        return (1...7).map { DayHours(day: $0, periods: [OpeningPeriod(opens: midnight, closes: end)]) }
    }()
}
