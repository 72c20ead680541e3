-- Menus. A SKU is the unit of price and stock; every row carries the store, by which a cluster would distribute it.
CREATE TABLE categories (
    id         uuid PRIMARY KEY,
    store_id   uuid NOT NULL REFERENCES stores (id),
    name_zh    text NOT NULL CHECK (char_length(name_zh) BETWEEN 1 AND 60),
    name_en    text NOT NULL CHECK (char_length(name_en) BETWEEN 1 AND 60),
    created_at timestamptz NOT NULL,
    UNIQUE (store_id, name_zh)
);

-- The identifier is a UUIDv7, so `(store_id, id)` is the order in which a store made its menu.
CREATE TABLE items (
    id             uuid PRIMARY KEY,
    store_id       uuid NOT NULL REFERENCES stores (id),
    category_id    uuid NOT NULL REFERENCES categories (id),
    code           text NOT NULL CHECK (char_length(code) BETWEEN 1 AND 64),
    name_zh        text NOT NULL CHECK (char_length(name_zh) BETWEEN 1 AND 120),
    name_en        text NOT NULL CHECK (char_length(name_en) BETWEEN 1 AND 120),
    description_zh text NOT NULL CHECK (char_length(description_zh) <= 1000),
    description_en text NOT NULL CHECK (char_length(description_en) <= 1000),
    picture        text NOT NULL CHECK (char_length(picture) <= 120),
    created_at     timestamptz NOT NULL,
    search_text    text NOT NULL GENERATED ALWAYS AS (
        lower(name_zh || ' ' || name_en || ' ' || description_zh || ' ' || description_en)) STORED,
    UNIQUE (store_id, id),
    UNIQUE (store_id, code)
);
CREATE INDEX items_by_category ON items (category_id, id);

CREATE TABLE skus (
    id         uuid PRIMARY KEY,
    store_id   uuid NOT NULL,
    item_id    uuid NOT NULL,
    number     integer NOT NULL CHECK (number BETWEEN 1 AND 50), -- place among the item's variants
    code       text NOT NULL CHECK (char_length(code) BETWEEN 1 AND 64),
    name_zh    text NOT NULL CHECK (char_length(name_zh) BETWEEN 1 AND 120),
    name_en    text NOT NULL CHECK (char_length(name_en) BETWEEN 1 AND 120),
    price      bigint NOT NULL CHECK (price BETWEEN 0 AND 100000000), -- minor units
    currency   text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    FOREIGN KEY (store_id, item_id) REFERENCES items (store_id, id),
    UNIQUE (item_id, number),
    UNIQUE (store_id, code)
);
