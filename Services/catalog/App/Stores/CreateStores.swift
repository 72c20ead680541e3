import HTTPCore
import HTTPServer
import JSON
import Models
import Postgres
import ServiceKit

/// `POST /v1/merchants` (operators): a merchant of a known code is answered as it is.
struct CreateMerchant: Sendable {
    let kit: Toolkit

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let (body, input) = try await request.json(NewMerchant.self, upTo: BodyLimits.small)
        return try await kit.idempotency.run(request, caller, body: body) { tx in
            let id = MerchantID.make(at: kit.now())
            let merchant = try await tx.one(InsertMerchant(id: id, merchant: input, at: kit.now()))
            return .json(merchant.id == id ? .created : .ok, merchant)
        }
    }
}

/// `POST /v1/stores` (operators): a store of a known merchant and number is answered as it is.
struct CreateStore: Sendable {
    let kit: Toolkit
    let timeZones: TimeZones

    func handle(_ request: Request, _ caller: Caller) async throws -> Response {
        let (body, input) = try await request.json(NewStore.self, upTo: BodyLimits.small)
        let hours = try checkedHours(input.openingHours)
        guard try await timeZones.areKnown([input.timeZone]).contains(input.timeZone) else {
            throw CatalogProblems.invalidField("/time_zone", "must be an IANA time zone, like Asia/Shanghai")
        }
        let place = try place(of: input)
        return try await kit.idempotency.run(request, caller, body: body) { tx in
            let id = StoreID.make(at: kit.now())
            let insert = InsertStore(id: id, store: input, place: place, hours: hours, at: kit.now())
            guard let storeID = try await tx.first(insert),
                let store = try await tx.first(FindStore(id: storeID, at: kit.now()))
            else { throw CatalogProblems.invalidField("/merchant_id", "must be a merchant that exists") }
            return .json(storeID == id ? .created : .ok, store)
        }
    }

    /// Storage is WGS-84, whatever map the place was picked on.
    private func place(of store: NewStore) throws -> Coordinates {
        let place =
            switch store.datum {
            case .wgs84: store.location
            case .gcj02: ChineseDatums.wgs84(fromGCJ02: store.location)
            case .bd09: ChineseDatums.wgs84(fromBD09: store.location)
            }
        // At a pole the other map's shift leads off the Earth.
        guard Coordinates(checkedLatitude: place.latitude, longitude: place.longitude) != nil else {
            throw CatalogProblems.invalidField("/location", "is no place on Earth by this datum")
        }
        return place
    }
}

/// Opening hours of a request as a week.
///
/// - Throws: 400 that names the day at fault.
func checkedHours(_ days: [DayHours]) throws -> WeekHours {
    do {
        return try WeekHours(days: days)
    } catch .repeatedDay(let day) {
        throw CatalogProblems.invalidField("/opening_hours", "names day \(day) twice")
    } catch .overlap(let day) {
        throw CatalogProblems.invalidField("/opening_hours", "has periods that overlap on day \(day)")
    }
}
