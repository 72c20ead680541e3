-- People. An account is a phone number that proved itself with a one-time code; it is made at the first sign-in.
CREATE TABLE accounts (
    account_id uuid PRIMARY KEY,
    -- 11 digits for mainland China, + and the country code for others; one form a number, so unique means one account.
    phone text NOT NULL CONSTRAINT accounts_phone_unique UNIQUE,
    created_at timestamptz NOT NULL,
    CONSTRAINT accounts_phone_form CHECK (phone ~ '^(1[3-9][0-9]{9}|\+[1-9][0-9]{6,14})$')
);

-- Who works where. Removing the row ends the right at the next request.
CREATE TABLE staff (
    store_id uuid NOT NULL,
    account_id uuid NOT NULL REFERENCES accounts (account_id),
    role text NOT NULL CONSTRAINT staff_role_known CHECK (role IN ('clerk', 'manager')),
    granted_by uuid NOT NULL REFERENCES accounts (account_id),
    granted_at timestamptz NOT NULL,
    PRIMARY KEY (store_id, account_id)
);
CREATE INDEX staff_by_account ON staff (account_id);

-- Every grant and removal, for the audit.
CREATE TABLE staff_changes (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    store_id uuid NOT NULL,
    account_id uuid NOT NULL,
    -- Null: removed.
    role text,
    changed_by uuid NOT NULL,
    changed_at timestamptz NOT NULL
);
