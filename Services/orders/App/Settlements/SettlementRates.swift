/// What of an order's money goes to the platform when a store has agreed on nothing else.
struct SettlementRates: Sendable, Hashable {
    /// Hundredths of a percent.
    let platformBps: Int
}
