import JSON
import Models

/// The average of a store's reviews.
enum Rating {
    /// To one decimal, as it is shown; nil without reviews.
    static func average(sum: Int64, count: Int64) -> Double? {
        guard count > 0 else { return nil }
        // Tenths in integers, rounded half up, so that 4.45 does not depend on its binary form.
        let tenths = (sum * 20 + count) / (count * 2)
        return Double(tenths) / 10
    }
}

/// What `order.reviewed` tells that is of use here.
struct ReviewedOrder: Sendable, Equatable {
    let id: ReviewID
    let orderID: OrderID
    let storeID: StoreID
    let customerID: AccountID?
    /// 1 to 5.
    let rating: Int
    /// At most 2,000 characters.
    let text: String

    init(_ event: EventEnvelope) throws {
        let data = try JSON.decode(Data.self, from: event.data, mode: .lenient)
        guard (1...5).contains(data.review.rating) else {
            throw CatalogProblems.invalidField("/data/review/rating", "must be 1 to 5")
        }
        id = data.review.id
        orderID = data.orderID
        storeID = data.storeID
        customerID = data.customerID
        rating = data.review.rating
        text = String(String.UnicodeScalarView(data.review.text.unicodeScalars.prefix(2_000)))
    }

    private struct Data: JSONReadable {
        var orderID: OrderID
        var storeID: StoreID
        var customerID: AccountID?
        var review: OrderEventReview

        init(from json: inout JSONReader) throws(JSONError) {
            var orderID: OrderID?
            var storeID: StoreID?
            var customerID: AccountID?
            var review: OrderEventReview?
            try json.object { (json, key) throws(JSONError) in
                switch key {
                case "order_id": orderID = try json.read()
                case "store_id": storeID = try json.read()
                case "customer_id": customerID = try json.read()
                case "review": review = try json.read()
                default: try json.unknown(key)
                }
            }
            self.orderID = try json.require(&orderID, "order_id")
            self.storeID = try json.require(&storeID, "store_id")
            self.customerID = customerID
            self.review = try json.require(&review, "review")
        }
    }
}
