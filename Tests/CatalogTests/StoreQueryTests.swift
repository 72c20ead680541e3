import Models
import Testing
@testable import Catalog

@Suite struct StoreQueryTests {
    private func query(_ values: [String: String]) throws -> StoreQuery { try StoreQuery { values[$0] } }

    @Test func `nothing asked is everything, twenty a page`() throws {
        let query = try query([:])
        #expect(query.place == nil)
        #expect(query.limit == 20)
        #expect(query.after == .start)
    }

    @Test func `all faults are told at once`() {
        let error = #expect(throws: ProblemError.self) {
            try query([
                "lat": "91", "lng": "x", "kind": "bank", "open_now": "maybe", "limit": "0",
                "q": String(repeating: "长", count: 61),
            ])
        }
        #expect(error?.problem.status == 400)
        #expect(
            Set(error?.problem.errors.map(\.pointer) ?? []) == ["?lat", "?lng", "?kind", "?open_now", "?limit", "?q"])
    }

    @Test func `half a place is a fault`() {
        let error = #expect(throws: ProblemError.self) { try query(["lat": "31.2"]) }
        #expect(error?.problem.errors.map(\.pointer) == ["?lng"])
    }

    @Test func `not a number is not a place`() {
        #expect(throws: ProblemError.self) { try query(["lat": "nan", "lng": "0"]) }
        #expect(throws: ProblemError.self) { try query(["lat": "inf", "lng": "0"]) }
    }

    @Test func `a cursor comes back as the exact position`() throws {
        let position = StoreQuery.Position(chord: 0.1 + 0.2, id: StoreID.make(at: Shop.now).uuid)
        #expect(try StoreQuery.Position(cursor: position.cursor) == position)
        #expect(throws: ProblemError.self) { try StoreQuery.Position(cursor: "nonsense") }
    }

    @Test func `averages are exact to a tenth`() {
        #expect(Rating.average(sum: 0, count: 0) == nil)
        #expect(Rating.average(sum: 9, count: 2) == 4.5)
        #expect(Rating.average(sum: 13, count: 3) == 4.3)
        #expect(Rating.average(sum: 89, count: 20) == 4.5)
        #expect(Rating.average(sum: 5, count: 1) == 5)
    }

    @Test func `the arc of a chord is the great-circle distance`() {
        let places = [
            Coordinates(latitude: 31.2335, longitude: 121.4737), Coordinates(latitude: 39.9042, longitude: 116.4074),
            Coordinates(latitude: -33.86, longitude: 151.21), Coordinates(latitude: 0, longitude: 179.999),
            Coordinates(latitude: 0, longitude: -179.999), Coordinates(latitude: 90, longitude: 0),
        ]
        for from in places {
            for to in places {
                let a = GreatCircle.vector(from)
                let b = GreatCircle.vector(to)
                let chord = zip(a, b).map { ($0 - $1) * ($0 - $1) }.reduce(0, +).squareRoot()
                let expected = from.distanceMetres(to: to)
                #expect(abs(Double(GreatCircle.metres(chord: chord)) - expected) <= max(1, expected * 1e-5))
            }
        }
    }
}
