-- Orders, written by hundreds in one statement: each index here is paid for by every order placed.

-- A version 7 UUID (RFC 9562, section 5.7) of a moment, for rows that a set-based statement makes.
CREATE FUNCTION uuid_at(moment timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT encode(
        set_bit(set_bit(
            overlay(uuid_send(gen_random_uuid())
                PLACING substring(int8send((extract(epoch FROM moment) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
            52, 1), 53, 1), 'hex')::uuid
$$;

CREATE TABLE orders (
    id               uuid PRIMARY KEY, -- the UUID of its quote: known before the first try to place it
    customer_id      uuid NOT NULL,
    store_id         uuid NOT NULL,
    merchant_id      uuid NOT NULL,
    -- The Idempotency-Key it was placed with, and the request: 128 bits each of SHA-256 over caller and key, and over
    -- method, path and body. Permanent, so that no retry, however late, places a second order.
    request_key      uuid NOT NULL CONSTRAINT orders_request_key UNIQUE,
    request_digest   uuid NOT NULL,
    placed_at        timestamptz NOT NULL,
    expires_at       timestamptz NOT NULL CHECK (expires_at > placed_at),
    subtotal         bigint NOT NULL CHECK (subtotal >= 0), -- minor units, as all money here
    discount_total   bigint NOT NULL CHECK (discount_total >= 0),
    total            bigint NOT NULL CHECK (total > 0 AND total = subtotal - discount_total),
    refunded         bigint NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND total),
    item_count       integer NOT NULL CHECK (item_count > 0),
    unpaid_slot      smallint,    -- which of its customer's unpaid orders it is; null: not unpaid any more, or no cap
    queue_number     integer,     -- null: not paid yet
    paid_at          timestamptz, -- null: not paid yet
    completed_at     timestamptz, -- null: not completed
    payment_state    text NOT NULL DEFAULT 'unpaid'
        CHECK (payment_state IN ('unpaid', 'paid', 'partly_refunded', 'refunded')),
    order_state      text NOT NULL DEFAULT 'open'
        CHECK (order_state IN ('open', 'completed', 'cancelled', 'expired')),
    fulfilment       text NOT NULL DEFAULT 'pickup' CHECK (fulfilment = 'pickup'),
    fulfilment_state text NOT NULL DEFAULT 'waiting'
        CHECK (fulfilment_state IN ('waiting', 'accepted', 'preparing', 'ready', 'collected')),
    currency         text NOT NULL CHECK (octet_length(currency) = 3),
    store_name_zh    text NOT NULL,
    store_name_en    text NOT NULL,
    time_zone        text NOT NULL, -- of the store: its day counts queue numbers
    trace            text,          -- of the request that placed it; null: it had none
    pickup_hash      bytea,         -- keyed hash of the pickup code; null: not ready
    pickup_attempt   smallint NOT NULL DEFAULT 0, -- which derivation of the code is in use
    CONSTRAINT orders_paid_has_moment CHECK ((payment_state = 'unpaid') = (paid_at IS NULL)),
    CONSTRAINT orders_fulfil_paid_only CHECK (fulfilment_state = 'waiting' OR payment_state <> 'unpaid'),
    CONSTRAINT orders_expire_unpaid_only CHECK (order_state <> 'expired' OR payment_state = 'unpaid'),
    CONSTRAINT orders_slot_while_unpaid
        CHECK (unpaid_slot IS NULL OR (unpaid_slot > 0 AND order_state = 'open' AND payment_state = 'unpaid')),
    CONSTRAINT orders_complete_when_collected CHECK ((order_state = 'completed') = (fulfilment_state = 'collected'))
) WITH (fillfactor = 85);
-- A customer's orders, newest first: the identifiers are in the order of time.
CREATE UNIQUE INDEX orders_by_customer ON orders (customer_id, id);
-- The cap on unpaid orders: two placings that took the same slot at once meet here, and one picks another.
CREATE UNIQUE INDEX orders_unpaid_slot ON orders (customer_id, unpaid_slot) WHERE unpaid_slot > 0;
CREATE INDEX orders_due ON orders (expires_at) WHERE order_state = 'open' AND payment_state = 'unpaid';
CREATE INDEX orders_on_board ON orders (store_id, paid_at, id) WHERE order_state = 'open' AND payment_state <> 'unpaid';
CREATE UNIQUE INDEX orders_by_pickup_hash ON orders (store_id, pickup_hash)
    WHERE fulfilment_state = 'ready' AND order_state = 'open';
CREATE INDEX orders_paid ON orders (store_id, paid_at) WHERE paid_at IS NOT NULL;
CREATE INDEX orders_completed ON orders (store_id, completed_at) WHERE completed_at IS NOT NULL;
-- Figures of a span of time: rows lie in the order of time, so a few bytes for each range of pages do.
CREATE INDEX orders_placed ON orders USING brin (placed_at) WITH (pages_per_range = 32);

-- No foreign key: lines are only ever written by the statement that writes their order, and its check would cost as
-- much as the line.
CREATE TABLE order_lines (
    order_id     uuid NOT NULL,
    number       smallint NOT NULL CHECK (number >= 1),
    store_id     uuid NOT NULL,
    sku_id       uuid NOT NULL,
    item_id      uuid NOT NULL,
    quantity     integer NOT NULL CHECK (quantity BETWEEN 1 AND 999),
    unit_price   bigint NOT NULL CHECK (unit_price >= 0),
    discount     bigint NOT NULL CHECK (discount >= 0),
    line_total   bigint NOT NULL CHECK (line_total >= 0 AND line_total = quantity * unit_price - discount),
    item_name_zh text NOT NULL,
    item_name_en text NOT NULL,
    sku_name_zh  text NOT NULL,
    sku_name_en  text NOT NULL,
    note         text CHECK (char_length(note) <= 200), -- null: no wish
    PRIMARY KEY (order_id, number)
);

-- Every move but the placing, which is the order's own row: who, when, why, and the trace of the request.
CREATE TABLE order_story (
    order_id   uuid NOT NULL REFERENCES orders (id),
    id         bigint GENERATED ALWAYS AS IDENTITY,
    at         timestamptz NOT NULL,
    actor      text NOT NULL CHECK (actor IN ('customer', 'staff', 'operator', 'gateway', 'system', 'catalog')),
    actor_id   uuid, -- null: no person
    move       text NOT NULL CHECK (move IN (
        'paid', 'expired', 'accepted', 'preparing', 'ready', 'collected', 'cancelled', 'refund_requested', 'refunded',
        'refund_failed', 'paid_late', 'reviewed')),
    reason     text CHECK (char_length(reason) <= 300), -- null: nobody said why
    trace      text, -- null: no request did it
    PRIMARY KEY (order_id, id)
);
CREATE FUNCTION refuse_change_of_story() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the story of orders is append-only' USING ERRCODE = 'restrict_violation';
    END
$$;
CREATE TRIGGER order_story_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON order_story
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_story();

-- The last number called, per store and day on its clock.
CREATE TABLE queue_counters (
    store_id uuid NOT NULL,
    day      date NOT NULL,
    last     integer NOT NULL CHECK (last > 0),
    PRIMARY KEY (store_id, day)
);

-- Wrong pickup codes, per store and member of its staff.
CREATE TABLE pickup_tries (
    store_id     uuid NOT NULL,
    account_id   uuid NOT NULL,
    window_start timestamptz NOT NULL,
    wrong        integer NOT NULL CHECK (wrong >= 0),
    PRIMARY KEY (store_id, account_id)
);

CREATE TABLE order_reviews (
    order_id   uuid PRIMARY KEY REFERENCES orders (id),
    id         uuid NOT NULL UNIQUE,
    rating     smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
    content    text NOT NULL CHECK (char_length(content) <= 2000),
    created_at timestamptz NOT NULL
);
