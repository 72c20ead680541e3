import Models

/// The form of a new item: what was typed, and what is wrong with it.
struct NewItemForm: Sendable {
    enum Field: String, Sendable, CaseIterable {
        case nameZh = "name_zh"
        case nameEn = "name_en"
        case categoryZh = "category_zh"
        case categoryEn = "category_en"
        case descriptionZh = "description_zh"
        case descriptionEn = "description_en"
        case price, stock, picture
    }

    private(set) var values: [Field: String] = [:]
    private(set) var errors: [(field: Field, phrase: Phrase)] = []

    /// An empty form.
    init() {}

    init(_ fields: FormFields) {
        for field in Field.allCases { values[field] = fields.trimmed(field.rawValue) ?? "" }
        for field in [Field.nameZh, .categoryZh] where self[field].isEmpty { errors.append((field, .fieldNeeded)) }
        for field in Field.allCases where self[field].count > Self.lengthMax(field) {
            errors.append((field, .fieldTooLong))
        }
        if PriceField.read(self[.price], .cny) == nil { errors.append((.price, .badPrice)) }
        if PriceField.readCount(self[.stock]) == nil { errors.append((.stock, .badCount)) }
    }

    subscript(_ field: Field) -> String { values[field] ?? "" }

    func error(_ field: Field) -> Phrase? { errors.first { $0.field == field }?.phrase }

    /// The item, or nil when something is wrong. A name without a translation stands for both languages.
    func item(for store: StoreID) -> NewItem? {
        guard errors.isEmpty, let price = PriceField.read(self[.price], .cny),
            let stock = PriceField.readCount(self[.stock])
        else { return nil }
        return NewItem(
            storeID: store, code: nil, category: text(.categoryZh, .categoryEn), name: text(.nameZh, .nameEn),
            description: text(.descriptionZh, .descriptionEn), picture: self[.picture],
            skus: [
                NewSKU(
                    code: nil, name: LocalizedText(zh: "标准", en: "Standard"), price: price, stock: stock,
                    onlineBuffer: 0)
            ])
    }

    private func text(_ zh: Field, _ en: Field) -> LocalizedText {
        LocalizedText(zh: self[zh], en: self[en].isEmpty ? self[zh] : self[en])
    }

    private static func lengthMax(_ field: Field) -> Int {
        switch field {
        case .descriptionZh, .descriptionEn: 500
        default: 60
        }
    }
}
