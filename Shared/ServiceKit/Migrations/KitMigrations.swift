public import Postgres

/// The toolkit's own tables, made in each service's database before the service's migrations run.
public enum KitMigrations {
    /// Numbers from 9001 up are the toolkit's; services number theirs from 0001.
    public static let all: [Migration] = [
        Migration(number: 9001, name: "create_outbox", sql: createOutbox),
        Migration(number: 9002, name: "create_inbox", sql: createInbox),
        Migration(number: 9003, name: "create_idempotency_keys", sql: createIdempotencyKeys),
        Migration(number: 9004, name: "create_signing_keys", sql: createSigningKeys),
    ]

    // One row an event and consumer, so that consumers fail apart. `shard` spreads aggregates over 16 leases; the
    // sequence of two events of one aggregate is their order when both are inserted under the aggregate's row lock.
    // The trigger fires once a statement, however many rows: a batch of 256 orders is one notification.
    private static let createOutbox = """
        CREATE TABLE outbox (
            sequence     bigserial PRIMARY KEY,
            event_id     uuid NOT NULL,
            consumer     text NOT NULL CHECK (char_length(consumer) BETWEEN 1 AND 64),
            type         text NOT NULL CHECK (char_length(type) BETWEEN 1 AND 100),
            aggregate    text NOT NULL CHECK (char_length(aggregate) BETWEEN 1 AND 200),
            shard        integer NOT NULL GENERATED ALWAYS AS ((hashtextextended(aggregate, 0) & 15)::integer) STORED,
            occurred_at  timestamptz NOT NULL,
            traceparent  text,
            data         jsonb NOT NULL,
            attempts     integer NOT NULL DEFAULT 0,
            retry_at     timestamptz NOT NULL DEFAULT 'epoch',
            last_error   text,
            delivered_at timestamptz,
            dead_at      timestamptz
        );
        CREATE INDEX outbox_pending ON outbox (consumer, shard, sequence)
            WHERE delivered_at IS NULL AND dead_at IS NULL;
        CREATE INDEX outbox_dead ON outbox (consumer) WHERE dead_at IS NOT NULL;
        CREATE INDEX outbox_delivered ON outbox (delivered_at) WHERE delivered_at IS NOT NULL;
        CREATE TABLE outbox_shards (
            consumer     text NOT NULL,
            shard        integer NOT NULL CHECK (shard BETWEEN 0 AND 15),
            fence        bigint NOT NULL DEFAULT 0,
            leased_until timestamptz NOT NULL DEFAULT 'epoch',
            retry_at     timestamptz NOT NULL DEFAULT 'epoch',
            failures     integer NOT NULL DEFAULT 0,
            PRIMARY KEY (consumer, shard)
        );
        CREATE FUNCTION outbox_notify() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM pg_notify('outbox', '');
                RETURN NULL;
            END
        $$;
        CREATE TRIGGER outbox_inserted AFTER INSERT ON outbox
            FOR EACH STATEMENT EXECUTE FUNCTION outbox_notify();
        """

    private static let createInbox = """
        CREATE TABLE inbox (
            event_id    uuid PRIMARY KEY,
            source      text NOT NULL,
            type        text NOT NULL,
            received_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        CREATE INDEX inbox_received ON inbox (received_at);
        """

    private static let createIdempotencyKeys = """
        CREATE TABLE idempotency_keys (
            caller      text NOT NULL CHECK (char_length(caller) BETWEEN 1 AND 200),
            key         text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
            fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
            status      integer NOT NULL CHECK (status BETWEEN 200 AND 499),
            headers     text NOT NULL,
            body        bytea NOT NULL,
            created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (caller, key)
        );
        CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
        """

    private static let createSigningKeys = """
        CREATE TABLE signing_keys (
            kid                text PRIMARY KEY CHECK (char_length(kid) BETWEEN 1 AND 64),
            private_key_sealed bytea NOT NULL,
            public_key         bytea NOT NULL,
            created_at         timestamptz NOT NULL,
            active_from        timestamptz NOT NULL
        );
        """
}
