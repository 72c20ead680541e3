import JSON
import Models
import Postgres
import ServiceKit

/// Who moved an order.
enum Actor: Sendable {
    case customer(AccountID)
    case staff(AccountID)
    case platformOperator(AccountID)
    case gateway, system, catalog

    /// The person behind a move of `record`.
    init(_ caller: Caller, on record: OrderRecord) {
        switch caller {
        case .user(let account, _, _) where account == record.placed.customerID: self = .customer(account)
        case .user(let account, let stores, _) where stores[record.placed.storeID] != nil: self = .staff(account)
        case .user(let account, _, _): self = .platformOperator(account)
        case .service, .anonymous: self = .system
        }
    }

    var kind: String {
        switch self {
        case .customer: "customer"
        case .staff: "staff"
        case .platformOperator: "operator"
        case .gateway: "gateway"
        case .system: "system"
        case .catalog: "catalog"
        }
    }

    var accountID: AccountID? {
        switch self {
        case .customer(let id), .staff(let id), .platformOperator(let id): id
        case .gateway, .system, .catalog: nil
        }
    }
}

/// Moves orders, each from exactly the states it was seen in, with its story and its events, in one statement. An
/// order that stands elsewhere by now is left alone and not returned.
struct MoveOrders: Statement {
    struct Input: Sendable {
        let record: OrderRecord
        let move: OrderMove
        let states: OrderStates
        let actor: Actor
        let at: Timestamp
        let reason: String?
        let traceparent: String?
        var pickup: (hash: [UInt8], attempt: Int)?
        let data: OrderEventData
        let eventID: EventID

        init(
            _ record: OrderRecord, _ move: OrderMove, to states: OrderStates, by actor: Actor, at: Timestamp,
            reason: String?, traceparent: String?, pickup: (hash: [UInt8], attempt: Int)? = nil
        ) {
            self.record = record
            self.move = move
            self.states = states
            self.actor = actor
            self.at = at
            self.reason = reason
            self.traceparent = traceparent
            self.pickup = pickup
            data = record.eventData(states, reason: reason)
            eventID = .make(at: at)
        }
    }
    static let name: StaticString = "move_orders"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        WITH move AS (
            SELECT *
            FROM unnest(
                $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[],
                $9::timestamptz[], $10::text[], $11::text[], $12::text[], $13::uuid[], $14::text[], $15::text[],
                $16::text[], $17::bytea[], $18::bigint[])
                AS m (id, payment_from, order_from, fulfilment_from, order_to, fulfilment_to, actor, actor_id,
                    at, reason, trace, story, event_id, type, aggregate, data, pickup_hash, pickup_attempt)
        ), moved AS (
            UPDATE orders
            SET order_state = move.order_to,
                fulfilment_state = move.fulfilment_to,
                unpaid_slot = CASE WHEN move.order_to = 'open' THEN unpaid_slot END,
                completed_at = CASE WHEN move.order_to = 'completed' THEN move.at ELSE completed_at END,
                pickup_hash = coalesce(move.pickup_hash, orders.pickup_hash),
                pickup_attempt = coalesce(move.pickup_attempt, orders.pickup_attempt)
            FROM move
            WHERE orders.id = move.id
                AND orders.payment_state = move.payment_from
                AND orders.order_state = move.order_from
                AND orders.fulfilment_state = move.fulfilment_from
            RETURNING orders.id
        ), told AS (
            INSERT INTO order_story (order_id, at, actor, actor_id, move, reason, trace)
            SELECT move.id, move.at, actor, actor_id, story, reason, trace
            FROM move
            JOIN moved ON moved.id = move.id
        ), event AS (
            INSERT INTO outbox (event_id, consumer, type, aggregate, occurred_at, traceparent, data)
            SELECT event_id, consumer.name, type, aggregate, at, trace, data::jsonb
            FROM move
            JOIN moved ON moved.id = move.id
            CROSS JOIN (VALUES ('catalog'), ('notifications')) AS consumer (name)
            WHERE consumer.name = 'notifications' OR type IN ('order.cancelled', 'order.expired')
        )
        SELECT id FROM moved
        """
    let inputs: [Input]

    func bind(to parameters: inout Parameters) {
        parameters.append(inputs.map(\.record.id.uuid))
        parameters.append(inputs.map(\.record.states.payment.rawValue))
        parameters.append(inputs.map(\.record.states.order.rawValue))
        parameters.append(inputs.map(\.record.states.fulfilment.rawValue))
        parameters.append(inputs.map(\.states.order.rawValue))
        parameters.append(inputs.map(\.states.fulfilment.rawValue))
        parameters.append(inputs.map(\.actor.kind))
        parameters.append(inputs.map { $0.actor.accountID?.uuid })
        parameters.append(inputs.map(\.at))
        parameters.append(inputs.map(\.reason))
        parameters.append(inputs.map(\.traceparent))
        parameters.append(inputs.map(\.move.storyMove.rawValue))
        parameters.append(inputs.map(\.eventID.uuid))
        parameters.append(inputs.map(\.move.eventType))
        parameters.append(inputs.map(\.record.id.description))
        parameters.append(inputs.map { String(decoding: JSON.encode($0.data), as: UTF8.self) })
        parameters.append(inputs.map { $0.pickup?.hash })
        parameters.append(inputs.map { ($0.pickup?.attempt).map(Int64.init) })
    }
    static func decode(_ row: inout RowReader) throws(PostgresError) -> OrderID { try row.next() }
}

/// Adds an entry to an order's story without moving it.
struct TellStory: Statement {
    static let name: StaticString = "tell_story"
    static let mode = StatementMode.write
    static let sql: StaticString = """
        INSERT INTO order_story (order_id, at, actor, actor_id, move, reason, trace)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """
    let orderID: OrderID
    let at: Timestamp
    let actor: Actor
    let move: StoryMove
    let reason: String?
    let traceparent: String?

    func bind(to parameters: inout Parameters) {
        parameters.append(orderID.uuid)
        parameters.append(at)
        parameters.append(actor.kind)
        parameters.append(actor.accountID?.uuid)
        parameters.append(move)
        parameters.append(reason)
        parameters.append(traceparent)
    }
}
