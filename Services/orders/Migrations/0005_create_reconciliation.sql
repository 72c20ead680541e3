-- The gateways' bills, day by day, and where they differ from payments and refunds here. A bill is stored before it is
-- compared, and every step may be repeated.
CREATE TABLE reconciliations (
    gateway          text NOT NULL CHECK (gateway IN ('wechat', 'alipay', 'card')),
    day              date NOT NULL, -- in Beijing, as the gateways bill
    state            text NOT NULL CHECK (state IN ('waiting', 'fetched', 'compared')),
    tries            integer NOT NULL DEFAULT 0,
    check_at         timestamptz NOT NULL, -- when to try, while not compared
    trouble          text, -- why the last try did not succeed; null: it did, or there was none
    fetched_at       timestamptz, -- null: there is no bill yet
    compared_at      timestamptz, -- null: not compared yet
    billed_payments  bigint NOT NULL DEFAULT 0,
    billed_paid      bigint NOT NULL DEFAULT 0,
    billed_refunds   bigint NOT NULL DEFAULT 0,
    billed_refunded  bigint NOT NULL DEFAULT 0,
    booked_payments  bigint NOT NULL DEFAULT 0,
    booked_paid      bigint NOT NULL DEFAULT 0,
    booked_refunds   bigint NOT NULL DEFAULT 0,
    booked_refunded  bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (gateway, day)
);
CREATE INDEX reconciliations_by_day ON reconciliations (day DESC, gateway);
CREATE INDEX reconciliations_to_run ON reconciliations (check_at) WHERE state <> 'compared';

CREATE TABLE bill_lines (
    gateway        text NOT NULL,
    day            date NOT NULL,
    place          integer NOT NULL,
    entry          text NOT NULL CHECK (entry IN ('payment', 'refund')),
    number         text NOT NULL, -- ours, as the gateway writes it
    payment_id     uuid, -- null: a refund, or a number that we never gave out
    refund_id      uuid, -- null: likewise
    gateway_number text NOT NULL,
    amount         bigint NOT NULL,
    at             timestamptz NOT NULL,
    is_done        boolean NOT NULL, -- false: a refund that the gateway was still sending
    PRIMARY KEY (gateway, day, place),
    FOREIGN KEY (gateway, day) REFERENCES reconciliations (gateway, day)
);
CREATE INDEX bill_lines_by_payment ON bill_lines (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX bill_lines_by_refund ON bill_lines (refund_id) WHERE refund_id IS NOT NULL;

CREATE TABLE reconciliation_differences (
    gateway     text NOT NULL,
    entry       text NOT NULL CHECK (entry IN ('payment', 'refund')),
    subject     text NOT NULL, -- the payment or refund; the number of one that is unknown here
    day         date NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('missing_at_gateway', 'missing_here', 'amount_differs')),
    number      text NOT NULL,
    payment_id  uuid,
    refund_id   uuid,
    order_id    uuid, -- null: unknown here
    ours        bigint, -- null: not paid, or not given back, here
    theirs      bigint, -- null: not in the bill
    state       text NOT NULL CHECK (state IN ('open', 'healed', 'resolved')),
    note        text,
    found_at    timestamptz NOT NULL,
    ended_at    timestamptz,
    PRIMARY KEY (gateway, entry, subject),
    FOREIGN KEY (gateway, day) REFERENCES reconciliations (gateway, day),
    CONSTRAINT differences_over_have_moment CHECK ((state = 'open') = (ended_at IS NULL))
);
CREATE INDEX reconciliation_differences_by_day ON reconciliation_differences (gateway, day, entry, subject);

CREATE INDEX payments_by_day ON payments (gateway, paid_at) WHERE state IN ('paid', 'late');
