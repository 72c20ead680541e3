import Clients
import HTTPCore
import HTTPServer
import JSON
import Models
import ServiceKit

/// `POST /v1/quotes`: prices goods and signs the result.
struct MakeQuote: Sendable {
    /// Ten minutes: long enough to read it, short enough that prices are not stale.
    static let lifetime = Duration.seconds(600)
    /// 64 KiB: 100 lines with notes of 200 Chinese characters.
    private static let bodyBytesMax = 65_536

    let kit: Toolkit
    let catalog: CatalogClient
    let tokens: QuoteTokens
    let hours: OpeningHoursRule

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        var request = request
        let body = try await request.body.collect(upTo: Self.bodyBytesMax)
        // A quote changes nothing here, so its key is asked for (as for every POST) but nothing is stored under it.
        _ = try kit.idempotency.ticket(request, caller, body: body)
        let input = try JSON.decode(QuoteRequest.self, from: body, mode: .strict)
        let check = try await priceCheck(input, request.callContext)
        guard check.store.isAcceptingOrders else { throw OrdersError.storeNotAccepting }
        guard check.store.isOpenNow || hours == .ignored else { throw OrdersError.storeClosed }
        let priced = try Pricing.price(input.lines, with: check)
        return .json(.created, quote(input, check.store, priced, for: caller.accountID))
    }

    private func priceCheck(_ input: QuoteRequest, _ context: CallContext) async throws -> PriceCheck {
        var seen: Set<SKUID> = []
        let skus = input.lines.map(\.skuID).filter { seen.insert($0).inserted }
        do {
            return try await catalog.prices(of: skus, in: input.storeID, context)
        } catch ServiceClientError.problem(let problem) where problem.status == 404 {
            throw OrdersError.notFound("store")
        } catch {
            throw OrdersError.neighbourUnavailable("catalog")
        }
    }

    private func quote(
        _ input: QuoteRequest, _ store: PricedStore, _ priced: PricedLines, for customer: AccountID?
    ) -> Quote {
        let now = kit.now()
        let content = QuoteContent(
            id: .make(at: now), customerID: customer, storeID: store.id, merchantID: store.merchantID,
            storeName: store.name, timeZone: store.timeZone, fulfilment: input.fulfilment, lines: priced.lines,
            expiresAt: now + Self.lifetime)
        return Quote(
            id: content.id, token: tokens.token(for: content), storeID: store.id, storeName: store.name,
            fulfilment: input.fulfilment, lines: priced.lines, subtotal: priced.subtotal,
            discountTotal: priced.discountTotal, total: priced.total, expiresAt: content.expiresAt)
    }
}

/// Whether orders are taken only while the store is open.
enum OpeningHoursRule: String, CaseIterable {
    case enforced, ignored
}
