import Models
import ServiceKit

/// The person who is signed in on this request.
struct Viewer: Sendable {
    let sessionID: SessionID
    let accountID: AccountID
    let phone: Phone?
    let memberSince: Timestamp
    let stores: [StoreID: StaffRole]
    let isOperator: Bool

    /// For views; the whole number is never shown.
    var maskedPhone: String { phone?.masked ?? "****" }

    /// Whether the store console has anything for this person.
    var runsStores: Bool { isOperator || !stores.isEmpty }

    /// As the toolkit knows callers.
    var caller: Caller { .user(accountID, stores: stores, operator: isOperator) }

    func mayRun(_ store: StoreID) -> Bool { isOperator || stores[store] != nil }
}
