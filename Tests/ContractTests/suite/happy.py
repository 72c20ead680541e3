"""Calls that succeed, one at least for every documented operation, each judged by its document on the way."""
import secrets
import time

from forms import FORM, alipay_notification, card_notification
from stack import OPERATOR_PHONE, wait_for
from tokens import new_id
from wechat import WeChat

HOURS = [{"day": day, "periods": [{"opens": "00:00", "closes": "24:00"}]} for day in range(1, 8)]
PLACE = {"latitude": 31.2335, "longitude": 121.4737}
PRICE = {"amount": 1600, "currency": "CNY"}


def merchant(code=None):
    return {"code": code or "m" + secrets.token_hex(4), "name": {"zh": "契约面馆", "en": "Contract Noodles"},
            "kind": "restaurant"}


def store(merchant_id, number=None):
    return {"merchant_id": merchant_id, "number": number or "S" + secrets.token_hex(4),
            "name": {"zh": "契约面馆", "en": "Contract Noodles"}, "address": "黄浦区汉口路 1 号", "city": "上海市",
            "province": "31", "location": PLACE, "time_zone": "Asia/Shanghai", "opening_hours": HOURS,
            "accepting_orders": True}


def item(store_id, stock=1000):
    return {"store_id": store_id, "code": "i" + secrets.token_hex(4), "category": {"zh": "面", "en": "Noodles"},
            "name": {"zh": "葱油拌面", "en": "Scallion noodles"},
            "skus": [{"code": "s" + secrets.token_hex(4), "price": PRICE, "stock": stock}]}


class World:
    """A shop, its people, and what they did: what other calls need the names of."""

    def __init__(self, stack, recorder, mint):
        self.stack, self.recorder, self.mint = stack, recorder, mint
        self.wechat = WeChat(stack)
        self.day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))
        self.operator_id, self.customer_id = new_id("acc"), new_id("acc")
        self.store_id = self.settlement_id = None
        self.fresh_tokens()

    def fresh_tokens(self):
        """Tokens live minutes; a run may take longer."""
        stores = {self.store_id: "manager"} if self.store_id else {}
        self.operator = self.mint.person(self.operator_id, operator=True)
        self.manager = self.mint.person(self.operator_id, stores=stores)
        self.customer = self.mint.person(self.customer_id)
        self.stranger = self.mint.person(new_id("acc"))
        self.services = {name: self.mint.service(name) for name in ("orders", "catalog", "storefront")}

    def ok(self, service, method, path, body=None, token=None, **options):
        status, answer, headers = self.recorder.call(service, method, path, body, token, **options)
        assert status < 400, f"{service}: {method} {path} answered {status}: {answer}"
        return answer

    # The catalog

    def catalog(self):
        made = self.ok("catalog", "POST", "/v1/merchants", merchant(), self.operator)
        self.merchant_id = made["id"]
        self.ok("catalog", "GET", f"/v1/merchants/{self.merchant_id}")
        self.store_id = self.ok("catalog", "POST", "/v1/stores", store(self.merchant_id), self.operator)["id"]
        self.fresh_tokens()
        for query in ("", "?lat=31.23&lng=121.47&limit=5", "?city=上海市&kind=restaurant", "?q=面&open_now=true"):
            assert self.ok("catalog", "GET", "/v1/stores" + query)["items"], query
        path = f"/v1/stores/{self.store_id}"
        _, _, headers = self.recorder.call("catalog", "GET", path)
        status, _, _ = self.recorder.call("catalog", "GET", path, headers={"If-None-Match": headers["ETag"]})
        assert status == 304, status
        noodles = self.ok("catalog", "POST", "/v1/items", item(self.store_id), self.operator)
        self.item_id = noodles["id"]
        self.sku_id = self.ok("catalog", "GET", f"{path}/items")["items"][0]["skus"][0]["id"]
        self.ok("catalog", "GET", f"/v1/items/{self.item_id}")
        self.ok("catalog", "GET", "/v1/cities")
        self.ok("catalog", "PATCH", f"/v1/skus/{self.sku_id}", {"price": PRICE}, self.manager)
        self.ok("catalog", "POST", "/v1/stock/adjustments", {
            "store_id": self.store_id,
            "lines": [{"sku_id": self.sku_id, "delta": 50, "cause": "received"}]}, self.manager)
        self.ok("catalog", "GET", f"{path}/stock", token=self.manager)
        self.ok("catalog", "GET", f"{path}/stock-ledger", token=self.manager)
        self.ok("catalog", "POST", "/v1/imports/stores", {
            "merchant_id": self.merchant_id, "rows": [{
                "line": 2, "number": "100", "name": "人民广场", "address": "1", "city": "上海市", "province": "31",
                "time_zone": "GMT+08:00 Asia/Beijing", "latitude": 31.2, "longitude": 121.4}]}, self.operator)
        orders = self.services["orders"]
        self.ok("catalog", "POST", "/v1/price-checks", {"store_id": self.store_id, "sku_ids": [self.sku_id]}, orders)
        held = new_id("ord")
        self.ok("catalog", "POST", "/v1/reservations", {"reservations": [{
            "order_id": held, "store_id": self.store_id, "expires_at": self.soon(),
            "lines": [{"sku_id": self.sku_id, "quantity": 1, "unit_price": PRICE}]}]}, orders)
        self.ok("catalog", "GET", f"/v1/reservations/{held}", token=orders)
        self.ok("catalog", "POST", "/v1/events", self.events("order.expired", held), orders)

    @staticmethod
    def soon(seconds=600):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))

    def events(self, kind, order_id):
        states = {"payment": "unpaid", "order": "expired", "fulfilment": "waiting"}
        return {"events": [{
            "id": new_id("evt"), "type": kind, "aggregate": order_id, "sequence": 1, "occurred_at": self.soon(0),
            "data": {"order_id": order_id, "number": "T1", "store_id": self.store_id,
                     "store_name": {"zh": "面", "en": "N"}, "customer_id": self.customer_id, "states": states,
                     "total": PRICE, "item_count": 1, "lines": []}}]}

    # Orders, through whichever door: the service itself, or the storefront with a session

    def cart(self, service, prefix, token):
        made = self.ok(service, "POST", f"{prefix}/carts", {"store_id": self.store_id}, token)
        line = f"{prefix}/carts/{made['id']}/lines/{self.sku_id}"
        self.ok(service, "PUT", line, {"quantity": 2, "note": "少油"}, token)
        self.ok(service, "GET", f"{prefix}/carts/{made['id']}", token=token)
        self.ok(service, "DELETE", line, token=token)

    def quote(self, service, prefix, token, quantity=1):
        return self.ok(service, "POST", f"{prefix}/quotes", {
            "store_id": self.store_id, "fulfilment": "pickup",
            "lines": [{"sku_id": self.sku_id, "quantity": quantity, "note": "不要葱"}]}, token)

    def place(self, service, prefix, token):
        quote = self.quote(service, prefix, token)
        return self.ok(service, "POST", f"{prefix}/orders", {"quote_token": quote["token"]}, token)["id"]

    def paid_order(self, service, prefix, token):
        """An order that was paid as a payer does, with the gateway's own notification."""
        order = self.place(service, prefix, token)
        number = self.ok(service, "POST", f"{prefix}/orders/{order}/payments", {
            "gateway": "wechat", "channel": "h5"}, token)["id"]
        self.last_number = number
        self.ok("payments-sim", "POST", "/_control/wechat/pay", {"mchid": self.wechat.mchid, "out_trade_no": number})
        path = f"{prefix}/orders/{order}"
        wait_for(lambda: self.ok(service, "GET", path, token=token)["states"]["payment"] == "paid", 20, "it is paid")
        return order

    def orders(self, service, prefix, customer, manager):
        """All that can happen to orders, from the cart to the review."""
        self.cart(service, prefix, customer)
        self.ok(service, "GET", f"{prefix}/orders", token=customer)
        unpaid = self.place(service, prefix, customer)
        self.ok(service, "POST", f"{prefix}/orders/{unpaid}/cancel", {"reason": "改主意"}, customer)
        order = self.paid_order(service, prefix, customer)
        path, shop = f"{prefix}/orders/{order}", f"{prefix}/stores/{self.store_id}"
        for move in ("accept", "prepare", "ready"):
            self.ok(service, "POST", f"{path}/{move}", {}, manager)
        self.ok(service, "GET", f"{shop}/board", token=manager)
        code = self.ok(service, "GET", path, token=customer)["pickup_code"]
        self.ok(service, "POST", f"{shop}/collections", {"code": code}, manager)
        self.ok(service, "POST", f"{path}/review", {"rating": 5, "text": "好吃"}, customer)
        self.ok(service, "POST", f"{path}/refunds", {
            "amount": {"amount": 100, "currency": "CNY"}, "reason": "少了一份"}, manager)
        self.ok(service, "GET", f"{shop}/figures", token=manager)
        self.ok(service, "GET", f"{prefix}/payment-methods", token=customer)
        self.ok(service, "GET", f"{prefix}/points", token=customer)
        self.counter(service, prefix, customer, manager)
        self.settlements(service, prefix, manager)
        self.reconciliations(service, prefix, manager if prefix.startswith("/api") else self.operator)
        self.completed_id = order
        self.order_id = self.place(service, prefix, customer)
        return order

    def counter(self, service, prefix, customer, manager):
        """Cash at the counter, called off again, and the money handed back."""
        order = self.place(service, prefix, customer)
        path = f"{prefix}/orders/{order}"
        self.ok(service, "GET", f"{prefix}/stores/{self.store_id}/unpaid-orders", token=manager)
        self.ok(service, "POST", f"{path}/deposit", {
            "amount": {"amount": 1, "currency": "CNY"}, "balance_due_at": self.soon(86_400)}, manager)
        self.ok(service, "POST", f"{path}/offline-payments", {"method": "cash"}, manager)
        self.ok(service, "POST", f"{path}/offline-payments", {
            "method": "cash", "tendered": {"amount": 10_000_000, "currency": "CNY"}}, manager)
        self.ok(service, "POST", f"{path}/cancel", {"reason": "改主意"}, customer)
        refund = self.ok(service, "GET", path, token=customer)["refunds"][0]["id"]
        self.refund_id = refund
        self.ok(service, "POST", f"{prefix}/refunds/{refund}/handed-out", {}, manager)

    def settlements(self, service, prefix, manager):
        """Statements are made of days that are over, so the one here is made by hand."""
        operator = manager if service == "storefront" else self.operator
        terms = f"{prefix}/stores/{self.store_id}/settlement-terms"
        self.ok(service, "POST", terms, {"platform_rate_bps": 80}, operator)
        self.ok(service, "GET", terms, token=manager)
        self.ok(service, "POST", f"{prefix}/settlement-runs", {"day": "2026-01-02"}, operator)
        self.stack.query("orders", """
            INSERT INTO settlement_days VALUES ('2026-01-02', now()) ON CONFLICT DO NOTHING;
            INSERT INTO settlements (id, payee_kind, payee_id, day, currency, orders, sales, refunds, commission, taken,
                carried_over, net, state, made_at)
            SELECT uuid_at(now()), 'merchant', merchant_id, '2026-01-02', 'CNY', 1, 1600, 0, 10, 0, 0, 1590, 'open',
                now()
            FROM orders WHERE paid_at IS NOT NULL ORDER BY paid_at DESC LIMIT 1""")
        listed = self.ok(service, "GET", f"{prefix}/settlements?store_id={self.store_id}", token=manager)["items"]
        path = f"{prefix}/settlements/{listed[0]['id']}"
        self.settlement_id = listed[0]["id"]
        self.ok(service, "GET", path, token=manager)
        self.ok(service, "GET", f"{path}/lines", token=manager)
        self.ok(service, "GET", f"{path}/lines.csv", token=manager)
        self.ok(service, "POST", f"{path}/confirm", {}, operator)
        self.ok(service, "POST", f"{path}/payout", {"reference": "B-1"}, operator)

    def reconciliations(self, service, prefix, operator):
        """The gateway's bill of today, which is made before its time, against the orders."""
        self.ok("payments-sim", "POST", "/_control/bills/make", {"date": self.day})
        self.ok(service, "POST", f"{prefix}/reconciliations", {"gateway": "wechat", "day": self.day}, operator)
        day = f"{prefix}/reconciliations/wechat/{self.day}"
        wait_for(lambda: self.ok(service, "GET", day, token=operator)["state"] == "compared", 20, "it is compared")
        self.ok(service, "GET", f"{prefix}/reconciliations?limit=1", token=operator)
        self.ok(service, "GET", f"{day}/differences", token=operator)

    def orders_inside(self):
        self.orders("orders", "/v1", self.customer, self.manager)
        paid = self.paid_order("orders", "/v1", self.customer)
        # The gateway repeats itself: the second notification changes nothing.
        body, headers = self.wechat.notification(self.gateway_view(self.last_number))
        self.ok("orders", "POST", "/v1/gateways/wechat/notifications", body, headers=headers)
        # A trade that began and a card that is asked are news that change nothing.
        self.ok("orders", "POST", "/v1/gateways/alipay/notifications",
                alipay_notification(self.stack, new_id("pay"), "WAIT_BUYER_PAY", "16.00"), headers=FORM)
        self.ok("orders", "POST", "/v1/gateways/card/notifications",
                card_notification(self.stack, new_id("pay"), "05", 1600), headers=FORM)
        self.ok("orders", "POST", "/v1/events", {"events": [{
            "id": new_id("evt"), "type": "stock.commit_failed", "aggregate": paid, "sequence": 1,
            "occurred_at": self.soon(0), "data": {"order_id": new_id("ord"), "store_id": self.store_id}}]},
            self.services["catalog"])
        wait_for(lambda: self.ok("catalog", "GET", f"/v1/stores/{self.store_id}/reviews")["items"], 15,
                 "the review is at the catalog")
        self.ok("catalog", "GET", f"/v1/stores/{self.store_id}/window")

    def gateway_view(self, number):
        target = f"/v3/pay/transactions/out-trade-no/{number}?mchid={self.wechat.mchid}"
        return self.ok("payments-sim", "GET", target,
                       headers={"Authorization": self.wechat.authorization("GET", target)})

    # The other services

    def notifications(self):
        orders = self.services["orders"]
        self.ok("notifications", "POST", "/v1/events", self.events("order.cancelled", new_id("ord")), orders)
        inbox = wait_for_value(lambda: self.ok("notifications", "GET", "/v1/inbox", token=self.customer)["items"])
        self.ok("notifications", "GET", "/v1/inbox?limit=1", token=self.customer)
        self.message_id = inbox[0]["id"]
        self.ok("notifications", "POST", f"/v1/inbox/{self.message_id}/read", {}, self.customer)
        self.ok("notifications", "GET", "/v1/streams/me", token=self.customer)
        self.ok("notifications", "GET", f"/v1/streams/stores/{self.store_id}", token=self.manager)
        self.ok("notifications", "POST", "/v1/messages/sms", {
            "phone": "13900000055", "code": "123456", "language": "zh"}, self.services["storefront"])
        assert self.ok("notifications", "GET", "/v1/development/mailbox?phone=13900000055")["items"]

    def storefront(self):
        door = "storefront"
        for phone in (OPERATOR_PHONE, "13900000001"):
            self.ok(door, "POST", "/api/v1/sign-in/codes", {"phone": phone})
        tokens = [self.ok(door, "POST", "/api/v1/sign-in", {"phone": phone, "code": self.stack.one_time_code(phone)})
                  ["token"] for phone in (OPERATOR_PHONE, "13900000001")]
        self.operator_session, self.customer_session = tokens
        operator, customer = tokens
        self.ok(door, "GET", "/api/v1/me", token=customer)
        shop = self.ok(door, "POST", "/api/v1/stores", store(self.ok(
            door, "POST", "/api/v1/merchants", merchant(), operator)["id"]), operator)
        noodles = self.ok(door, "POST", "/api/v1/items", item(shop["id"]), operator)
        self.store_id, self.item_id, self.merchant_id = shop["id"], noodles["id"], shop["merchant_id"]
        self.sku_id = noodles["skus"][0]["id"]
        path = f"/api/v1/stores/{self.store_id}"
        for public in ("/api/v1/stores?lat=31.2&lng=121.4", path, f"{path}/items", f"{path}/reviews", "/api/v1/cities",
                       f"/api/v1/items/{self.item_id}", f"/api/v1/merchants/{self.merchant_id}"):
            self.ok(door, "GET", public)
        granted = self.ok(door, "POST", "/api/v1/staff", {
            "store_id": self.store_id, "phone": "13900000007", "role": "clerk"}, operator)
        self.ok(door, "GET", f"{path}/staff", token=operator)
        self.ok(door, "DELETE", f"{path}/staff/{granted['account_id']}", token=operator)
        self.ok(door, "PATCH", f"/api/v1/skus/{self.sku_id}", {"price": PRICE}, operator)
        self.ok(door, "POST", "/api/v1/stock/adjustments", {
            "store_id": self.store_id, "lines": [{"sku_id": self.sku_id, "delta": 5, "cause": "counted"}]}, operator)
        for staff in ("stock", "stock-ledger"):
            self.ok(door, "GET", f"{path}/{staff}", token=operator)
        self.ok(door, "POST", "/api/v1/imports/stores", {"merchant_id": self.merchant_id, "rows": [{
            "line": 2, "number": "200", "name": "外滩", "address": "1", "city": "上海市", "province": "31",
            "time_zone": "GMT+08:00 Asia/Beijing", "latitude": 31.2, "longitude": 121.4}]}, operator)
        self.orders(door, "/api/v1", customer, operator)
        inbox = wait_for_value(lambda: self.ok(door, "GET", "/api/v1/inbox", token=customer)["items"])
        self.ok(door, "POST", f"/api/v1/inbox/{inbox[0]['id']}/read", {}, customer)
        self.message_id = inbox[0]["id"]
        self.ok(door, "GET", "/api/v1/streams/me", token=customer)
        self.ok(door, "GET", f"/api/v1/streams/stores/{self.store_id}", token=operator)
        # The session that ends is another one than the rest of the tests needs.
        phone = "13900000008"
        self.ok(door, "POST", "/api/v1/sign-in/codes", {"phone": phone})
        spare = self.ok(door, "POST", "/api/v1/sign-in", {"phone": phone, "code": self.stack.one_time_code(phone)})
        self.ok(door, "POST", "/api/v1/sign-out", token=spare["token"])

    def standard(self, service):
        for path in ("/healthz", "/readyz", "/metrics", "/openapi.yaml", "/.well-known/jwks.json"):
            self.ok(service, "GET", path)
        self.ok(service, "GET", "/problems/not_found")


def wait_for_value(look, seconds=15):
    found = []
    wait_for(lambda: found.append(look()) or found[-1], seconds, "what was written is there")
    return found[-1]
