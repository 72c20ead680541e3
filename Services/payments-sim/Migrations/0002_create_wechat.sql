CREATE TABLE wechat_transactions (
    mchid          text NOT NULL,
    out_trade_no   text NOT NULL CHECK (char_length(out_trade_no) BETWEEN 6 AND 32),
    appid          text NOT NULL,
    trade_type     text NOT NULL CHECK (trade_type IN ('JSAPI', 'NATIVE', 'APP', 'MWEB')),
    description    text NOT NULL,
    attach         text NOT NULL,
    notify_url     text NOT NULL,
    total          bigint NOT NULL CHECK (total > 0),
    currency       text NOT NULL CHECK (currency = 'CNY'),
    openid         text NOT NULL,          -- who may pay (JSAPI) or who paid; empty while anyone may
    token          text NOT NULL UNIQUE,   -- unguessable: names the cashier's page
    state          text NOT NULL CHECK (state IN ('NOTPAY', 'SUCCESS', 'REFUND', 'CLOSED')),
    transaction_id text UNIQUE,            -- null: not paid
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    paid_at        timestamptz,            -- null: not paid
    refunded       bigint NOT NULL DEFAULT 0 CHECK (refunded >= 0 AND refunded <= total),
    PRIMARY KEY (mchid, out_trade_no),
    CHECK ((transaction_id IS NULL) = (paid_at IS NULL)),
    CHECK ((state IN ('SUCCESS', 'REFUND')) = (paid_at IS NOT NULL))
);

CREATE TABLE wechat_refunds (
    mchid         text NOT NULL,
    out_refund_no text NOT NULL CHECK (char_length(out_refund_no) BETWEEN 1 AND 64),
    out_trade_no  text NOT NULL,
    refund_id     text NOT NULL UNIQUE,
    amount        bigint NOT NULL CHECK (amount > 0),
    total         bigint NOT NULL,
    reason        text NOT NULL,
    notify_url    text NOT NULL, -- empty: nobody is told
    status        text NOT NULL CHECK (status IN ('PROCESSING', 'SUCCESS', 'CLOSED', 'ABNORMAL')),
    created_at    timestamptz NOT NULL,
    completed_at  timestamptz,   -- null: not yet
    PRIMARY KEY (mchid, out_refund_no),
    FOREIGN KEY (mchid, out_trade_no) REFERENCES wechat_transactions (mchid, out_trade_no)
);
CREATE INDEX wechat_refunds_open ON wechat_refunds (created_at) WHERE status = 'PROCESSING';

-- What merchants are still to be told. The resource is kept in clear and sealed and signed afresh on every try.
CREATE TABLE notifications (
    id            uuid PRIMARY KEY,
    gateway       text NOT NULL CHECK (gateway = 'wechat'),
    mchid         text NOT NULL,
    url           text NOT NULL,
    event_type    text NOT NULL,
    original_type text NOT NULL,
    summary       text NOT NULL,
    resource      text NOT NULL,
    created_at    timestamptz NOT NULL,
    attempts      integer NOT NULL DEFAULT 0,
    next_at       timestamptz,   -- null: delivered or given up
    delivered_at  timestamptz    -- null: not delivered
);
CREATE INDEX notifications_due ON notifications (next_at) WHERE next_at IS NOT NULL;

CREATE FUNCTION wake_notifier() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('payments_notifications', '');
        RETURN NULL;
    END
$$;
CREATE TRIGGER notifications_wake AFTER INSERT ON notifications
    FOR EACH STATEMENT EXECUTE FUNCTION wake_notifier();
