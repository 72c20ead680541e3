import Models
public import Postgres

extension StoreKind: PostgresCodable, PostgresArrayElement {}
extension Datum: PostgresCodable {}

/// What every statement about stores selects first, in this order.
struct StoreRow: Sendable {
    let id: StoreID
    let number: String
    let merchantID: MerchantID
    let kind: StoreKind
    let name: LocalizedText
    let address: String
    let city: String
    let province: String
    let phone: String?
    let location: Coordinates
    let timeZone: String
    let hours: WeekHours
    /// Minute of the week on the store's clock at the moment asked for.
    let minute: Int
    let isAcceptingOrders: Bool
    let ratingSum: Int64
    let ratingCount: Int64

    init(_ row: inout RowReader) throws(PostgresError) {
        id = try row.next()
        number = try row.next()
        merchantID = try row.next()
        kind = try row.next()
        name = LocalizedText(zh: try row.next(), en: try row.next())
        address = try row.next()
        city = try row.next()
        province = try row.next()
        phone = try row.next()
        location = Coordinates(latitude: try row.next(), longitude: try row.next())
        timeZone = try row.next()
        hours = WeekHours(flat: try row.next([Int32].self))
        minute = Int(try row.next(Int32.self))
        isAcceptingOrders = try row.next()
        ratingSum = try row.next()
        ratingCount = try row.next()
    }

    /// The wire form.
    func summary(distanceMetres: Int? = nil) -> StoreSummary {
        StoreSummary(
            id: id, number: number, merchantID: merchantID, kind: kind, name: name, address: address, city: city,
            province: province, phone: phone, location: location, distanceMetres: distanceMetres,
            isOpenNow: hours.isOpen(at: minute), hoursToday: hours.periods(day: minute / 1_440 + 1),
            timeZone: timeZone, ratingAverage: Rating.average(sum: ratingSum, count: ratingCount),
            ratingCount: Int(ratingCount), isAcceptingOrders: isAcceptingOrders)
    }
}

extension WeekHours {
    /// From the column `hours`: start and end of each span in turn.
    init(flat: [Int32]) {
        self.init(
            spans: stride(from: 0, to: flat.count - 1, by: 2).map {
                Span(start: Int(flat[$0]), end: Int(flat[$0 + 1]))
            })
    }

    /// For the column `hours`.
    var flat: [Int32] { spans.flatMap { [Int32($0.start), Int32($0.end)] } }
}
