import Models
import ServiceKit

/// The problems of the catalog: the only file of the service that chooses status codes.
enum CatalogProblems {
    static let skuCodeTaken = ProblemKind(
        code: "sku_code_taken", title: "SKU code is taken", status: 409,
        meaning: "A store's SKU codes are unique. Use another code, or change the SKU that has it.")
    static let stockBelowReserved = ProblemKind(
        code: "stock_below_reserved", title: "Stock is held for orders", status: 409,
        meaning: "Unpaid orders hold stock that the change would take away. Cancel orders first, or take less.")

    static let kinds = [skuCodeTaken, stockBelowReserved]

    static var noSuchStore: ProblemError { KitProblems.notFound.error("There is no such store.") }
    static var noSuchItem: ProblemError { KitProblems.notFound.error("There is no such item.") }
    static var notManager: ProblemError { KitProblems.forbidden.error("Only managers of the store may do this.") }
    static var notStaff: ProblemError { KitProblems.forbidden.error("Only staff of the store may do this.") }

    /// 400 with the places at fault.
    static func invalid(_ detail: String, _ errors: [FieldError]) -> ProblemError {
        let kind = KitProblems.invalidRequest
        return ProblemError(
            Problem(code: kind.code, title: kind.title, status: kind.status, detail: detail, errors: errors))
    }

    /// 400 about one place.
    static func invalidField(_ pointer: String, _ detail: String) -> ProblemError {
        invalid("\(pointer) \(detail).", [FieldError(pointer: pointer, code: "invalid", detail: detail)])
    }
}
