public import JSON

/// Who moves the money.
public enum GatewayName: String, CaseIterable, Sendable, Hashable, OrdersCode {
    /// WeChat Pay (微信支付).
    case wechat
    /// Alipay (支付宝).
    case alipay
    /// A bank card (银行卡), by UnionPay.
    case card
    /// Cash (现金), taken by the staff of the store.
    case cash
    /// The store's own card terminal (店内刷卡机), booked by its staff.
    case terminal
    /// The customer's points (积分).
    case points

    /// Whether staff took it at the counter: then they give it back there, too.
    public var isAtCounter: Bool { self == .cash || self == .terminal }
}

/// How the customer meets the gateway.
public enum PaymentChannel: String, CaseIterable, Sendable, Hashable, OrdersCode {
    /// A code on a screen, scanned with a phone.
    case native
    /// A page of the gateway in a browser.
    case h5
    /// Inside the gateway's own app; needs the customer's openid.
    case jsapi
    /// At the counter of the store; no gateway takes part.
    case counter
    /// From the customer's own account here; likewise.
    case account
}

/// Where a payment stands.
public enum PaymentState: String, CaseIterable, Sendable, Hashable, OrdersCode {
    /// Stored here; the gateway has not confirmed it yet.
    case created
    /// The customer can pay.
    case open
    /// The money is there and belongs to the order.
    case paid
    /// The money came when the order could no longer take it; it is refunded by itself.
    case late
    /// Nobody can pay it any more.
    case closed
}

/// Asks for a way to pay an order.
public struct NewPayment: Sendable, Hashable {
    /// Who shall move the money.
    public var gateway: GatewayName
    /// How the customer will meet the gateway.
    public var channel: PaymentChannel
    /// The customer at the gateway; needed for `jsapi`.
    public var openID: String?
    /// Where the browser goes afterwards, for gateways that are told with the payment (`alipay`, `card`).
    public var returnURL: String?
    /// A part of what is left to pay; nil: an agreed deposit that is not paid yet, or all that is left.
    public var amount: Money?

    /// Makes a value.
    public init(
        gateway: GatewayName, channel: PaymentChannel = .h5, amount: Money? = nil, openID: String? = nil,
        returnURL: String? = nil
    ) {
        self.gateway = gateway
        self.channel = channel
        self.amount = amount
        self.openID = openID
        self.returnURL = returnURL
    }
}

extension NewPayment: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("gateway", gateway)
        json.field("channel", channel)
        json.field("openid", openID)
        json.field("return_url", returnURL)
        json.field("amount", amount)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var gateway: GatewayName?
        var channel: PaymentChannel = .h5
        var openID: String?
        var returnURL: String?
        var amount: Money?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "gateway": gateway = try json.read()
            case "channel": channel = try json.read()
            case "openid":
                let value: String = try json.read()
                guard (1...128).contains(value.utf8.count) else { throw json.invalid("must have 1 to 128 bytes") }
                openID = value
            case "return_url":
                let value: String = try json.read()
                guard value.hasPrefix("https://") || value.hasPrefix("http://"), value.utf8.count <= 256,
                    value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
                else { throw json.invalid("must be an address of at most 256 characters") }
                returnURL = value
            case "amount": amount = try json.positiveMoney()
            default: try json.unknown(key)
            }
        }
        self.init(
            gateway: try json.require(&gateway, "gateway"), channel: channel, amount: amount, openID: openID,
            returnURL: returnURL)
    }
}

extension JSONReader {
    /// An amount of at least one minor unit.
    mutating func positiveMoney() throws(JSONError) -> Money {
        let money: Money = try read()
        guard money.minorUnits > 0 else { throw invalid("must be more than zero") }
        return money
    }
}

/// A payment of an order.
public struct Payment: Sendable, Hashable {
    /// Identity; its text is the number at the gateway.
    public var id: PaymentID
    /// The order.
    public var orderID: OrderID
    /// Who moves the money.
    public var gateway: GatewayName
    /// How the customer meets the gateway.
    public var channel: PaymentChannel
    /// Where it stands.
    public var state: PaymentState
    /// How much.
    public var amount: Money
    /// Where the customer pays, while it is open.
    public var cashierURL: String?
    /// Set when the browser brings these fields to `cashierURL` by POST, instead of only going there.
    public var cashierForm: [String: String]?
    /// The content of the code to scan, for `native`.
    public var codeURL: String?
    /// The gateway's handle, for `jsapi`.
    public var prepayID: String?
    /// The gateway's number, once paid.
    public var transactionID: String?
    /// When it was asked for.
    public var createdAt: Timestamp
    /// When the money came.
    public var paidAt: Timestamp?
    /// What the customer handed over, for `cash`, where somebody counted.
    public var tendered: Money?
    /// What went back into the customer's hand at once.
    public var change: Money?
    /// The number on the slip, for `terminal`.
    public var reference: String?

    /// Makes a value.
    public init(
        id: PaymentID, orderID: OrderID, gateway: GatewayName, channel: PaymentChannel, state: PaymentState,
        amount: Money, cashierURL: String? = nil, cashierForm: [String: String]? = nil, codeURL: String? = nil,
        prepayID: String? = nil, transactionID: String? = nil, createdAt: Timestamp, paidAt: Timestamp? = nil,
        tendered: Money? = nil, change: Money? = nil, reference: String? = nil
    ) {
        self.id = id
        self.orderID = orderID
        self.gateway = gateway
        self.channel = channel
        self.state = state
        self.amount = amount
        self.cashierURL = cashierURL
        self.cashierForm = cashierForm
        self.codeURL = codeURL
        self.prepayID = prepayID
        self.transactionID = transactionID
        self.createdAt = createdAt
        self.paidAt = paidAt
        self.tendered = tendered
        self.change = change
        self.reference = reference
    }
}

extension Payment: JSONWritable, JSONReadable {
    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("id", id)
        json.field("order_id", orderID)
        json.field("gateway", gateway)
        json.field("channel", channel)
        json.field("state", state)
        json.field("amount", amount)
        json.field("cashier_url", cashierURL)
        json.field("cashier_form", cashierForm)
        json.field("code_url", codeURL)
        json.field("prepay_id", prepayID)
        json.field("transaction_id", transactionID)
        json.field("created_at", createdAt)
        json.field("paid_at", paidAt)
        json.field("tendered", tendered)
        json.field("change", change)
        json.field("reference", reference)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var id: PaymentID?
        var orderID: OrderID?
        var gateway: GatewayName?
        var channel: PaymentChannel?
        var state: PaymentState?
        var amount: Money?
        var cashierURL: String?
        var cashierForm: [String: String]?
        var codeURL: String?
        var prepayID: String?
        var transactionID: String?
        var createdAt: Timestamp?
        var paidAt: Timestamp?
        var tendered: Money?
        var change: Money?
        var reference: String?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "id": id = try json.read()
            case "order_id": orderID = try json.read()
            case "gateway": gateway = try json.read()
            case "channel": channel = try json.read()
            case "state": state = try json.read()
            case "amount": amount = try json.read()
            case "cashier_url": cashierURL = try json.read()
            case "cashier_form": cashierForm = try json.read()
            case "code_url": codeURL = try json.read()
            case "prepay_id": prepayID = try json.read()
            case "transaction_id": transactionID = try json.read()
            case "created_at": createdAt = try json.read()
            case "paid_at": paidAt = try json.read()
            case "tendered": tendered = try json.read()
            case "change": change = try json.read()
            case "reference": reference = try json.read()
            default: try json.unknown(key)
            }
        }
        self.init(
            id: try json.require(&id, "id"), orderID: try json.require(&orderID, "order_id"),
            gateway: try json.require(&gateway, "gateway"), channel: try json.require(&channel, "channel"),
            state: try json.require(&state, "state"), amount: try json.require(&amount, "amount"),
            cashierURL: cashierURL, cashierForm: cashierForm, codeURL: codeURL, prepayID: prepayID,
            transactionID: transactionID,
            createdAt: try json.require(&createdAt, "created_at"), paidAt: paidAt, tendered: tendered,
            change: change, reference: reference)
    }
}

/// The gateways that an installation offers, in the order to show them in.
public struct PaymentMethods: Sendable, Hashable, JSONWritable, JSONReadable {
    /// The gateways.
    public var gateways: [GatewayName]

    /// Makes a value.
    public init(gateways: [GatewayName]) {
        self.gateways = gateways
    }

    /// Writes the object.
    public func write(to json: inout JSONWriter) {
        json.beginObject()
        json.field("gateways", gateways)
        json.endObject()
    }

    /// Reads the object.
    public init(from json: inout JSONReader) throws(JSONError) {
        var gateways: [GatewayName]?
        try json.object { (json, key) throws(JSONError) in
            switch key {
            case "gateways": gateways = try json.array(of: GatewayName.self)
            default: try json.unknown(key)
            }
        }
        self.init(gateways: try json.require(&gateways, "gateways"))
    }
}
