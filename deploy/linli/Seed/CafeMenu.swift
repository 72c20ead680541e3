import Models

/// What the real stores of the demonstration offer: their list names places and no menus.
enum CafeMenu {
    struct Drink: Sendable {
        let code: String
        let category: LocalizedText
        let name: LocalizedText
        let description: LocalizedText
        let picture: String
        /// Fen, for the usual and the large cup; one price: one size.
        let prices: [Int64]
    }

    private static let coffee = LocalizedText(zh: "咖啡", en: "Coffee")
    private static let tea = LocalizedText(zh: "茶饮", en: "Tea")
    private static let bakery = LocalizedText(zh: "烘焙", en: "Bakery")
    private static let sizes = [LocalizedText(zh: "中杯", en: "Regular"), LocalizedText(zh: "大杯", en: "Large")]
    /// Of each size in each store.
    private static let stock = 500

    static let drinks = [
        Drink(
            code: "americano", category: coffee, name: LocalizedText(zh: "美式咖啡", en: "Americano"),
            description: LocalizedText(zh: "双份浓缩，只加水。", en: "Two shots of espresso and water, nothing else."),
            picture: "coffee", prices: [2_200, 2_500]),
        Drink(
            code: "latte", category: coffee, name: LocalizedText(zh: "拿铁", en: "Latte"),
            description: LocalizedText(zh: "浓缩与蒸奶，一层细泡。", en: "Espresso with steamed milk and a thin layer of foam."),
            picture: "coffee", prices: [2_800, 3_200]),
        Drink(
            code: "osmanthus-latte", category: coffee, name: LocalizedText(zh: "桂花拿铁", en: "Osmanthus latte"),
            description: LocalizedText(zh: "拿铁里一勺桂花蜜。", en: "A latte with a spoon of osmanthus honey."),
            picture: "coffee", prices: [3_200, 3_600]),
        Drink(
            code: "longjing", category: tea, name: LocalizedText(zh: "龙井冷泡", en: "Cold-brewed Longjing"),
            description: LocalizedText(zh: "低温浸八小时，清甜不涩。", en: "Steeped cold for eight hours; sweet, never bitter."),
            picture: "tea", prices: [2_400, 2_800]),
        Drink(
            code: "croissant", category: bakery, name: LocalizedText(zh: "可颂", en: "Croissant"),
            description: LocalizedText(zh: "每天清晨现烤。", en: "Baked every morning."),
            picture: "bread", prices: [1_600]),
        Drink(
            code: "bagel", category: bakery, name: LocalizedText(zh: "芝士贝果", en: "Cheese bagel"),
            description: LocalizedText(zh: "外脆里韧，奶酪夹心。", en: "Crisp outside, chewy inside, filled with cheese."),
            picture: "bread", prices: [1_900]),
    ]

    static func item(_ drink: Drink, of store: StoreID) -> NewItem {
        NewItem(
            storeID: store, code: drink.code, category: drink.category, name: drink.name,
            description: drink.description, picture: drink.picture,
            skus: drink.prices.enumerated().map { number, price in
                NewSKU(
                    code: "\(drink.code)-\(number + 1)", name: drink.prices.count == 1 ? nil : sizes[number],
                    price: Money(minorUnits: price, currency: .cny), stock: stock)
            })
    }
}
