public import JSON

/// Who gets a part of an order's money.
public enum PayeeKind: String, CaseIterable, Sendable, Hashable, OrdersCode {
    /// Whose goods they were.
    case merchant
    /// Who leads the store's customers (团长), a person's account.
    case leader
    /// The platform itself.
    case platform
}

/// How a statement stands.
public enum SettlementState: String, CaseIterable, Sendable, Hashable, OrdersCode {
    /// Made; nobody has looked at it yet.
    case open
    /// An operator has confirmed it.
    case confirmed
    /// The money has left.
    case paidOut = "paid_out"
    /// Nothing is due: its net, not positive, is carried into the payee's next statement.
    case carried
}

/// That a statement was paid out.
public struct SettlementPayout: Sendable, Hashable {
    /// The bank's reference.
    public var reference: String
    /// When the operator said so.
    public var paidAt: Timestamp

    /// Makes a value.
    public init(
        reference: String, paidAt: Timestamp
    ) {
        self.reference = reference
        self.paidAt = paidAt
    }
}

extension SettlementPayout: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("reference", reference)
        json.field("paid_at", paidAt)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var reference: String?
        var paidAt: Timestamp?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "reference": reference = try json.read()
            case "paid_at": paidAt = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            reference: try json.require(&reference, "reference"), paidAt: try json.require(&paidAt, "paid_at"))
    }
}

/// What a payee is owed for one day of Shanghai. Days without sales or refunds have none.
public struct Settlement: Sendable, Hashable {
    /// Identity.
    public var id: SettlementID
    /// Who is paid.
    public var payeeKind: PayeeKind
    /// `mer_…` or `acc_…`; nil: the platform.
    public var payeeID: String?
    /// `2026-11-23`, in Shanghai.
    public var day: String
    /// Orders completed on the day.
    public var orders: Int
    /// What they were paid.
    public var sales: Money
    /// What went back to customers on the day.
    public var refunds: Money
    /// Of a merchant: what the others get of it. Of the others: what they get.
    public var commission: Money
    /// What the merchant took at its own till, and so holds already; zero for the others.
    public var taken: Money
    /// From the statement before, never positive.
    public var carriedOver: Money
    /// What is due, or carried on when it is not positive.
    public var net: Money
    /// How it stands.
    public var state: SettlementState
    /// When it was made.
    public var madeAt: Timestamp
    /// When an operator confirmed it.
    public var confirmedAt: Timestamp?
    /// The payout, once there was one.
    public var payout: SettlementPayout?

    /// Makes a value.
    public init(
        id: SettlementID, payeeKind: PayeeKind, payeeID: String? = nil, day: String, orders: Int, sales: Money,
        refunds: Money, commission: Money, taken: Money, carriedOver: Money, net: Money, state: SettlementState,
        madeAt: Timestamp, confirmedAt: Timestamp? = nil, payout: SettlementPayout? = nil
    ) {
        self.id = id
        self.payeeKind = payeeKind
        self.payeeID = payeeID
        self.day = day
        self.orders = orders
        self.sales = sales
        self.refunds = refunds
        self.commission = commission
        self.taken = taken
        self.carriedOver = carriedOver
        self.net = net
        self.state = state
        self.madeAt = madeAt
        self.confirmedAt = confirmedAt
        self.payout = payout
    }
}

extension Settlement: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("payee_kind", payeeKind)
        json.field("payee_id", payeeID)
        json.field("day", day)
        json.field("orders", orders)
        json.field("sales", sales)
        json.field("refunds", refunds)
        json.field("commission", commission)
        json.field("taken", taken)
        json.field("carried_over", carriedOver)
        json.field("net", net)
        json.field("state", state)
        json.field("made_at", madeAt)
        json.field("confirmed_at", confirmedAt)
        json.field("payout", payout)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: SettlementID?
        var payeeKind: PayeeKind?
        var payeeID: String?
        var day: String?
        var orders: Int?
        var sales: Money?
        var refunds: Money?
        var commission: Money?
        var taken: Money?
        var carriedOver: Money?
        var net: Money?
        var state: SettlementState?
        var madeAt: Timestamp?
        var confirmedAt: Timestamp?
        var payout: SettlementPayout?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "payee_kind": payeeKind = try json.read()
            case "payee_id": payeeID = try json.read()
            case "day": day = try json.read()
            case "orders": orders = try json.read()
            case "sales": sales = try json.read()
            case "refunds": refunds = try json.read()
            case "commission": commission = try json.read()
            case "taken": taken = try json.read()
            case "carried_over": carriedOver = try json.read()
            case "net": net = try json.read()
            case "state": state = try json.read()
            case "made_at": madeAt = try json.read()
            case "confirmed_at": confirmedAt = try json.read()
            case "payout": payout = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), payeeKind: try json.require(&payeeKind, "payee_kind"), payeeID: payeeID,
            day: try json.require(&day, "day"), orders: try json.require(&orders, "orders"),
            sales: try json.require(&sales, "sales"), refunds: try json.require(&refunds, "refunds"),
            commission: try json.require(&commission, "commission"), taken: try json.require(&taken, "taken"),
            carriedOver: try json.require(&carriedOver, "carried_over"), net: try json.require(&net, "net"),
            state: try json.require(&state, "state"), madeAt: try json.require(&madeAt, "made_at"),
            confirmedAt: confirmedAt, payout: payout)
    }
}
