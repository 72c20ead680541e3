-- One review an order, told by the orders service; the store's average is kept in the same statement.
CREATE TABLE reviews (
    id          uuid PRIMARY KEY,
    store_id    uuid NOT NULL REFERENCES stores (id),
    order_id    uuid NOT NULL UNIQUE,
    customer_id uuid, -- null: an order without an account
    rating      integer NOT NULL CHECK (rating BETWEEN 1 AND 5),
    content     text NOT NULL CHECK (char_length(content) <= 2000),
    created_at  timestamptz NOT NULL
);
CREATE INDEX reviews_by_store ON reviews (store_id, created_at DESC, id DESC);
