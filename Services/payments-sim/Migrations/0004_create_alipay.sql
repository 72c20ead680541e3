CREATE TABLE alipay_trades (
    app_id       text NOT NULL,
    out_trade_no text NOT NULL CHECK (char_length(out_trade_no) BETWEEN 1 AND 64),
    seller_id    text NOT NULL,
    product      text NOT NULL CHECK (product IN ('page', 'wap', 'app', 'precreate', 'create', 'pay')),
    token        text NOT NULL UNIQUE,  -- unguessable: names the cashier's page
    trade_no     text NOT NULL UNIQUE,
    subject      text NOT NULL,
    body         text NOT NULL,
    passback     text NOT NULL,         -- returned to the merchant as it was sent
    total        bigint NOT NULL CHECK (total > 0), -- fen
    notify_url   text NOT NULL,         -- empty: nobody is told
    return_url   text NOT NULL,         -- empty: the page ends here
    buyer_id     text NOT NULL,         -- empty: nobody opened it yet
    -- CODE: there is a code, and no trade before somebody scans it
    state        text NOT NULL CHECK (state IN
        ('CODE', 'WAIT_BUYER_PAY', 'TRADE_SUCCESS', 'TRADE_FINISHED', 'TRADE_CLOSED')),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    paid_at      timestamptz,           -- null: not paid
    closed_at    timestamptz,           -- null: not closed
    refunded     bigint NOT NULL DEFAULT 0 CHECK (refunded >= 0 AND refunded <= total),
    settled      bigint NOT NULL DEFAULT 0 CHECK (settled >= 0 AND settled <= total), -- given to others
    PRIMARY KEY (app_id, out_trade_no),
    CHECK (state NOT IN ('TRADE_SUCCESS', 'TRADE_FINISHED') OR paid_at IS NOT NULL)
);
CREATE INDEX alipay_trades_unpaid ON alipay_trades (expires_at) WHERE state = 'WAIT_BUYER_PAY';
CREATE INDEX alipay_trades_refundable ON alipay_trades (paid_at) WHERE state = 'TRADE_SUCCESS';

CREATE TABLE alipay_refunds (
    app_id         text NOT NULL,
    out_trade_no   text NOT NULL,
    out_request_no text NOT NULL CHECK (char_length(out_request_no) BETWEEN 1 AND 64),
    amount         bigint NOT NULL CHECK (amount > 0),
    cumulative     bigint NOT NULL,
    fee            bigint NOT NULL,     -- what the merchant got back of the fee
    reason         text NOT NULL,
    at             timestamptz NOT NULL,
    PRIMARY KEY (app_id, out_trade_no, out_request_no),
    FOREIGN KEY (app_id, out_trade_no) REFERENCES alipay_trades (app_id, out_trade_no)
);
CREATE INDEX alipay_refunds_by_time ON alipay_refunds (app_id, at);

CREATE TABLE alipay_receivers (
    app_id   text NOT NULL,
    type     text NOT NULL,
    account  text NOT NULL CHECK (char_length(account) BETWEEN 1 AND 60),
    name     text NOT NULL,
    memo     text NOT NULL,
    bound_at timestamptz NOT NULL,
    PRIMARY KEY (app_id, type, account)
);

CREATE TABLE alipay_settlements (
    app_id         text NOT NULL,
    out_request_no text NOT NULL CHECK (char_length(out_request_no) BETWEEN 1 AND 64),
    trade_no       text NOT NULL REFERENCES alipay_trades (trade_no),
    settle_no      text NOT NULL UNIQUE,
    accounts       text[] NOT NULL,
    amounts        bigint[] NOT NULL,
    at             timestamptz NOT NULL,
    PRIMARY KEY (app_id, out_request_no)
);
