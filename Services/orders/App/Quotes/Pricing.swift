import Models

/// What goods cost and why: the one price function, pure, used for every quote.
enum Pricing {
    /// 1,000,000.00: what a gateway moves in one payment, and far from the end of 64 bits.
    static let totalMax: Int64 = 100_000_000

    /// Prices the lines of a request with the store's present prices.
    ///
    /// - Throws: `.unknownSKUs` (each pointed at), `.outOfStock` when lines of one SKU together need more than is left,
    ///   `.nothingToPay`, `.totalTooLarge`.
    static func price(_ lines: [QuoteRequestLine], with check: PriceCheck) throws(OrdersError) -> PricedLines {
        let known = Dictionary(check.skus.map { ($0.skuID, $0) }, uniquingKeysWith: { first, _ in first })
        let unknown = lines.indices.filter { known[lines[$0].skuID] == nil }
        guard unknown.isEmpty else { throw .unknownSKUs(pointers: unknown.map { "/lines/\($0)/sku_id" }) }
        try checkStock(lines, known)
        var priced: [QuoteLine] = []
        for line in lines {
            guard let sku = known[line.skuID] else { continue }
            priced.append(
                QuoteLine(
                    skuID: sku.skuID, itemID: sku.itemID, itemName: sku.itemName, skuName: sku.skuName,
                    quantity: line.quantity, unitPrice: sku.price, lineTotal: try total(of: line, at: sku.price),
                    note: line.note))
        }
        return try sums(of: priced)
    }

    private static func checkStock(_ lines: [QuoteRequestLine], _ known: [SKUID: PricedSKU]) throws(OrdersError) {
        var needed: [SKUID: Int] = [:]
        for line in lines { needed[line.skuID, default: 0] += line.quantity }
        for line in lines {
            guard let sku = known[line.skuID], let quantity = needed[line.skuID], quantity > sku.available else { continue }
            throw .outOfStock(line.skuID, available: sku.available)
        }
    }

    private static func total(of line: QuoteRequestLine, at price: Money) throws(OrdersError) -> Money {
        do { return try price.multiplied(by: Int64(line.quantity)) } catch { throw .totalTooLarge }
    }

    /// The sums of priced lines.
    static func sums(of lines: [QuoteLine]) throws(OrdersError) -> PricedLines {
        guard let currency = lines.first?.unitPrice.currency else { throw .nothingToPay }
        var subtotal = Money.zero(currency)
        var total = Money.zero(currency)
        do {
            for line in lines {
                subtotal = try subtotal.adding(try line.unitPrice.multiplied(by: Int64(line.quantity)))
                total = try total.adding(line.lineTotal)
            }
            guard total.minorUnits <= totalMax else { throw OrdersError.totalTooLarge }
            guard total.minorUnits > 0 else { throw OrdersError.nothingToPay }
            return PricedLines(
                lines: lines, subtotal: subtotal, discountTotal: try subtotal.subtracting(total), total: total)
        } catch let error as OrdersError {
            throw error
        } catch {
            throw .totalTooLarge
        }
    }
}

/// Priced lines with their sums: `total` is `subtotal` less `discountTotal`, exactly.
struct PricedLines: Hashable {
    let lines: [QuoteLine]
    let subtotal: Money
    let discountTotal: Money
    let total: Money
}
