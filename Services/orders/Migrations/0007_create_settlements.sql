-- Settlement: who gets which part of the money of completed orders, and when it was paid out. Its days are those of
-- Shanghai, the clock that the gateways close their books by.

-- How a store's money is divided. A version holds from its moment on and is never changed; orders placed before it
-- keep the one before. Without any, the configured default holds.
CREATE TABLE settlement_terms (
    store_id          uuid NOT NULL,
    valid_from        timestamptz NOT NULL,
    platform_rate_bps integer NOT NULL CHECK (platform_rate_bps >= 0), -- hundredths of a percent
    leader_account_id uuid, -- null: nobody leads
    leader_rate_bps   integer NOT NULL CHECK (leader_rate_bps >= 0),
    agreed_by         uuid NOT NULL,
    agreed_at         timestamptz NOT NULL,
    PRIMARY KEY (store_id, valid_from),
    CONSTRAINT settlement_terms_leave_something CHECK (platform_rate_bps + leader_rate_bps <= 10000),
    CONSTRAINT settlement_terms_leader CHECK (leader_account_id IS NOT NULL OR leader_rate_bps = 0)
);

-- Divides an amount, not negative, exactly: shares rounded down, then the units left over to the largest remainders,
-- earlier ones first (the rule of `Money.allocate`).
CREATE FUNCTION settlement_shares(
    whole bigint, platform_bps integer, leader_bps integer,
    OUT merchant bigint, OUT platform bigint, OUT leader bigint
) LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (sum(part) FILTER (WHERE place = 1))::bigint, (sum(part) FILTER (WHERE place = 2))::bigint,
        (sum(part) FILTER (WHERE place = 3))::bigint
    FROM (
        SELECT place, whole * weight / 10000 + (
            row_number() OVER (ORDER BY whole * weight % 10000 DESC, place)
                <= whole - sum(whole * weight / 10000) OVER ())::integer AS part
        FROM (VALUES (1, 10000 - platform_bps - leader_bps), (2, platform_bps), (3, leader_bps)) AS w (place, weight)
    ) AS parts
$$;

-- Orders to look at: just completed, or with a refund that came since.
CREATE TABLE settlement_due (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id uuid NOT NULL
);
CREATE FUNCTION settlement_due_order() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO settlement_due (order_id) VALUES (NEW.id);
        RETURN NULL;
    END
$$;
CREATE FUNCTION settlement_due_refund() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO settlement_due (order_id) VALUES (NEW.order_id);
        RETURN NULL;
    END
$$;
-- Nothing at placing or paying: only the moves that make something due.
CREATE TRIGGER orders_settle AFTER UPDATE OF order_state ON orders FOR EACH ROW
    WHEN (NEW.order_state = 'completed' AND OLD.order_state <> 'completed') EXECUTE FUNCTION settlement_due_order();
CREATE TRIGGER refunds_settle AFTER UPDATE OF state ON refunds FOR EACH ROW
    WHEN (NEW.state = 'succeeded' AND OLD.state <> 'succeeded') EXECUTE FUNCTION settlement_due_refund();
INSERT INTO settlement_due (order_id) SELECT id FROM orders WHERE order_state = 'completed' ORDER BY completed_at;

-- The journal: each payment of a completed order, and each refund of one. A posting is a double entry: `amount` came
-- to the platform (or, when taken at the store's till, to the merchant), and the same is owed to the three shares.
CREATE TABLE settlement_postings (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cause             text NOT NULL CHECK (cause IN ('sale', 'refund')),
    order_id          uuid NOT NULL REFERENCES orders (id),
    payment_id        uuid NOT NULL REFERENCES payments (id),
    refund_id         uuid REFERENCES refunds (id), -- null: a sale
    store_id          uuid NOT NULL,
    merchant_id       uuid NOT NULL,
    leader_id         uuid, -- null: nobody leads
    platform_rate_bps integer NOT NULL,
    leader_rate_bps   integer NOT NULL,
    currency          text NOT NULL,
    amount            bigint NOT NULL, -- negative: given back
    merchant_share    bigint NOT NULL,
    platform_share    bigint NOT NULL,
    leader_share      bigint NOT NULL,
    taken             bigint NOT NULL, -- what of the amount the merchant already holds
    at                timestamptz NOT NULL, -- of the completion or the refund
    day               date NOT NULL,        -- of `at`; the first open day when that day was closed already
    CONSTRAINT settlement_postings_balance CHECK (merchant_share + platform_share + leader_share = amount),
    CONSTRAINT settlement_postings_taken CHECK (taken IN (0, amount)),
    CONSTRAINT settlement_postings_sign
        CHECK ((cause = 'sale' AND amount > 0) OR (cause = 'refund' AND amount < 0)),
    CONSTRAINT settlement_postings_cause CHECK ((cause = 'refund') = (refund_id IS NOT NULL)),
    CONSTRAINT settlement_postings_leader CHECK (leader_id IS NOT NULL OR leader_share = 0)
);
-- Each payment and each refund is booked once, whoever does it.
CREATE UNIQUE INDEX settlement_postings_sale ON settlement_postings (payment_id) WHERE cause = 'sale';
CREATE UNIQUE INDEX settlement_postings_refund ON settlement_postings (refund_id) WHERE refund_id IS NOT NULL;
CREATE INDEX settlement_postings_by_day ON settlement_postings (day, id);
CREATE INDEX settlement_postings_by_merchant ON settlement_postings (merchant_id, day, id);
CREATE INDEX settlement_postings_by_leader ON settlement_postings (leader_id, day, id) WHERE leader_id IS NOT NULL;

-- The journal by payee: what it is owed. The platform's identifier is all zeros.
CREATE VIEW settlement_entries AS
    SELECT p.id, p.cause, p.order_id, p.day, p.at, p.currency, p.amount, e.payee_kind, e.payee_id, e.commission,
        e.taken, e.net
    FROM settlement_postings AS p
    CROSS JOIN LATERAL (VALUES
        ('merchant', p.merchant_id, p.amount - p.merchant_share, p.taken, p.merchant_share - p.taken),
        ('leader', p.leader_id, p.leader_share, 0, p.leader_share),
        ('platform', '00000000-0000-0000-0000-000000000000'::uuid, p.platform_share, 0, p.platform_share)
    ) AS e (payee_kind, payee_id, commission, taken, net)
    WHERE e.payee_id IS NOT NULL;

-- Days whose statements were made; nothing is booked on them any more.
CREATE TABLE settlement_days (
    day       date PRIMARY KEY,
    closed_at timestamptz NOT NULL
);

-- What a payee is owed for a day. What is not positive is carried into the payee's next statement.
CREATE TABLE settlements (
    id           uuid PRIMARY KEY,
    payee_kind   text NOT NULL CHECK (payee_kind IN ('merchant', 'leader', 'platform')),
    payee_id     uuid NOT NULL, -- merchant or account; all zeros: the platform
    day          date NOT NULL REFERENCES settlement_days (day),
    currency     text NOT NULL,
    orders       integer NOT NULL CHECK (orders >= 0),
    sales        bigint NOT NULL CHECK (sales >= 0),
    refunds      bigint NOT NULL CHECK (refunds >= 0),
    commission   bigint NOT NULL, -- of a merchant: what others get; of the others: what they get
    taken        bigint NOT NULL, -- what the merchant already holds
    carried_over bigint NOT NULL CHECK (carried_over <= 0),
    net          bigint NOT NULL,
    state        text NOT NULL CHECK (state IN ('open', 'confirmed', 'paid_out', 'carried')),
    made_at      timestamptz NOT NULL,
    confirmed_at timestamptz, -- null: not confirmed
    confirmed_by uuid,
    CONSTRAINT settlements_once UNIQUE (payee_kind, payee_id, day, currency),
    CONSTRAINT settlements_net CHECK (net = carried_over + CASE payee_kind
        WHEN 'merchant' THEN sales - refunds - commission - taken ELSE commission END),
    CONSTRAINT settlements_carry_what_is_not_due CHECK ((state = 'carried') = (net <= 0)),
    CONSTRAINT settlements_confirmed CHECK ((state IN ('confirmed', 'paid_out')) = (confirmed_at IS NOT NULL)
        AND (confirmed_at IS NULL) = (confirmed_by IS NULL))
);
CREATE INDEX settlements_by_day ON settlements (day, id);

-- The other side of the journal: what left the platform, once a statement.
CREATE TABLE settlement_payouts (
    settlement_id uuid PRIMARY KEY REFERENCES settlements (id),
    amount        bigint NOT NULL CHECK (amount > 0),
    currency      text NOT NULL,
    reference     text NOT NULL CHECK (char_length(reference) BETWEEN 1 AND 64), -- the bank's
    paid_at       timestamptz NOT NULL,
    paid_by       uuid NOT NULL
);

CREATE FUNCTION refuse_change_of_settlement() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END
$$;
CREATE TRIGGER settlement_terms_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_terms
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_settlement();
CREATE TRIGGER settlement_postings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_postings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_settlement();
CREATE TRIGGER settlement_payouts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_payouts
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_settlement();
