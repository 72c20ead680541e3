-- Double entry: a posting is one operation, its entries sum to zero in each currency, and nothing is ever changed.
-- Accounts are named by what they are: customers, merchant:<number>, fees.
CREATE TABLE ledger_postings (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind      text NOT NULL CHECK (kind IN ('payment', 'refund')),
    reference text NOT NULL CHECK (char_length(reference) BETWEEN 1 AND 200),
    at        timestamptz NOT NULL,
    UNIQUE (kind, reference)
);

CREATE TABLE ledger_entries (
    posting_id bigint NOT NULL REFERENCES ledger_postings (id),
    account    text NOT NULL CHECK (char_length(account) BETWEEN 1 AND 80),
    currency   text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount     bigint NOT NULL CHECK (amount <> 0), -- minor units; what an account is owed grows with positive amounts
    PRIMARY KEY (posting_id, account, currency)
);
CREATE INDEX ledger_entries_by_account ON ledger_entries (account, posting_id);

CREATE FUNCTION refuse_change_of_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the ledger is immutable' USING ERRCODE = 'restrict_violation';
    END
$$;
CREATE TRIGGER ledger_postings_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_postings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_ledger();
CREATE TRIGGER ledger_entries_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_ledger();

-- Checked when the transaction ends, because the entries of a posting come one after another.
CREATE FUNCTION refuse_unbalanced_posting() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM ledger_entries WHERE posting_id = NEW.posting_id GROUP BY currency HAVING sum(amount) <> 0
        ) THEN
            RAISE EXCEPTION 'posting % does not balance', NEW.posting_id USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END
$$;
CREATE CONSTRAINT TRIGGER ledger_entries_balance AFTER INSERT ON ledger_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced_posting();

-- What the gateway keeps of a payment, in fen: 0.6 % rounded half up. Taken and given back by the same function of the
-- amount that stays paid, so that the fees of partial refunds always sum to the fee of the whole.
CREATE FUNCTION fee_of(amount bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT (amount * 60 + 5000) / 10000 $$;

-- The business clock may be moved for rehearsals (retries, expiry); signatures always use real time.
CREATE TABLE business_clock (
    only_row       boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    offset_seconds bigint NOT NULL
);
INSERT INTO business_clock (offset_seconds) VALUES (0);
