-- Several payments of one order, payments taken by staff, deposits, points.

-- What of the total is settled. A payment that would exceed the total is late instead.
ALTER TABLE orders ADD COLUMN paid bigint NOT NULL DEFAULT 0;
UPDATE orders SET paid = total WHERE payment_state <> 'unpaid';
ALTER TABLE orders ADD CONSTRAINT orders_paid_within_total CHECK (paid BETWEEN 0 AND total);
ALTER TABLE orders ADD CONSTRAINT orders_paid_in_full CHECK ((payment_state = 'unpaid') = (paid < total));
ALTER TABLE orders ADD CONSTRAINT orders_refund_within_paid CHECK (refunded <= paid);
-- An agreed deposit: this much at once, the rest until `balance_due_at`.
ALTER TABLE orders ADD COLUMN deposit bigint;              -- null: none agreed
ALTER TABLE orders ADD COLUMN balance_due_at timestamptz;  -- null: likewise
ALTER TABLE orders ADD CONSTRAINT orders_deposit_is_part
    CHECK ((deposit IS NULL) = (balance_due_at IS NULL) AND (deposit IS NULL OR deposit BETWEEN 1 AND total - 1));

ALTER TABLE order_story DROP CONSTRAINT order_story_move_check;
ALTER TABLE order_story ADD CONSTRAINT order_story_move_check CHECK (move IN (
    'paid', 'expired', 'accepted', 'preparing', 'ready', 'collected', 'cancelled', 'refund_requested', 'refunded',
    'refund_failed', 'paid_late', 'reviewed', 'part_paid', 'deposit_agreed', 'deposit_paid'));

ALTER TABLE payments DROP CONSTRAINT payments_gateway_check;
ALTER TABLE payments ADD CONSTRAINT payments_gateway_check
    CHECK (gateway IN ('wechat', 'alipay', 'card', 'cash', 'terminal', 'points'));
ALTER TABLE payments DROP CONSTRAINT payments_channel_check;
ALTER TABLE payments ADD CONSTRAINT payments_channel_check
    CHECK (channel IN ('native', 'h5', 'jsapi', 'counter', 'account'));
-- Of payments that staff took at the counter; null for all others.
ALTER TABLE payments ADD COLUMN store_id uuid;
ALTER TABLE payments ADD COLUMN staff_id uuid;
ALTER TABLE payments ADD COLUMN tendered bigint; -- what the customer handed over; null: nobody counted, or not cash
ALTER TABLE payments ADD COLUMN reference text;  -- on the slip of the till's card terminal; null: cash
ALTER TABLE payments ADD CONSTRAINT payments_counter_has_staff CHECK (
    (channel = 'counter') = (gateway IN ('cash', 'terminal'))
    AND (channel = 'counter') = (store_id IS NOT NULL)
    AND (channel = 'counter') = (staff_id IS NOT NULL));
ALTER TABLE payments ADD CONSTRAINT payments_tendered_is_enough 
    CHECK (tendered IS NULL OR (tendered >= amount AND gateway = 'cash'));
ALTER TABLE payments ADD CONSTRAINT payments_terminal_has_slip
    CHECK ((gateway = 'terminal') = (reference IS NOT NULL) AND octet_length(reference) BETWEEN 1 AND 64);
-- A slip is booked once.
CREATE UNIQUE INDEX payments_by_slip ON payments (store_id, reference) WHERE reference IS NOT NULL;
CREATE INDEX payments_at_counter ON payments (store_id, paid_at) WHERE store_id IS NOT NULL;
ALTER TABLE refunds ADD COLUMN handed_out_by uuid; -- the member of staff; null: not at the counter, or not yet

-- Points: 100 of them are worth 1.00. A balance is the sum of its entries.
CREATE TABLE point_accounts (
    customer_id uuid PRIMARY KEY,
    balance     bigint NOT NULL CONSTRAINT point_accounts_covered CHECK (balance >= 0)
);
CREATE TABLE point_entries (
    customer_id uuid NOT NULL REFERENCES point_accounts (customer_id),
    id          bigint GENERATED ALWAYS AS IDENTITY,
    at          timestamptz NOT NULL,
    cause       text NOT NULL CHECK (cause IN ('earned', 'spent', 'restored', 'clawed_back')),
    delta       bigint NOT NULL,
    order_id    uuid NOT NULL REFERENCES orders (id),
    payment_id  uuid REFERENCES payments (id), -- of `spent`
    refund_id   uuid REFERENCES refunds (id),  -- of `restored` and `clawed_back`
    PRIMARY KEY (customer_id, id),
    CONSTRAINT point_entries_sign CHECK ((cause IN ('earned', 'restored') AND delta > 0) OR
        (cause IN ('spent', 'clawed_back') AND delta < 0)),
    CONSTRAINT point_entries_cause CHECK (
        (cause = 'spent') = (payment_id IS NOT NULL)
        AND (cause IN ('restored', 'clawed_back')) = (refund_id IS NOT NULL))
);
-- Each cause counts once.
CREATE UNIQUE INDEX point_entries_earned ON point_entries (order_id) WHERE cause = 'earned';
CREATE UNIQUE INDEX point_entries_spent ON point_entries (payment_id) WHERE payment_id IS NOT NULL;
CREATE UNIQUE INDEX point_entries_refund ON point_entries (refund_id) WHERE refund_id IS NOT NULL;
CREATE INDEX point_entries_by_order ON point_entries (order_id);
CREATE FUNCTION refuse_change_of_points() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'entries of points are append-only' USING ERRCODE = 'restrict_violation';
    END
$$;
CREATE TRIGGER point_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON point_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_points();
