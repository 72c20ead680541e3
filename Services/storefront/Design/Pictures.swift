import Models

/// The drawings of `Static/art.svg`: which one shows a store, an item, a sign of the interface.
struct Pictures: Sendable {
    /// Where the sheet is, with its content hash.
    let sheet: Link

    /// A drawing as decoration: the text beside it says what it is, so it is hidden from screen readers.
    func art(_ name: StaticString) -> HTML {
        "<svg aria-hidden=\"true\"><use href=\"\(sheet)#\(name)\"/></svg>"
    }

    /// A sign of the interface, in the colour of the text.
    func icon(_ name: StaticString) -> HTML {
        "<svg class=\"ico\" aria-hidden=\"true\"><use href=\"\(sheet)#i-\(name)\"/></svg>"
    }

    /// The street front of a kind of store.
    func store(_ kind: StoreKind) -> HTML {
        "<svg aria-hidden=\"true\"><use href=\"\(sheet)#\(Self.front(kind))\"/></svg>"
    }

    /// An item on its tinted tile.
    func item(picture: String, name: String) -> HTML {
        let drawing = Self.drawing(picture, name: name)
        return """
            <div class="tile t\(Self.tint(drawing))"><svg aria-hidden="true"><use href="\(sheet)#\(drawing)"/></svg>\
            </div>
            """
    }

    static func front(_ kind: StoreKind) -> StaticString {
        switch kind {
        case .restaurant: "store-restaurant"
        case .grocer: "store-grocer"
        case .petSalon: "store-pet_salon"
        case .furniture: "store-furniture"
        case .groupLeader: "store-group_leader"
        case .cafe: "store-cafe"
        }
    }

    /// The tile's tint behind a kind's street front.
    static func tint(_ kind: StoreKind) -> Int {
        switch kind {
        case .restaurant: 0
        case .grocer: 1
        case .petSalon: 2
        case .cafe, .furniture: 3
        case .groupLeader: 4
        }
    }

    private static func tint(_ drawing: String) -> Int {
        drawing.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % 6
    }

    /// The drawing of an item: the one it names, or one that its English name speaks of, or a bag.
    static func drawing(_ picture: String, name: String) -> String {
        if drawings.contains(picture) { return picture }
        if let alias = aliases[picture] { return alias }
        return NameWord.first(in: name)?.drawing ?? "parcel"
    }

    private static let drawings: Set<String> = [
        "bowl", "noodles", "dumplings", "rice", "hotpot", "skewers", "soup", "salad", "burrito", "taco", "chips",
        "guacamole", "soda", "water", "juice", "tea", "milktea", "coffee", "latte", "cake", "bread", "croissant",
        "eggs", "milk", "greens", "tomato", "apple", "orange", "watermelon", "berries", "banana", "meat", "fish",
        "shrimp", "ricebag", "oil", "box", "basket", "petbath", "petgroom", "petfood", "pettoy", "sofa", "lamp",
        "table", "chair", "bed", "bookshelf", "icecream", "pizza", "burger", "curry", "flowers", "bun", "cat", "dog",
        "grape", "peach", "house", "scissors", "parcel",
    ]

    private static let aliases: [String: String] = [
        "berry": "berries", "dumpling": "dumplings", "egg": "eggs", "leaf": "greens", "drink": "juice",
        "vegetable": "greens", "fruit": "apple", "toy": "pettoy", "bath": "petbath", "cup": "coffee",
        "noodle": "noodles", "bag": "ricebag", "gift": "box", "shelf": "bookshelf", "cookie": "cake",
    ]
}

/// A word of English item names and what it speaks of.
private struct NameWord {
    let bytes: [UInt8]
    let letters: UInt32
    let drawing: String

    private init(_ word: String, _ drawing: String) {
        bytes = Array(word.utf8)
        letters = Self.letters(bytes)
        self.drawing = drawing
    }

    /// The first word of the list that a name contains, whatever its case. A shop's page asks this for each of its
    /// items, so most words are ruled out by the letters that the name does not have.
    static func first(in name: String) -> NameWord? {
        let bytes = name.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        let letters = letters(bytes)
        return list.first { $0.letters & ~letters == 0 && $0.isPart(of: bytes) }
    }

    /// A bit for each small letter that occurs.
    private static func letters(_ bytes: [UInt8]) -> UInt32 {
        bytes.reduce(0) { (0x61...0x7A).contains($1) ? $0 | 1 &<< UInt32($1 &- 0x61) : $0 }
    }

    private func isPart(of text: [UInt8]) -> Bool {
        guard text.count >= bytes.count else { return false }
        return (0...text.count - bytes.count).contains { start in
            text[start] == bytes[0] && text[start..<start + bytes.count].elementsEqual(bytes)
        }
    }

    /// The telling words first: a "Chicken Salad Bowl" is a salad.
    private static let list: [NameWord] = [
        ("salad", "salad"), ("burrito", "burrito"), ("taco", "taco"), ("guacamole", "guacamole"), ("chips", "chips"),
        ("bowl", "bowl"), ("soda", "soda"), ("soft drink", "soda"), ("water", "water"), ("izze", "juice"),
        ("nectar", "juice"), ("juice", "juice"), ("latte", "latte"), ("coffee", "coffee"), ("espresso", "coffee"),
        ("milk tea", "milktea"), ("tea", "tea"), ("croissant", "croissant"), ("cake", "cake"), ("bread", "bread"),
        ("baguette", "bread"), ("toast", "bread"), ("noodle", "noodles"), ("dumpling", "dumplings"), ("bun", "bun"),
        ("soup", "soup"), ("rice", "rice"), ("pizza", "pizza"), ("burger", "burger"), ("curry", "curry"),
        ("egg", "eggs"), ("milk", "milk"), ("tomato", "tomato"), ("apple", "apple"), ("orange", "orange"),
        ("fish", "fish"), ("shrimp", "shrimp"), ("sofa", "sofa"), ("lamp", "lamp"), ("table", "table"),
        ("chair", "chair"), ("bed", "bed"), ("shelf", "bookshelf"), ("dog", "dog"), ("cat", "cat"),
        ("bath", "petbath"), ("groom", "petgroom"), ("box", "box"), ("basket", "basket"), ("flower", "flowers"),
    ].map { NameWord($0.0, $0.1) }
}
