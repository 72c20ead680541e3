-- Card payments. Of a card only a token and the last four digits are ever kept.
CREATE TABLE unionpay_transactions (
    mer_id        text NOT NULL,
    order_id      text NOT NULL CHECK (order_id ~ '^[0-9A-Za-z]{8,40}$'),
    txn_time      text NOT NULL CHECK (txn_time ~ '^\d{14}$'),
    kind          text NOT NULL CHECK (kind IN ('pay', 'refund', 'cancel')),
    query_id      text NOT NULL UNIQUE,
    orig_query_id text REFERENCES unionpay_transactions (query_id), -- null: a payment
    amount        bigint NOT NULL CHECK (amount > 0),
    front_url     text NOT NULL,
    back_url      text NOT NULL,
    reserved      text NOT NULL,   -- reqReserved, returned as it was sent
    token         text NOT NULL UNIQUE,
    state         text NOT NULL CHECK (state IN ('OPEN', 'SUCCESS', 'FAILED', 'UNDONE')),
    card_token    text NOT NULL DEFAULT '',
    card_last4    text NOT NULL DEFAULT '' CHECK (card_last4 ~ '^(\d{4})?$'),
    code          text NOT NULL DEFAULT '', -- what the text message says
    tries         integer NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    settled_at    timestamptz,     -- null: not yet
    refunded      bigint NOT NULL DEFAULT 0 CHECK (refunded >= 0 AND refunded <= amount),
    PRIMARY KEY (mer_id, order_id, txn_time),
    CHECK ((kind = 'pay') = (orig_query_id IS NULL))
);
CREATE INDEX unionpay_transactions_by_time ON unionpay_transactions (mer_id, settled_at) WHERE settled_at IS NOT NULL;
