-- Payments and refunds. Each row is stored before the gateway is asked, and its identifier is the number at the
-- gateway: however often a step is repeated, the gateway sees one payment and one refund.
CREATE TABLE payments (
    id             uuid PRIMARY KEY,
    order_id       uuid NOT NULL REFERENCES orders (id),
    gateway        text NOT NULL CHECK (gateway IN ('wechat')),
    channel        text NOT NULL CHECK (channel IN ('native', 'h5', 'jsapi')),
    state          text NOT NULL CHECK (state IN ('created', 'open', 'paid', 'late', 'closed')),
    amount         bigint NOT NULL CHECK (amount > 0),
    currency       text NOT NULL CHECK (octet_length(currency) = 3),
    refunded       bigint NOT NULL DEFAULT 0, -- asked back, whether or not it has arrived
    cashier_url    text, -- null: the gateway has not answered, or the channel has none
    code_url       text, -- null: likewise
    prepay_id      text, -- null: likewise
    transaction_id text, -- null: not paid
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    paid_at        timestamptz, -- null: not paid
    check_at       timestamptz NOT NULL, -- when to ask the gateway, while created or open
    checks         integer NOT NULL DEFAULT 0,
    CONSTRAINT payments_refund_within_amount CHECK (refunded BETWEEN 0 AND amount),
    CONSTRAINT payments_refund_paid_only CHECK (refunded = 0 OR state IN ('paid', 'late')),
    CONSTRAINT payments_paid_has_moment CHECK ((state IN ('paid', 'late')) = (paid_at IS NOT NULL))
);
CREATE INDEX payments_by_order ON payments (order_id, id);
CREATE UNIQUE INDEX payments_one_open ON payments (order_id) WHERE state IN ('created', 'open');
CREATE INDEX payments_to_check ON payments (check_at) WHERE state IN ('created', 'open');
CREATE UNIQUE INDEX payments_by_transaction ON payments (gateway, transaction_id) WHERE transaction_id IS NOT NULL;

CREATE TABLE refunds (
    id                uuid PRIMARY KEY,
    order_id          uuid NOT NULL REFERENCES orders (id),
    payment_id        uuid NOT NULL REFERENCES payments (id),
    amount            bigint NOT NULL CHECK (amount > 0),
    currency          text NOT NULL CHECK (octet_length(currency) = 3),
    reason            text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 300),
    state             text NOT NULL CHECK (state IN ('requested', 'processing', 'succeeded', 'failed')),
    gateway_refund_id text, -- null: the gateway has not answered
    created_at        timestamptz NOT NULL,
    completed_at      timestamptz, -- null: not over
    check_at          timestamptz NOT NULL, -- when to send or ask again, while not over
    tries             integer NOT NULL DEFAULT 0,
    CONSTRAINT refunds_over_has_moment CHECK ((state IN ('succeeded', 'failed')) = (completed_at IS NOT NULL))
);
CREATE INDEX refunds_by_order ON refunds (order_id, id);
CREATE INDEX refunds_to_send ON refunds (check_at) WHERE state IN ('requested', 'processing');
CREATE INDEX refunds_succeeded ON refunds (completed_at) WHERE state = 'succeeded';

-- Wakes the job that sends refunds, once a statement.
CREATE FUNCTION refunds_notify() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('refunds', '');
        RETURN NULL;
    END
$$;
CREATE TRIGGER refunds_inserted AFTER INSERT ON refunds FOR EACH STATEMENT EXECUTE FUNCTION refunds_notify();
