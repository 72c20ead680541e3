import JSON
import Models

enum Samples {
    /// A page of twenty items as a store's menu answers it.
    static func page() -> Page<Item> {
        let now = Timestamp(microseconds: 1_763_875_446_123_456)
        let store = StoreID.make(at: now)
        let category = ItemCategory(id: .make(at: now), name: LocalizedText(zh: "面与饭", en: "Noodles and rice"))
        let items = (1...20).map { number in
            Item(
                id: .make(at: now), storeID: store, code: "item-\(number)", category: category,
                name: LocalizedText(zh: "葱油拌面 \(number)", en: "Scallion noodles \(number)"),
                description: LocalizedText(
                    zh: "葱香浓郁，手工细面，配“荷包蛋”", en: "Hand-made thin noodles with \"fried\" scallions\nand an egg"),
                picture: "bowl",
                skus: [
                    SKU(
                        id: .make(at: now), name: LocalizedText(zh: "标准", en: "Standard"),
                        price: Money(minorUnits: 1_600 + Int64(number), currency: .cny), available: 100 - number),
                    SKU(
                        id: .make(at: now), name: LocalizedText(zh: "大份", en: "Large"),
                        price: Money(minorUnits: 2_000 + Int64(number), currency: .cny), available: number),
                ])
        }
        return Page(items: items, nextCursor: "eyJhZnRlciI6ImFiY2RlZiJ9")
    }
}

// The same shapes for Foundation's coders. Identifiers stay texts there, which spares Foundation their checking.

struct MirrorText: Codable { var zh: String; var en: String }
struct MirrorMoney: Codable { var amount: Int64; var currency: String }
struct MirrorCategory: Codable { var id: String; var name: MirrorText }
struct MirrorSKU: Codable { var id: String; var name: MirrorText; var price: MirrorMoney; var available: Int }

struct MirrorItem: Codable {
    var id: String
    var store_id: String
    var code: String?
    var category: MirrorCategory
    var name: MirrorText
    var description: MirrorText
    var picture: String
    var skus: [MirrorSKU]
}

struct MirrorPage: Codable { var items: [MirrorItem]; var next_cursor: String? }
