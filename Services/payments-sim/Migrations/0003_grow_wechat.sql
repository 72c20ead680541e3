-- Payment codes, combined payments, profit sharing, refunds that fail or hang, and bills.

ALTER TABLE ledger_postings
    DROP CONSTRAINT ledger_postings_kind_check,
    ADD CONSTRAINT ledger_postings_kind_check CHECK (kind IN (
        'payment', 'refund', 'refund_closed', 'sharing', 'sharing_return', 'sharing_finish', 'transfer')),
    ADD COLUMN document text NOT NULL DEFAULT ''; -- the gateway's own number of what was posted, for bills
CREATE INDEX ledger_postings_by_time ON ledger_postings (at);

ALTER TABLE wechat_transactions
    DROP CONSTRAINT wechat_transactions_trade_type_check,
    DROP CONSTRAINT wechat_transactions_state_check,
    DROP CONSTRAINT wechat_transactions_check2,
    ADD CONSTRAINT wechat_transactions_trade_type_check
        CHECK (trade_type IN ('JSAPI', 'NATIVE', 'APP', 'MWEB', 'MICROPAY')),
    ADD CONSTRAINT wechat_transactions_state_check
        CHECK (state IN ('NOTPAY', 'USERPAYING', 'SUCCESS', 'REFUND', 'CLOSED', 'REVOKED', 'PAYERROR')),
    ADD CONSTRAINT wechat_transactions_paid_check
        CHECK (state = 'REVOKED' OR (state IN ('SUCCESS', 'REFUND')) = (paid_at IS NOT NULL)),
    ADD COLUMN shares boolean NOT NULL DEFAULT false,   -- the money is frozen until it is shared
    ADD COLUMN unsplit bigint NOT NULL DEFAULT 0 CHECK (unsplit >= 0 AND unsplit <= total), -- what is still frozen
    ADD COLUMN signing_serial text NOT NULL DEFAULT '', -- names the key that notifications are signed with; empty: current
    ADD COLUMN combine_mchid text,                      -- null: not a part of a combined payment
    ADD COLUMN combine_out_trade_no text;
CREATE INDEX wechat_transactions_combined ON wechat_transactions (combine_mchid, combine_out_trade_no)
    WHERE combine_mchid IS NOT NULL;
CREATE INDEX wechat_transactions_by_payment ON wechat_transactions (mchid, paid_at) WHERE paid_at IS NOT NULL;

CREATE TABLE wechat_combined (
    mchid          text NOT NULL,
    out_trade_no   text NOT NULL CHECK (char_length(out_trade_no) BETWEEN 6 AND 32),
    appid          text NOT NULL,
    trade_type     text NOT NULL CHECK (trade_type IN ('JSAPI', 'NATIVE', 'APP', 'MWEB')),
    notify_url     text NOT NULL,
    openid         text NOT NULL,
    token          text NOT NULL UNIQUE,
    signing_serial text NOT NULL,
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,
    paid_at        timestamptz, -- null: not paid
    closed_at      timestamptz, -- null: not closed
    PRIMARY KEY (mchid, out_trade_no)
);

ALTER TABLE wechat_refunds
    ADD COLUMN requested_by text,
    ADD COLUMN frozen bigint NOT NULL DEFAULT 0,          -- what of it came out of frozen money
    ADD COLUMN fee bigint NOT NULL DEFAULT 0,             -- what the merchant got back of the fee
    ADD COLUMN outcome text NOT NULL DEFAULT 'SUCCESS' CHECK (outcome IN ('SUCCESS', 'CLOSED', 'ABNORMAL')),
    ADD COLUMN due_at timestamptz,                        -- when the bank answers, on the business clock
    ADD COLUMN signing_serial text NOT NULL DEFAULT '';
UPDATE wechat_refunds SET requested_by = mchid, due_at = created_at;
ALTER TABLE wechat_refunds ALTER COLUMN requested_by SET NOT NULL, ALTER COLUMN due_at SET NOT NULL;
CREATE UNIQUE INDEX wechat_refunds_by_requester ON wechat_refunds (requested_by, out_refund_no);
CREATE INDEX wechat_refunds_by_time ON wechat_refunds (mchid, created_at);
DROP INDEX wechat_refunds_open;
CREATE INDEX wechat_refunds_open ON wechat_refunds (due_at) WHERE status = 'PROCESSING';

ALTER TABLE notifications
    DROP CONSTRAINT notifications_gateway_check,
    ADD CONSTRAINT notifications_gateway_check CHECK (gateway IN ('wechat', 'alipay', 'unionpay')),
    ADD COLUMN signing_serial text NOT NULL DEFAULT '';

CREATE TABLE sharing_receivers (
    mchid         text NOT NULL,
    type          text NOT NULL CHECK (type IN ('MERCHANT_ID', 'PERSONAL_OPENID')),
    account       text NOT NULL CHECK (char_length(account) BETWEEN 1 AND 64),
    relation_type text NOT NULL,
    added_at      timestamptz NOT NULL,
    PRIMARY KEY (mchid, type, account)
);

-- A request to share, or to unfreeze what is left (without receivers).
CREATE TABLE sharing_orders (
    mchid          text NOT NULL,
    out_order_no   text NOT NULL CHECK (char_length(out_order_no) BETWEEN 1 AND 64),
    transaction_id text NOT NULL REFERENCES wechat_transactions (transaction_id),
    order_id       text NOT NULL UNIQUE,
    request        text NOT NULL,           -- what was asked for: the same number must ask for the same
    finishes       boolean NOT NULL,        -- the rest goes to the merchant afterwards
    unfrozen       bigint NOT NULL,         -- that rest
    state          text NOT NULL CHECK (state IN ('PROCESSING', 'FINISHED')),
    created_at     timestamptz NOT NULL,
    finished_at    timestamptz,
    PRIMARY KEY (mchid, out_order_no)
);
CREATE INDEX sharing_orders_open ON sharing_orders (created_at) WHERE state = 'PROCESSING';
CREATE INDEX sharing_orders_by_transaction ON sharing_orders (transaction_id);

CREATE TABLE sharing_parts (
    detail_id    text PRIMARY KEY,
    mchid        text NOT NULL,
    out_order_no text NOT NULL,
    type         text NOT NULL,
    account      text NOT NULL,
    amount       bigint NOT NULL CHECK (amount > 0),
    description  text NOT NULL,
    returned     bigint NOT NULL DEFAULT 0 CHECK (returned >= 0 AND returned <= amount),
    FOREIGN KEY (mchid, out_order_no) REFERENCES sharing_orders (mchid, out_order_no)
);
CREATE INDEX sharing_parts_by_order ON sharing_parts (mchid, out_order_no);

CREATE TABLE sharing_returns (
    mchid         text NOT NULL,
    out_return_no text NOT NULL CHECK (char_length(out_return_no) BETWEEN 1 AND 64),
    out_order_no  text NOT NULL,
    order_id      text NOT NULL,
    return_id     text NOT NULL UNIQUE,
    return_mchid  text NOT NULL,
    amount        bigint NOT NULL CHECK (amount > 0),
    description   text NOT NULL,
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (mchid, out_return_no),
    FOREIGN KEY (mchid, out_order_no) REFERENCES sharing_orders (mchid, out_order_no)
);

-- A bill is a snapshot: once made it never changes.
CREATE TABLE bills (
    gateway  text NOT NULL,
    merchant text NOT NULL,
    kind     text NOT NULL,
    day      text NOT NULL CHECK (day ~ '^\d{4}-\d\d(-\d\d)?$'),
    content  bytea NOT NULL,
    made_at  timestamptz NOT NULL,
    PRIMARY KEY (gateway, merchant, kind, day)
);

CREATE TABLE bill_downloads (
    token      text PRIMARY KEY,
    gateway    text NOT NULL,
    merchant   text NOT NULL,
    kind       text NOT NULL,
    day        text NOT NULL,
    packing    text NOT NULL, -- as the bill is ('') or GZIP
    expires_at timestamptz NOT NULL,
    FOREIGN KEY (gateway, merchant, kind, day) REFERENCES bills (gateway, merchant, kind, day)
);
