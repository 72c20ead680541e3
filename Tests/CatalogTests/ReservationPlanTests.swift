import Models
import Testing
@testable import Catalog

@Suite struct ReservationPlanTests {
    private let store = StoreID.make(at: Shop.now)
    private let skus = (0..<3).map { _ in SKUID.make(at: Shop.now) }.sorted()

    private func request(_ lines: [(Int, Int)], _ order: OrderID = .make(at: Shop.now)) -> ReservationRequest {
        ReservationRequest(
            orderID: order, storeID: store, expiresAt: Shop.now,
            lines: lines.map { ReservationLine(skuID: skus[$0.0], quantity: $0.1) })
    }

    private func stored(_ request: ReservationRequest, _ state: ReservationState = .held) -> StoredReservation {
        StoredReservation(
            orderID: request.orderID, storeID: request.storeID, state: state, expiresAt: request.expiresAt,
            lines: ReservationDraft.summed(request.lines))
    }

    @Test func `lines of one SKU are added up and sorted`() {
        let lines = ReservationDraft(request([(2, 1), (0, 2), (2, 3), (0, 4)])).lines
        #expect(lines == [ReservationLine(skuID: skus[0], quantity: 6), ReservationLine(skuID: skus[2], quantity: 4)])
    }

    @Test func `two prices for one SKU can never be agreed`() {
        let lines = [1_000, 900].map {
            ReservationLine(skuID: skus[0], quantity: 1, unitPrice: Money(minorUnits: $0))
        }
        #expect(ReservationDraft.summed(lines).first?.unitPrice == ReservationDraft.noPrice)
        let same = [1_000, 1_000].map {
            ReservationLine(skuID: skus[0], quantity: 1, unitPrice: Money(minorUnits: $0))
        }
        #expect(ReservationDraft.summed(same).first?.unitPrice == Money(minorUnits: 1_000))
    }

    @Test func `an order refused for its neighbours alone is asked again`() {
        let first = request([(0, 1), (1, 5)])
        let second = request([(0, 1)])
        var plan = ReservationPlan([first, second])
        #expect(plan.round(limit: 10).map(\.orderID) == [first.orderID, second.orderID])
        var answer = ReservationAnswer()
        answer.refused[first.orderID] = [
            RefusedLine(orderID: first.orderID, skuID: skus[0], left: 1, price: nil),
            RefusedLine(orderID: first.orderID, skuID: skus[1], left: 2, price: nil),
        ]
        answer.refused[second.orderID] = [RefusedLine(orderID: second.orderID, skuID: skus[0], left: 1, price: nil)]
        plan.apply(answer)
        #expect(plan.round(limit: 10).map(\.orderID) == [second.orderID])
        #expect(plan.unconfirmedOrders == [first.orderID])
        plan.confirm([])
        plan.apply(ReservationAnswer(held: [second.orderID]))
        #expect(plan.answers.map(\.outcome) == [.outOfStock, .reserved])
        #expect(plan.answers[0].skuID == skus[1])
        #expect(plan.answers[0].available == 2)
        #expect(plan.answers[1].reservationID?.uuid == second.orderID.uuid)
    }

    @Test func `the second request of an order waits for the answer to the first`() {
        let order = OrderID.make(at: Shop.now)
        let requests = [request([(0, 1)], order), request([(0, 1)], order), request([(0, 2)], order)]
        var plan = ReservationPlan(requests)
        #expect(plan.round(limit: 10).count == 1)
        plan.apply(ReservationAnswer(held: [order]))
        #expect(plan.round(limit: 10).count == 1)
        plan.apply(ReservationAnswer(known: [order: stored(requests[0])]))
        plan.apply(ReservationAnswer(known: [order: stored(requests[0])]))
        #expect(plan.answers.map(\.outcome) == [.reserved, .reserved, .conflict])
    }

    @Test func `an order that took the last unit itself is not told that it is sold out`() {
        let mine = request([(0, 1)])
        var plan = ReservationPlan([mine])
        plan.apply(
            ReservationAnswer(
                refused: [mine.orderID: [RefusedLine(orderID: mine.orderID, skuID: skus[0], left: 0, price: nil)]]))
        plan.confirm([stored(mine)])
        #expect(plan.answers.map(\.outcome) == [.reserved])
    }

    @Test(arguments: [ReservationState.released, .expired, .returned, .commitFailed])
    func `a reservation that was given back is a conflict`(_ state: ReservationState) {
        let mine = request([(0, 1)])
        var plan = ReservationPlan([mine])
        plan.apply(ReservationAnswer(known: [mine.orderID: stored(mine, state)]))
        #expect(plan.answers.map(\.outcome) == [.conflict])
    }

    @Test func `a round has its limit, and the rest follows`() {
        let requests = (0..<5).map { _ in request([(0, 1)]) }
        var plan = ReservationPlan(requests)
        var rounds = 0
        while !plan.open.isEmpty {
            let round = plan.round(limit: 2)
            plan.apply(ReservationAnswer(held: Set(round.map(\.orderID))))
            rounds += 1
        }
        #expect(rounds == 3)
        #expect(plan.answers.map(\.orderID) == requests.map(\.orderID))
    }

    @Test func `the steps of one order stay in their order, those of different orders share a wave`() {
        let orders = (0..<3).map { _ in OrderID.make(at: Shop.now) }
        func step(_ order: Int, _ move: SettleReservations.Move) -> SettleReservations.Step {
            SettleReservations.Step(orderID: orders[order], move: move, traceparent: nil)
        }
        let waves = SettleReservations.waves([
            step(0, .commit), step(1, .release), step(0, .release), step(2, .commit), step(1, .commit),
        ])
        #expect(
            waves == [
                [step(0, .commit), step(1, .release), step(2, .commit)], [step(0, .release), step(1, .commit)],
            ])
    }
}
