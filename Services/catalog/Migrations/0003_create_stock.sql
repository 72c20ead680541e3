-- Stock, its reservations and its append-only ledger. `stock` is changed only together with ledger lines, in one
-- statement, so its numbers equal the ledger's sums at every moment. Half-full pages keep updates of a hot row on its
-- page (HOT), away from the index.
CREATE TABLE stock (
    store_id      uuid NOT NULL REFERENCES stores (id),
    sku_id        uuid NOT NULL REFERENCES skus (id),
    on_hand       bigint NOT NULL,
    reserved      bigint NOT NULL,
    online_buffer bigint NOT NULL DEFAULT 0 CHECK (online_buffer >= 0),
    PRIMARY KEY (store_id, sku_id),
    CONSTRAINT stock_never_negative CHECK (reserved >= 0 AND reserved <= on_hand)
) WITH (fillfactor = 50);

-- Numbers the statements that move stock: ledger lines and the reservations they moved name the same batch.
CREATE SEQUENCE stock_batches CACHE 1;

-- One row an order: its lines are two arrays in ascending order of SKU. The order's identity is the reservation's, so
-- a repeated request cannot hold stock twice. `batches` names every batch that moved it, in order.
CREATE TABLE reservations (
    order_id   uuid PRIMARY KEY,
    store_id   uuid NOT NULL,
    state      text NOT NULL
        CHECK (state IN ('held', 'committed', 'released', 'expired', 'returned', 'commit_failed')),
    expires_at timestamptz NOT NULL,
    sku_ids    uuid[] NOT NULL,
    quantities integer[] NOT NULL CHECK (array_length(quantities, 1) = array_length(sku_ids, 1)),
    batches    bigint[] NOT NULL
);
CREATE INDEX reservations_held ON reservations (expires_at) WHERE state = 'held';

CREATE TABLE stock_ledger (
    id             bigint GENERATED ALWAYS AS IDENTITY,
    store_id       uuid NOT NULL,
    sku_id         uuid NOT NULL,
    batch          bigint NOT NULL,
    cause          text NOT NULL CHECK (cause IN (
        'reserve', 'commit', 'release', 'expire', 'return', 'late_sale',
        'opening', 'received', 'counted', 'written_off', 'till_sale', 'customer_return')),
    on_hand_delta  bigint NOT NULL,
    reserved_delta bigint NOT NULL,
    actor          text NOT NULL DEFAULT '', -- who, for changes people make: an account or service; empty for orders
    at             timestamptz NOT NULL,
    PRIMARY KEY (store_id, id),
    CHECK (on_hand_delta <> 0 OR reserved_delta <> 0)
);

CREATE FUNCTION refuse_change_of_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the stock ledger is append-only' USING ERRCODE = 'restrict_violation';
    END
$$;
CREATE TRIGGER stock_ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_ledger();
