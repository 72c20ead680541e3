-- What people find in their inbox. One event makes at most one message for a person, however often it is delivered.
CREATE TABLE messages (
    id         uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    event_id   uuid NOT NULL,
    kind       text NOT NULL CHECK (char_length(kind) BETWEEN 1 AND 40),
    title_zh   text NOT NULL,
    title_en   text NOT NULL,
    body_zh    text NOT NULL,
    body_en    text NOT NULL,
    order_id   uuid, -- null: not about an order
    store_id   uuid, -- null: not from a store
    created_at timestamptz NOT NULL,
    read_at    timestamptz CHECK (read_at >= created_at), -- null: unread
    UNIQUE (account_id, event_id)
);
-- The identifier is a UUIDv7, so this is also the order in time.
CREATE INDEX messages_of_account ON messages (account_id, id);
CREATE INDEX messages_by_kind ON messages (kind, order_id);

-- What open event streams are told, kept for an hour so that a stream that broke goes on where it was. Identifiers are
-- given under one lock until commit: who has seen n has seen everything below n.
CREATE TABLE live_events (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel    text NOT NULL,
    type       text NOT NULL,
    data       text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX live_events_of_channel ON live_events (channel, id);
CREATE INDEX live_events_by_age ON live_events (created_at);

-- Text messages of development, which nobody sends; the mailbox shows them.
CREATE TABLE text_messages (
    id         uuid PRIMARY KEY,
    phone      text NOT NULL,
    content    text NOT NULL,
    code       text, -- null: carries none
    created_at timestamptz NOT NULL
);
CREATE INDEX text_messages_of_phone ON text_messages (phone, id);
CREATE INDEX text_messages_by_age ON text_messages (created_at);
