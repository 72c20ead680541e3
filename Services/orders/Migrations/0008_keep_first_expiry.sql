-- When an order would have expired before its deposit moved that: what placing answered, and answers again. Null: it
-- was never moved.
ALTER TABLE orders ADD COLUMN first_expires_at timestamptz;
