-- The one live one-time code of a phone number. The code itself is never stored, only its HMAC.
CREATE TABLE sign_in_codes (
    phone text PRIMARY KEY,
    code_mac bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- Wrong tries; at the limit the code is dead and the number is locked.
    tries smallint NOT NULL DEFAULT 0,
    -- Null: not used yet.
    used_at timestamptz,
    -- Null: not locked.
    locked_until timestamptz
);

-- Every request for a code, counted for the limits a phone and an address; swept after a day.
CREATE TABLE sign_in_requests (
    request_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    phone text NOT NULL,
    address text NOT NULL,
    requested_at timestamptz NOT NULL
);
CREATE INDEX sign_in_requests_by_phone ON sign_in_requests (phone, requested_at);
CREATE INDEX sign_in_requests_by_address ON sign_in_requests (address, requested_at);
CREATE INDEX sign_in_requests_by_time ON sign_in_requests (requested_at);

-- Sessions: a browser's cookie or an API token. Only the SHA-256 of the secret is stored.
CREATE TABLE sessions (
    session_id uuid PRIMARY KEY,
    secret_hash bytea NOT NULL CONSTRAINT sessions_secret_unique UNIQUE,
    account_id uuid NOT NULL REFERENCES accounts (account_id),
    -- What the person recognises a device by: "Chrome · Android", or "API".
    device text NOT NULL CONSTRAINT sessions_device_length CHECK (char_length(device) <= 80),
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    -- The absolute end, whatever the use.
    expires_at timestamptz NOT NULL,
    -- Null: not signed out.
    ended_at timestamptz
);
CREATE INDEX sessions_by_account ON sessions (account_id, last_seen_at DESC);
CREATE INDEX sessions_by_end ON sessions (expires_at);
