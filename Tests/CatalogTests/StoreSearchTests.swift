import Models
import Postgres
import ServiceKit
import TestSupport
import Testing
@testable import Catalog

/// Searching stores on a real server.
@Suite(.timeLimit(.minutes(2))) struct StoreSearchTests {
    private struct Place {
        var number: String
        var name: String
        var city = "上海市"
        var latitude: Double
        var longitude: Double
        var zone = "Asia/Shanghai"
    }

    /// Makes cafés, open 07:00 to 22:00 in their own zone.
    private func fill(_ database: Database, _ places: [Place]) async throws {
        let id = MerchantID.make(at: Shop.now)
        let merchant = NewMerchant(code: id.description, name: LocalizedText(zh: "咖啡", en: "Coffee"), kind: .cafe)
        _ = try await database.one(InsertMerchant(id: id, merchant: merchant, at: Shop.now))
        let rows = places.map { place in
            (
                StoreID.make(at: Shop.now),
                StoreImportRow(
                    line: 1, number: place.number, name: place.name, address: "人民路 1 号", city: place.city,
                    province: "31", timeZone: place.zone, latitude: place.latitude, longitude: place.longitude)
            )
        }
        let hours = WeekHours.daily(try #require(TimeOfDay("07:00")), try #require(TimeOfDay("22:00")))
        for start in stride(from: 0, to: rows.count, by: 100) {
            let some = Array(rows[start..<min(start + 100, rows.count)])
            _ = try await database.all(
                UpsertStores(merchantID: id, kind: .cafe, at: Shop.now, rows: some, hours: hours))
        }
    }

    private func names(
        _ database: Database, _ query: [String: String], at: Timestamp = Shop.now
    ) async throws -> [String] {
        let list = ListStores(database: database, now: { at })
        var names: [String] = []
        var query = query
        while true {
            let page = try await list.page(StoreQuery { query[$0] }, deadline: nil)
            names += page.items.map(\.name.zh)
            guard let cursor = page.nextCursor else { return names }
            query["cursor"] = cursor
        }
    }

    @Test func `a building full of stores is listed whole, each once, however many share one place`() async throws {
        try await Shop.withDatabase { test in
            let before = (0..<5).map { Place(number: "b\($0)", name: "前\($0)", latitude: 31.2, longitude: 121.4) }
            let inside = (0..<430).map { Place(number: "\($0)", name: "店\($0)", latitude: 31.21, longitude: 121.41) }
            let behind = (0..<5).map { Place(number: "h\($0)", name: "后\($0)", latitude: 31.3, longitude: 121.5) }
            try await fill(test.database, before + inside + behind)
            for filter in [[:], ["open_now": "true"]] as [[String: String]] {
                let query = filter.merging(["lat": "31.2", "lng": "121.4", "limit": "37"]) { $1 }
                let listed = try await names(test.database, query)
                #expect(Set(listed.prefix(5)) == Set(before.map(\.name)))
                #expect(Set(listed.dropFirst(5).dropLast(5)) == Set(inside.map(\.name)))
                #expect(Set(listed.suffix(5)) == Set(behind.map(\.name)) && listed.count == 440)
            }
        }
    }

    @Test func `the nearest come first, page by page, with their distance`() async throws {
        try await Shop.withDatabase { test in
            let places = (0..<45).map {
                Place(number: "\($0)", name: "店\($0)", latitude: 31 + Double($0 * 7 % 45) * 0.01, longitude: 121)
            }
            try await fill(test.database, places)
            let expected = places.sorted { $0.latitude < $1.latitude }.map(\.name)
            let found = try await names(test.database, ["lat": "31", "lng": "121", "limit": "7"])
            #expect(found == expected)
            let list = ListStores(database: test.database, now: { Shop.now })
            let query = try StoreQuery { ["lat": "31", "lng": "121"][$0] }
            let page = try await list.page(query, deadline: nil)
            let origin = Coordinates(latitude: 31, longitude: 121)
            for store in page.items {
                let metres = Double(try #require(store.distanceMetres))
                #expect(abs(metres - store.location.distanceMetres(to: origin)) <= 1)
            }
        }
    }

    @Test func `stores at one place are all listed, each once`() async throws {
        try await Shop.withDatabase { test in
            let places = (0..<50).map { Place(number: "\($0)", name: "店\($0)", latitude: 31, longitude: 121) }
            try await fill(test.database, places)
            let found = try await names(test.database, ["lat": "31.1", "lng": "121", "limit": "9"])
            #expect(found.count == 50)
            #expect(Set(found).count == 50)
        }
    }

    @Test func `near means near across the date line and at the pole`() async throws {
        try await Shop.withDatabase { test in
            try await fill(
                test.database,
                [
                    Place(number: "1", name: "西", latitude: 0, longitude: -179.99),
                    Place(number: "2", name: "远", latitude: 0, longitude: 179),
                    Place(number: "3", name: "极", latitude: 89.9, longitude: -60),
                    Place(number: "4", name: "北", latitude: 89, longitude: 120),
                ])
            let east = try await names(test.database, ["lat": "0", "lng": "179.99"])
            #expect(east.prefix(2) == ["西", "远"])
            let pole = try await names(test.database, ["lat": "89.95", "lng": "120"])
            #expect(pole.prefix(2) == ["极", "北"])
        }
    }

    @Test func `open now goes by each store's own clock`() async throws {
        try await Shop.withDatabase { test in
            try await fill(
                test.database,
                [
                    Place(number: "1", name: "上海", latitude: 31.2, longitude: 121.4),
                    Place(number: "2", name: "伦敦", latitude: 51.5, longitude: 0, zone: "Europe/London"),
                ])
            let query = ["lat": "31.2", "lng": "121.4", "open_now": "true"]
            // 2026-11-23T05:24:06Z is 13:24 in Shanghai and 05:24 in London.
            #expect(try await names(test.database, query) == ["上海"])
            let evening = Shop.now + .seconds(10 * 3_600)
            #expect(try await names(test.database, query, at: evening) == ["伦敦"])
            #expect(try await names(test.database, ["open_now": "true"], at: evening) == ["伦敦"])
            let all = try await ListStores(database: test.database, now: { evening }).page(
                StoreQuery { ["lat": "31.2", "lng": "121.4"][$0] }, deadline: nil)
            #expect(all.items.map(\.isOpenNow) == [false, true])
            #expect(all.items[0].hoursToday.map(\.opens.description) == ["07:00"])
        }
    }

    @Test func `few open ones among very many are found, however far`() async throws {
        try await Shop.withDatabase { test in
            var places = (0..<700).map {
                Place(
                    number: "\($0)", name: "关", latitude: 31 + Double($0) * 0.001, longitude: 121,
                    zone: "Europe/London")
            }
            places.append(Place(number: "x", name: "开", latitude: 35, longitude: 121))
            try await fill(test.database, places)
            let found = try await names(test.database, ["lat": "31", "lng": "121", "open_now": "true"])
            #expect(found == ["开"])
        }
    }

    @Test func `Chinese text is found in names, addresses and cities, from one character on`() async throws {
        try await Shop.withDatabase { test in
            try await fill(
                test.database,
                [
                    Place(number: "1", name: "南京西路店", latitude: 31.2, longitude: 121.4),
                    Place(number: "2", name: "北京西站店", city: "北京市", latitude: 39.9, longitude: 116.3),
                    Place(number: "3", name: "Nanjing Road", latitude: 31.3, longitude: 121.5),
                ])
            #expect(try await Set(names(test.database, ["q": "京西"])) == ["南京西路店", "北京西站店"])
            #expect(try await names(test.database, ["q": "京西", "city": "北京市"]) == ["北京西站店"])
            #expect(try await names(test.database, ["q": "nanjing road"]) == ["Nanjing Road"])
            #expect(try await names(test.database, ["q": "站"]) == ["北京西站店"])
            #expect(try await names(test.database, ["q": "%"]).isEmpty)
            #expect(try await names(test.database, ["q": "人民路"]).count == 3)
            let near = try await names(test.database, ["q": "京西", "lat": "39.9", "lng": "116.3"])
            #expect(near == ["北京西站店", "南京西路店"])
            let cities = try await test.database.all(Cities(after: (.max, ""), limit: 10))
            #expect(cities == [CityCount(name: "上海市", storeCount: 2), CityCount(name: "北京市", storeCount: 1)])
            #expect(try await names(test.database, ["city": "上海市", "limit": "1"]).count == 2)
        }
    }

    @Test func `the real list is imported, and a second time changes nothing`() async throws {
        try await Shop.withDatabase { test in
            let file = try StoreListFile(try repositoryFile("seeds/data/stores-cn.csv"))
            let id = MerchantID.make(at: Shop.now)
            let merchant = NewMerchant(code: "chain", name: LocalizedText(zh: "连锁", en: "Chain"), kind: .cafe)
            _ = try await test.database.one(InsertMerchant(id: id, merchant: merchant, at: Shop.now))
            func upsert(_ rows: [StoreImportRow]) async throws -> [StoreImportOutcome] {
                try await test.database.all(
                    UpsertStores(
                        merchantID: id, kind: .cafe, at: Shop.now, rows: rows.map { (StoreID.make(at: Shop.now), $0) },
                        hours: WeekHours(spans: []))
                ).map(\.outcome)
            }
            #expect(try await upsert(file.rows).allSatisfy { $0 == .created })
            #expect(try await upsert(file.rows).allSatisfy { $0 == .unchanged })
            var changed = Array(file.rows.prefix(3))
            changed[1].phone = "021-1"
            #expect(try await upsert(changed) == [.unchanged, .updated, .unchanged])
            let cities = try await test.database.all(Cities(after: (.max, ""), limit: 1))
            #expect(cities == [CityCount(name: "上海市", storeCount: 542)])
        }
    }
}
