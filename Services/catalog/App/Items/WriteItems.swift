import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/items` (the store's managers, operators): an item of a known code is answered as it is.
struct CreateItem: Sendable {
    let kit: Toolkit

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let (body, input) = try await request.json(NewItem.self, upTo: BodyLimits.small)
        guard caller.mayAct(for: input.storeID, as: .manager) else { throw CatalogProblems.notManager }
        try check(input)
        do {
            return try await kit.idempotency.run(request, caller, body: body) { tx in
                try await create(input, caller, tx)
            }
        } catch let error as PostgresError where error.isUniqueViolation("skus_store_id_code_key") {
            throw CatalogProblems.skuCodeTaken.error("Another SKU of this store has one of these codes.")
        }
    }

    private func check(_ input: NewItem) throws {
        let codes = input.skus.compactMap(\.code)
        guard Set(codes).count == codes.count else {
            throw CatalogProblems.invalidField("/skus", "has one code twice")
        }
        guard Set(input.skus.map(\.price.currency)).count == 1 else {
            throw CatalogProblems.invalidField("/skus", "must be priced in one currency")
        }
    }

    private func create(_ input: NewItem, _ caller: Caller, _ tx: Transaction) async throws -> Response {
        let now = kit.now()
        let itemID = ItemID.make(at: now)
        let skus = input.skus.map { sku -> (id: SKUID, code: String) in
            let id = SKUID.make(at: now)
            return (id, sku.code ?? id.description)
        }
        let code = input.code ?? itemID.description
        let insert = InsertItem(
            item: input, itemID: itemID, categoryID: .make(at: now), code: code, skus: skus, actor: caller.name,
            at: now)
        if let (_, categoryID) = try await tx.first(insert) {
            return .json(
                .created,
                Item(
                    id: itemID, storeID: input.storeID, code: code,
                    category: ItemCategory(id: categoryID, name: input.category), name: input.name,
                    description: input.description, picture: input.picture,
                    skus: zip(input.skus, skus).map { new, made in
                        SKU(
                            id: made.id, name: new.name ?? input.name, price: new.price,
                            available: max(0, new.stock - new.onlineBuffer))
                    }))
        }
        let rows = try await tx.all(FindItemByCode(storeID: input.storeID, code: code))
        guard let item = ItemRow.items(rows).first else { throw CatalogProblems.noSuchStore }
        return .json(.ok, item)
    }
}

/// `PATCH /v1/skus/{sku_id}` (the store's managers, operators): price, name, buffer.
struct ChangeSKU: Sendable {
    let kit: Toolkit

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let id = try request.parameters.require("sku_id", as: SKUID.self)
        let (_, change) = try await request.json(SKUChange.self, upTo: BodyLimits.small)
        // Someone else's SKU looks as if it did not exist.
        guard let sku = try await kit.database.first(FindSKU(id: id), deadline: request.deadline),
            caller.mayAct(for: sku.storeID, as: .manager)
        else { throw KitProblems.notFound.error("There is no such SKU.") }
        if let price = change.price, price.currency.code != sku.currency {
            throw CatalogProblems.invalidField("/price/currency", "must stay \(sku.currency)")
        }
        _ = try await kit.database.execute(UpdateSKU(id: id, change: change, at: kit.now()))
        let rows = try await kit.database.all(FindItem(id: sku.itemID), deadline: request.deadline)
        guard let item = ItemRow.items(rows).first else { throw CatalogProblems.noSuchItem }
        return .json(.ok, item)
    }
}
