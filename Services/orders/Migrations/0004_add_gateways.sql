-- Alipay and bank cards beside WeChat Pay.
ALTER TABLE payments DROP CONSTRAINT payments_gateway_check;
ALTER TABLE payments ADD CONSTRAINT payments_gateway_check CHECK (gateway IN ('wechat', 'alipay', 'card'));
ALTER TABLE payments ADD COLUMN cashier_form text; -- null: the browser only goes to the cashier
-- Pages that cannot be closed at their gateway are watched after they were closed here.
CREATE INDEX payments_to_watch ON payments (check_at) WHERE state = 'closed' AND gateway <> 'wechat';
