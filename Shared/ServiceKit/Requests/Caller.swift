public import Models

/// What a person may do in a store that they work for.
public enum StaffRole: String, Sendable, CaseIterable, Comparable {
    case clerk, manager

    public static func < (left: StaffRole, right: StaffRole) -> Bool { left == .clerk && right == .manager }
}

/// Who calls, as proven by the request's token. Handlers get it from the route's access rule.
public enum Caller: Sendable, Equatable {
    /// A person: their account, the stores they work for, and whether they operate the platform.
    case user(AccountID, stores: [StoreID: StaffRole], operator: Bool)
    /// A service of the platform, perhaps acting for a person (who is then not checked again).
    case service(String, onBehalfOf: AccountID?)
    /// Nobody proven: public reads, and routes with an authentication of their own.
    case anonymous

    /// The person: the caller, or whom the calling service acts for.
    public var accountID: AccountID? {
        switch self {
        case .user(let account, _, _): account
        case .service(_, let account): account
        case .anonymous: nil
        }
    }

    /// Whether this is a platform operator.
    public var isOperator: Bool {
        if case .user(_, _, let isOperator) = self { isOperator } else { false }
    }

    /// Whether the caller may act for `store` with at least `role`. Operators may everywhere.
    public func mayAct(for store: StoreID, as role: StaffRole = .clerk) -> Bool {
        guard case .user(_, let stores, let isOperator) = self else { return false }
        if isOperator { return true }
        guard let held = stores[store] else { return false }
        return held >= role
    }

    /// Text that names the caller in idempotency keys and stories: `user:acc_…`, `service:orders`, `anonymous`.
    public var name: String {
        switch self {
        case .user(let account, _, _): "user:\(account)"
        case .service(let name, nil): "service:\(name)"
        case .service(let name, let account?): "service:\(name):\(account)"
        case .anonymous: "anonymous"
        }
    }
}
