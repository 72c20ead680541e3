/// Names a merchant.
public enum MerchantTag: IDTag {
    /// `mer_…`
    public static let prefix: StaticString = "mer"
}

/// Identifies a merchant.
public typealias MerchantID = TypedID<MerchantTag>

/// Names a store.
public enum StoreTag: IDTag {
    /// `sto_…`
    public static let prefix: StaticString = "sto"
}

/// Identifies a store.
public typealias StoreID = TypedID<StoreTag>

/// Names an item of a menu.
public enum ItemTag: IDTag {
    /// `itm_…`
    public static let prefix: StaticString = "itm"
}

/// Identifies an item of a menu.
public typealias ItemID = TypedID<ItemTag>

/// Names a variant of an item: the unit of price and stock.
public enum SKUTag: IDTag {
    /// `sku_…`
    public static let prefix: StaticString = "sku"
}

/// Identifies a variant of an item: the unit of price and stock.
public typealias SKUID = TypedID<SKUTag>

/// Names a section of a menu.
public enum CategoryTag: IDTag {
    /// `cat_…`
    public static let prefix: StaticString = "cat"
}

/// Identifies a section of a menu.
public typealias CategoryID = TypedID<CategoryTag>

/// Names a reservation of stock.
public enum ReservationTag: IDTag {
    /// `res_…`
    public static let prefix: StaticString = "res"
}

/// Identifies a reservation of stock.
public typealias ReservationID = TypedID<ReservationTag>

/// Names an order.
public enum OrderTag: IDTag {
    /// `ord_…`
    public static let prefix: StaticString = "ord"
}

/// Identifies an order.
public typealias OrderID = TypedID<OrderTag>

/// Names a quote; an order placed from it has the same UUID.
public enum QuoteTag: IDTag {
    /// `quo_…`
    public static let prefix: StaticString = "quo"
}

/// Identifies a quote; an order placed from it has the same UUID.
public typealias QuoteID = TypedID<QuoteTag>

/// Names a cart.
public enum CartTag: IDTag {
    /// `crt_…`
    public static let prefix: StaticString = "crt"
}

/// Identifies a cart.
public typealias CartID = TypedID<CartTag>

/// Names one payment of an order.
public enum PaymentTag: IDTag {
    /// `pay_…`
    public static let prefix: StaticString = "pay"
}

/// Identifies one payment of an order.
public typealias PaymentID = TypedID<PaymentTag>

/// Names one refund of a payment.
public enum RefundTag: IDTag {
    /// `rfd_…`
    public static let prefix: StaticString = "rfd"
}

/// Identifies one refund of a payment.
public typealias RefundID = TypedID<RefundTag>

/// Names an event between services.
public enum EventTag: IDTag {
    /// `evt_…`
    public static let prefix: StaticString = "evt"
}

/// Identifies an event between services.
public typealias EventID = TypedID<EventTag>

/// Names a person's account.
public enum AccountTag: IDTag {
    /// `acc_…`
    public static let prefix: StaticString = "acc"
}

/// Identifies a person's account.
public typealias AccountID = TypedID<AccountTag>

/// Names a message of somebody's inbox.
public enum MessageTag: IDTag {
    /// `msg_…`
    public static let prefix: StaticString = "msg"
}

/// Identifies a message of somebody's inbox.
public typealias MessageID = TypedID<MessageTag>

/// Names a review.
public enum ReviewTag: IDTag {
    /// `rev_…`
    public static let prefix: StaticString = "rev"
}

/// Identifies a review.
public typealias ReviewID = TypedID<ReviewTag>

/// Names a signed-in session.
public enum SessionTag: IDTag {
    /// `ses_…`
    public static let prefix: StaticString = "ses"
}

/// Identifies a signed-in session.
public typealias SessionID = TypedID<SessionTag>

/// Names a statement of what somebody is owed.
public enum SettlementTag: IDTag {
    /// `stl_…`
    public static let prefix: StaticString = "stl"
}

/// Identifies a statement of what somebody is owed.
public typealias SettlementID = TypedID<SettlementTag>
