-- Carts hold wishes, not prices: a quote prices them. A cart without an owner belongs to whoever knows its identity
-- (74 random bits); the first customer who is signed in and uses it becomes its owner.
CREATE TABLE carts (
    id          uuid PRIMARY KEY,
    store_id    uuid NOT NULL,
    customer_id uuid, -- null: a guest's
    updated_at  timestamptz NOT NULL
);
CREATE INDEX carts_by_age ON carts (updated_at);

CREATE TABLE cart_lines (
    cart_id  uuid NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
    sku_id   uuid NOT NULL,
    quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 999),
    note     text CHECK (char_length(note) <= 200), -- null: no wish
    added_at timestamptz NOT NULL,
    PRIMARY KEY (cart_id, sku_id)
);
