-- The order of an inbox is the order in which messages were written. Identifiers tell time to the millisecond only, and
-- one delivery writes several messages of one order at once.
ALTER TABLE messages ADD COLUMN position bigint GENERATED ALWAYS AS IDENTITY;
DROP INDEX messages_of_account;
CREATE INDEX messages_of_account ON messages (account_id, position);
