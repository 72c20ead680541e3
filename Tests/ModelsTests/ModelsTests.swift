import JSON
import Models
import Testing

@Suite
struct TypedIDTests {
    /// Vectors of the TypeID specification 0.3 (valid.yml), with prefixes of ours where the type is fixed.
    @Test(arguments: [
        ("00000000-0000-0000-0000-000000000000", "00000000000000000000000000"),
        ("00000000-0000-0000-0000-000000000001", "00000000000000000000000001"),
        ("00000000-0000-0000-0000-00000000000a", "0000000000000000000000000a"),
        ("00000000-0000-0000-0000-000000000010", "0000000000000000000000000g"),
        ("00000000-0000-0000-0000-000000000020", "00000000000000000000000010"),
        ("ffffffff-ffff-ffff-ffff-ffffffffffff", "7zzzzzzzzzzzzzzzzzzzzzzzzz"),
        ("0110c853-1d09-52d8-d73e-1194e95b5f19", "0123456789abcdefghjkmnpqrs"),
        ("01890a5d-ac96-774b-bcce-b302099a8057", "01h455vb4pex5vsknk084sn02q"),
    ])
    func `the specification's vectors, both ways`(uuid: String, suffix: String) throws {
        let id = OrderID(uuid: try #require(UUID128(uuid)))
        #expect(id.description == "ord_" + suffix)
        #expect(OrderID("ord_" + suffix) == id)
        #expect(id.uuid.description == uuid)
    }

    @Test(arguments: [
        "ord_8zzzzzzzzzzzzzzzzzzzzzzzzz", "ord_0123456789ABCDEFGHJKMNPQRS", "ord_0123456789abcdefghijklmnop", "ord_123",
        "pay_01h455vb4pex5vsknk084sn02q", "01h455vb4pex5vsknk084sn02q", "ord-01h455vb4pex5vsknk084sn02q", "", "ord_",
        "ord_01h455vb4pex5vsknk084sn02q ", " ord_01h455vb4pex5vsknk084sn02q",
    ])
    func `other texts are no identifiers`(text: String) {
        #expect(OrderID(text) == nil)
    }

    @Test func `identifiers made later sort later, and say when`() {
        let earlier = OrderID.make(at: Timestamp(microseconds: 1_700_000_000_000_000))
        let later = OrderID.make(at: Timestamp(microseconds: 1_700_000_000_001_000))
        #expect(earlier < later && earlier.description < later.description)
        #expect(later.uuid.time.microseconds == 1_700_000_000_001_000)
        #expect(later.uuid.high >> 12 & 15 == 7 && later.uuid.low >> 62 == 2)
    }
}

@Suite
struct MoneyTests {
    @Test func `a split always sums to the whole`() throws {
        let seed = UInt64.random(in: 1..<UInt64.max)
        print("seed \(seed)")
        var random = seed
        func next(_ bound: UInt64) -> Int64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64((random >> 33) % bound)
        }
        for _ in 0..<2_000 {
            let whole = Money(minorUnits: next(2_000_000) - 1_000_000)
            let weights = (0...Int(next(8))).map { _ in next(1_000) } + [1]
            let parts = try whole.allocate(by: weights)
            #expect(parts.reduce(0) { $0 + $1.minorUnits } == whole.minorUnits)
            let exact = zip(parts, weights).allSatisfy { part, weight in
                abs(part.minorUnits * weights.reduce(0, +) - whole.minorUnits * weight) < weights.reduce(0, +)
            }
            #expect(exact, "each part is within one unit of its share")
        }
    }

    @Test func `the remainder goes to the largest remainders, earlier first`() throws {
        #expect(try Money(minorUnits: 100).allocate(by: [1, 1, 1]).map(\.minorUnits) == [34, 33, 33])
        #expect(try Money(minorUnits: 10).allocate(by: [6, 3, 1]).map(\.minorUnits) == [6, 3, 1])
        #expect(try Money(minorUnits: -5).allocate(by: [1, 1]).map(\.minorUnits) == [-3, -2])
        #expect(throws: MoneyError.invalidWeights) { try Money(minorUnits: 1).allocate(by: [0, 0]) }
    }

    @Test func `currencies do not mix and sums do not overflow`() {
        let usd = Money(minorUnits: 1, currency: .usd)
        #expect(throws: MoneyError.self) { try Money(minorUnits: 1).adding(usd) }
        #expect(throws: MoneyError.overflow) { try Money(minorUnits: .max).adding(Money(minorUnits: 1)) }
        #expect(throws: MoneyError.overflow) { try Money(minorUnits: .max).multiplied(by: 2) }
    }

    @Test(arguments: [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123_456, "1234.56"), (Int64.min, "-92233720368547758.08")])
    func `amounts are shown with two decimals`(minorUnits: Int64, text: String) {
        #expect(Money(minorUnits: minorUnits).formatted == text)
    }
}

@Suite
struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-11-23T05:24:06.123456Z", 1_795_411_446_123_456),
        ("2026-11-23T13:24:06.123+08:00", 1_795_411_446_123_000), ("2000-02-29T23:59:59Z", 951_868_799_000_000),
        ("1969-12-31T23:59:59.5Z", -500_000), ("2026-11-23t05:24:06z", 1_795_411_446_000_000),
    ])
    func `RFC 3339 texts are read`(text: String, microseconds: Int64) throws {
        #expect(try #require(Timestamp(text)).microseconds == microseconds)
    }

    @Test(arguments: [
        "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-23 05:24:06", "2026-11-23T05:24:06", "2026-11-23T24:00:00Z",
        "", "2026-11-23T05:24:06.Z", "2026-11-23T05:24:06Zx", "2026-11-23T05:24:06+8:00",
    ])
    func `other texts are refused`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `every day of eight centuries survives both ways`() throws {
        for day in stride(from: -146_097, through: 146_097, by: 1) {
            let (year, month, dayOfMonth) = CivilDate.date(daysSinceEpoch: day)
            #expect(CivilDate.daysSinceEpoch(year: year, month: month, day: dayOfMonth) == day)
        }
        let time = Timestamp(microseconds: 1_795_411_446_000_001)
        #expect(Timestamp(time.description) == time)
    }
}

@Suite
struct CoordinatesTests {
    /// S8.1: the same place from Baidu, AMap and GPS is within ten metres of itself.
    @Test(arguments: [
        (31.2304, 121.4737), (39.9087, 116.3975), (22.5431, 114.0579), (30.6570, 104.0660), (45.8038, 126.5350),
    ])
    func `the three datums agree after conversion`(latitude: Double, longitude: Double) {
        let place = Coordinates(latitude: latitude, longitude: longitude)
        let amap = ChineseDatums.gcj02(place), baidu = ChineseDatums.bd09(place)
        #expect(place.distanceMetres(to: amap) > 100, "the shift is real")
        #expect(place.distanceMetres(to: ChineseDatums.wgs84(fromGCJ02: amap)) < 0.1)
        #expect(place.distanceMetres(to: ChineseDatums.wgs84(fromBD09: baidu)) < 0.1)
    }

    @Test func `a known pair of the public function`() {
        // Tiananmen: WGS-84 to GCJ-02 as the published function gives it.
        let shifted = ChineseDatums.gcj02(Coordinates(latitude: 39.908_23, longitude: 116.391_3))
        #expect(abs(shifted.latitude - 39.909_63) < 0.000_1 && abs(shifted.longitude - 116.397_54) < 0.000_1)
    }

    @Test func `places outside China are not shifted, and impossible ones are refused`() {
        let london = Coordinates(latitude: 51.5, longitude: -0.12)
        #expect(ChineseDatums.gcj02(london) == london)
        #expect(Coordinates(checkedLatitude: .nan, longitude: 0) == nil)
        let least = Double.leastNonzeroMagnitude
        #expect(Coordinates(latitude: least, longitude: -least) == Coordinates(latitude: 0, longitude: 0))
        #expect(Coordinates(checkedLatitude: 999, longitude: 0) == nil)
    }
}

@Suite
struct WireTests {
    @Test func `a pattern fills in its parameters, encoded`() {
        let pattern = PathPattern("/v1/stores/{store_id}/items/{q}")
        #expect(pattern.path("sto_1", "面/条") == "/v1/stores/sto_1/items/%E9%9D%A2%2F%E6%9D%A1")
        #expect(pattern.segments.count == 5)
    }

    @Test func `a problem survives both ways with its extensions`() throws {
        let problem = Problem(
            code: "out_of_stock", title: "Out of stock", status: 409, detail: "Only 2 are left.",
            errors: [FieldError(pointer: "/lines/0/quantity", code: "too_many", detail: "at most 2")],
            extensions: ["available": 2])
        let bytes = JSON.encode(problem)
        #expect(try JSON.decode(Problem.self, from: bytes) == problem)
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix(#"{"type":"/problems/out_of_stock""#))
    }

    @Test func `an event carries its payload as it stands`() throws {
        let event = EventEnvelope(
            id: .make(at: Timestamp(microseconds: 1)), type: "order.paid", aggregate: "ord_1", sequence: 7,
            occurredAt: Timestamp(microseconds: 1_000_000), data: Array(#"{"b":1, "a":[1.50]}"#.utf8))
        #expect(try JSON.decode(EventEnvelope.self, from: JSON.encode(event)) == event)
    }
}
