import Models

/// The form of a new item, with a summary of what is wrong that leads to each field.
struct NewItemPiece {
    let storeID: String
    let form: NewItemForm
    let key: String

    private static let pictures: [(drawing: StaticString, name: Phrase)] = [
        ("parcel", .pictureParcel), ("bowl", .pictureBowl), ("noodles", .pictureNoodles),
        ("dumplings", .pictureDumplings), ("rice", .pictureRice), ("soup", .pictureSoup), ("salad", .pictureSalad),
        ("bun", .pictureBun), ("burger", .pictureBurger), ("pizza", .picturePizza), ("cake", .pictureCake),
        ("bread", .pictureBread), ("coffee", .pictureCoffee), ("tea", .pictureTea), ("milktea", .pictureMilkTea),
        ("juice", .pictureJuice), ("water", .pictureWater), ("greens", .pictureGreens), ("tomato", .pictureTomato),
        ("apple", .pictureApple), ("berries", .pictureBerries), ("meat", .pictureMeat), ("fish", .pictureFish),
        ("eggs", .pictureEggs), ("milk", .pictureMilk), ("petbath", .picturePetBath), ("petgroom", .picturePetGroom),
        ("petfood", .picturePetFood), ("pettoy", .picturePetToy), ("sofa", .pictureSofa), ("lamp", .pictureLamp),
        ("table", .pictureTable), ("chair", .pictureChair), ("bed", .pictureBed), ("flowers", .pictureFlowers),
    ]

    func html(_ c: PageContext) -> HTML {
        """
        <details class="card" id="new-item"\(if: !form.errors.isEmpty, " open")><summary>\(c.words[.addItem])</summary>\
        \(errors(c))<form class="form-grid" method="post" action="\(Link("/console/\(storeID)/items"))" novalidate>\
        \(c.formField)\
        <input type="hidden" name="key" value="\(key)">\
        \(field(.nameZh, .itemNameZh, "required", c))\(field(.nameEn, .itemNameEn, "", c))\
        \(field(.categoryZh, .itemCategoryZh, "required", c))\(field(.categoryEn, .itemCategoryEn, "", c))\
        \(field(.descriptionZh, .itemDescriptionZh, "", c))\(field(.descriptionEn, .itemDescriptionEn, "", c))\
        \(field(.price, .itemPrice, "inputmode=\"decimal\" required", c))\
        \(field(.stock, .itemStock, "inputmode=\"numeric\" required", c))\
        \(picture(c))<p class="wide"><button class="btn main">\(c.icon("plus"))\(c.words[.addItem])</button></p>\
        </form></details>
        """
    }

    private func errors(_ c: PageContext) -> HTML {
        guard !form.errors.isEmpty else { return .empty }
        return """
            <div class="errors" role="alert" tabindex="-1" autofocus><h2>\(c.words[.checkFields])</h2><ul>\
            \(HTML.each(form.errors) { error in
                """
                <li><a href="\(Link("/console/\(storeID)/items").fragment(error.field))">\
                \(c.words[Self.label(error.field)]): \
                \(c.words[error.phrase])</a></li>
                """
            })</ul></div>
            """
    }

    private func field(
        _ field: NewItemForm.Field, _ label: Phrase, _ attributes: StaticString, _ c: PageContext
    ) -> HTML {
        Pieces.field(
            id: field.name, label: c.words[label], value: form[field],
            error: form.error(field).map { c.words[$0].description }, attributes: attributes, c)
    }

    private func picture(_ c: PageContext) -> HTML {
        """
        <div class="field"><label for="picture">\(c.words[.itemPicture])</label><select class="input" id="picture" \
        name="picture">\
        \(HTML.each(Self.pictures) { picture in
            """
            <option value="\(picture.drawing)"\(if: form[.picture] == picture.drawing.description, " selected")>\
            \(c.words[picture.name])</option>
            """
        })</select></div>
        """
    }

    private static func label(_ field: NewItemForm.Field) -> Phrase {
        switch field {
        case .nameZh: .itemNameZh
        case .nameEn: .itemNameEn
        case .categoryZh: .itemCategoryZh
        case .categoryEn: .itemCategoryEn
        case .descriptionZh: .itemDescriptionZh
        case .descriptionEn: .itemDescriptionEn
        case .price: .itemPrice
        case .stock: .itemStock
        case .picture: .itemPicture
        }
    }
}

extension NewItemForm.Field {
    /// The field's name as a literal, for attributes.
    fileprivate var name: StaticString {
        switch self {
        case .nameZh: "name_zh"
        case .nameEn: "name_en"
        case .categoryZh: "category_zh"
        case .categoryEn: "category_en"
        case .descriptionZh: "description_zh"
        case .descriptionEn: "description_en"
        case .price: "price"
        case .stock: "stock"
        case .picture: "picture"
        }
    }
}

extension Link {
    /// The field on the page that this link leads to.
    fileprivate func fragment(_ field: NewItemForm.Field) -> Link { fragment(field.name) }
}
