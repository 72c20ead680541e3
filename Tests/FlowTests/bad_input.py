"""Bad input at the public door, over real processes: each wrong thing is answered with a problem that names the field
or the rule, nothing is half done, and nothing of the inside is in the answer."""
import base64
import hashlib
import hmac
import json
import pathlib
import re
import secrets
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Support"))
from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: E402
from main_flow import make_store, pay_at_cashier  # noqa: E402
from openapi import LEAKS  # noqa: E402
from stack import OPERATOR_PHONE, Checks, Stack, wait_for  # noqa: E402
from tokens import base64url, new_id  # noqa: E402
from wechat import WeChat  # noqa: E402

checks = Checks()
PRICE = 1600
# Wrong pickup codes that a member of staff may enter at a store within 15 minutes.
WRONG_CODES = 5


class Shop:
    """A store with its staff and two customers, at the public door of a stack."""

    def __init__(self, stack):
        self.stack = stack
        self.operator = stack.sign_in(OPERATOR_PHONE)
        self.store = make_store(self, self.operator)
        self.item = self.expect(200, "GET", f"/api/v1/stores/{self.store}/items")["items"][0]
        self.sku = self.item["skus"][0]["id"]
        self.customer = stack.sign_in("13900000001")
        self.other = stack.sign_in("13900000002")

    def call(self, method, path, body=None, token=None, key=None):
        """As the door of the main flow is called."""
        status, answer, _ = self.stack.call(method, path, body, token, {"Idempotency-Key": key} if key else None)
        assert status < 300, f"{method} {path}: {status} {answer}"
        return answer

    def expect(self, status, method, path, body=None, token=None, headers=None, code=None, pointer=None, base=None):
        """One call whose answer must have this status; a problem also this code, naming this place."""
        found, answer, sent = self.stack.call(method, path, body, token, headers, base)
        assert found == status, f"{method} {path}: {found} instead of {status}: {answer}"
        if status < 400:
            return answer
        assert sent["Content-Type"].startswith("application/problem+json"), sent["Content-Type"]
        assert answer["status"] == status and answer["type"] == f"/problems/{answer['code']}", answer
        assert answer["title"] and answer["detail"], answer
        leak = LEAKS.search(json.dumps(answer))
        assert not leak, f"the answer tells {leak.group()!r}: {answer}"
        assert code is None or answer["code"] == code, answer
        pointers = [error["pointer"] for error in answer.get("errors", [])]
        assert pointer is None or pointer in pointers, f"{pointer} is not named: {answer}"
        return answer

    def quote(self, quantity=1, token=None):
        return self.expect(201, "POST", "/api/v1/quotes", {
            "store_id": self.store, "lines": [{"sku_id": self.sku, "quantity": quantity}]}, token or self.customer)

    def place(self, token=None):
        token = token or self.customer
        return self.expect(201, "POST", "/api/v1/orders", {"quote_token": self.quote(token=token)["token"]}, token)

    def paid(self):
        """A paid order, with its payment."""
        order = self.place()
        payment = self.expect(201, "POST", f"/api/v1/orders/{order['id']}/payments",
                              {"gateway": "wechat", "channel": "h5"}, self.customer)
        pay_at_cashier(payment["cashier_url"])
        self.until(order["id"], "payment", "paid")
        return order["id"], payment

    def see(self, order):
        return self.expect(200, "GET", f"/api/v1/orders/{order}", token=self.customer)

    def until(self, order, part, state):
        wait_for(lambda: self.see(order)["states"][part] == state, 20, f"the order's {part} is {state}")

    def available(self):
        return self.expect(200, "GET", f"/api/v1/items/{self.item['id']}")["skus"][0]["available"]

    def counts(self):
        """How much there is of everything that a request could have written."""
        ask = self.stack.query
        return {
            **{table: ask("orders", f"SELECT count(*) FROM {table}")[0][0]
               for table in ("orders", "order_lines", "payments", "refunds", "carts")},
            **{table: ask("catalog", f"SELECT count(*) FROM {table}")[0][0]
               for table in ("stores", "items", "skus", "reservations", "stock_ledger")},
            "levels": ask("catalog", "SELECT sum(on_hand), sum(reserved) FROM stock")[0]}

    def is_settled(self):
        """Whether every event has arrived: what earlier cases did is over."""
        waiting = "SELECT count(*) FROM outbox WHERE delivered_at IS NULL AND dead_at IS NULL"
        return all(self.stack.query(service, waiting) == [["0"]] for service in ("orders", "catalog"))

    def unchanged(self, body):
        """Runs `body`, and compares everything before and after."""
        wait_for(self.is_settled, 20, "all events are delivered")
        before = self.counts()
        body()
        after = self.counts()
        assert after == before, f"something was written: {before} became {after}"


def malformed_json(shop):
    def body():
        for text, code in ((b'{"lines": [', "malformed_json"), (b"", "malformed_json"), (b"{'a': 1}", "malformed_json"),
                           (b'{"store_id": "\xff"}', "malformed_json"), (b"[" * 2000, "invalid_request"),
                           (b'{"store_id": "\\u0000"}', "invalid_request")):
            answer = shop.expect(400, "POST", "/api/v1/quotes", text, shop.customer, code=code)
            assert answer["errors"], answer
    shop.unchanged(body)


def wrong_types(shop):
    line = {"sku_id": shop.sku, "quantity": 1}
    quote = {"store_id": shop.store, "lines": [line]}
    wrong = [({**quote, "store_id": 7}, "/store_id"), ({**quote, "lines": "many"}, "/lines"),
             ({**quote, "lines": [{**line, "quantity": "2"}]}, "/lines/0/quantity"),
             ({**quote, "lines": [line, {**line, "quantity": 1.5}]}, "/lines/1/quantity"),
             ({**quote, "lines": [{**line, "quantity": 0}]}, "/lines/0/quantity"),
             ({**quote, "lines": [{**line, "quantity": 10**30}]}, "/lines/0/quantity"),
             ({**quote, "lines": [{**line, "sku_id": "sku_1"}]}, "/lines/0/sku_id"),
             ({**quote, "lines": [{"quantity": 1}]}, "/lines/0/sku_id"), ({"lines": [line]}, "/store_id")]

    def body():
        for sent, pointer in wrong:
            shop.expect(400, "POST", "/api/v1/quotes", sent, shop.customer, code="invalid_request", pointer=pointer)
        shop.expect(422, "POST", "/api/v1/quotes", {**quote, "lines": [{**line, "sku_id": new_id("sku")}]},
                    shop.customer, code="unknown_sku", pointer="/lines/0/sku_id")
    shop.unchanged(body)


def unknown_fields(shop):
    def body():
        # A price that the customer names, and a misspelt member, must not be passed over in silence.
        for member in ("total", "unit_price", "fullfilment"):
            shop.expect(400, "POST", "/api/v1/quotes", {
                "store_id": shop.store, "lines": [{"sku_id": shop.sku, "quantity": 1}], member: 1}, shop.customer,
                pointer=f"/{member}")
        shop.expect(400, "POST", "/api/v1/quotes", {
            "store_id": shop.store, "lines": [{"sku_id": shop.sku, "quantity": 1, "price": 1}]}, shop.customer,
            pointer="/lines/0/price")
    shop.unchanged(body)


def oversized_bodies(shop):
    def body():
        for path in ("/api/v1/quotes", "/api/v1/orders", "/api/v1/carts", "/api/v1/sign-in/codes"):
            shop.expect(413, "POST", path, b'{"a": "' + b"x" * 400_000 + b'"}', shop.customer, code="content_too_large")
        for declared in (f"Content-Length: {10**12}", "Transfer-Encoding: chunked"):
            status = raw_status(shop.stack.ports["storefront"], declared, shop.customer)
            assert status == b"413", f"{declared}: {status}"
    shop.unchanged(body)


def raw_status(port, framing, token):
    """The status of a body that never ends, or that is only announced."""
    head = (f"POST /api/v1/quotes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Idempotency-Key: endless\r\nAuthorization: Bearer {token}\r\n{framing}\r\n\r\n")
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(head.encode())
        piece = b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n"
        try:
            for _ in range(64 if "chunked" in framing else 0):
                connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # Refused while we were still sending: the answer is there to be read.
        return connection.recv(4096).split(b" ", 2)[1]


def price_changed(shop):
    quote = shop.quote()
    set_price(shop, 1700)

    def body():
        answer = shop.expect(409, "POST", "/api/v1/orders", {"quote_token": quote["token"]}, shop.customer,
                             code="price_changed")
        assert (answer["quoted"]["amount"], answer["current"]["amount"]) == (PRICE, 1700), answer
        assert answer["sku_id"] == shop.sku, answer
    shop.unchanged(body)
    set_price(shop, PRICE)


def set_price(shop, amount):
    price = {"amount": amount, "currency": "CNY"}
    shop.expect(200, "PATCH", f"/api/v1/skus/{shop.sku}", {"price": price}, shop.operator)


def stock_ran_out(shop):
    left = shop.available()
    quote = shop.quote(quantity=left)
    adjust(shop, -1)

    def body():
        answer = shop.expect(409, "POST", "/api/v1/orders", {"quote_token": quote["token"]}, shop.customer,
                             code="out_of_stock")
        assert answer["available"] == left - 1 and answer["sku_id"] == shop.sku, answer
    shop.unchanged(body)
    adjust(shop, 1)


def adjust(shop, delta):
    shop.expect(200, "POST", "/api/v1/stock/adjustments", {
        "store_id": shop.store, "lines": [{"sku_id": shop.sku, "delta": delta, "cause": "counted"}]}, shop.operator)


def others_order(shop):
    order = shop.place()["id"]

    def body():
        calls = [("GET", "", None), ("POST", "/cancel", {}), ("POST", "/payments", {"gateway": "wechat"}),
                 ("POST", "/review", {"rating": 1}), ("POST", "/accept", {})]
        for method, part, sent in calls:
            theirs = shop.expect(404, method, f"/api/v1/orders/{order}{part}", sent, shop.other, code="not_found")
            # Theirs and none must look the same.
            none = shop.expect(404, method, f"/api/v1/orders/{new_id('ord')}{part}", sent, shop.other)
            assert theirs == none, f"{theirs} tells more than {none}"
        assert shop.see(order)["states"]["order"] == "open"
        mine = shop.expect(200, "GET", "/api/v1/orders", token=shop.other)["items"]
        assert order not in [entry["id"] for entry in mine], mine
    shop.unchanged(body)
    shop.expect(422, "POST", "/api/v1/orders", {"quote_token": shop.quote()["token"]}, shop.other, code="invalid_quote",
                pointer="/quote_token")
    shop.expect(200, "POST", f"/api/v1/orders/{order}/cancel", {}, shop.customer)


def signed_again(shop, token, **changes):
    """A quote with other contents, signed as the service signs: time itself cannot be turned from outside."""
    text = token.split(".")[0]
    content = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert set(changes) <= set(content), f"a quote has {list(content)}"
    secret = base64.b64decode(shop.stack.environment["ORDERS_QUOTE_KEY"])
    key = hmac.digest(secret, b"linli quote token 1\x01", hashlib.sha256)
    text = base64url(json.dumps({**content, **changes}).encode())
    return text + "." + base64url(hmac.digest(key, text.encode(), hashlib.sha256))


def expired_quote(shop):
    token = shop.quote()["token"]
    old = signed_again(shop, token, expires="2026-01-01T00:00:00Z")
    content, signature = token.split(".")

    def body():
        shop.expect(409, "POST", "/api/v1/orders", {"quote_token": old}, shop.customer, code="quote_expired")
        # What is changed without the key is no quote at all.
        for forged in (content + "." + signature[::-1], old.split(".")[0] + "." + signature, "a.b", "", content):
            shop.expect(422, "POST", "/api/v1/orders", {"quote_token": forged}, shop.customer, code="invalid_quote",
                        pointer="/quote_token")
    shop.unchanged(body)
    # The helper itself is right: a quote that is signed again and still good is taken.
    fresh = signed_again(shop, token)
    order = shop.expect(201, "POST", "/api/v1/orders", {"quote_token": fresh}, shop.customer)
    shop.expect(200, "POST", f"/api/v1/orders/{order['id']}/cancel", {}, shop.customer)


def reused_key(shop):
    key = {"Idempotency-Key": secrets.token_hex(8)}
    first, second = shop.quote()["token"], shop.quote()["token"]
    order = shop.expect(201, "POST", "/api/v1/orders", {"quote_token": first}, shop.customer, headers=key)

    def body():
        again = shop.expect(201, "POST", "/api/v1/orders", {"quote_token": first}, shop.customer, headers=key)
        assert again == order, f"{again} is not {order}"
        shop.expect(422, "POST", "/api/v1/orders", {"quote_token": second}, shop.customer, headers=key,
                    code="idempotency_key_reused")
        shop.expect(409, "POST", "/api/v1/orders", {"quote_token": first}, shop.customer, code="quote_already_used")
        for bad in ("", "x" * 256, "ü"):
            shop.expect(400, "POST", "/api/v1/orders", {"quote_token": second}, shop.customer,
                        headers={"Idempotency-Key": bad.encode().decode("latin-1")})
    shop.unchanged(body)
    shop.expect(200, "POST", f"/api/v1/orders/{order['id']}/cancel", {}, shop.customer)


def forged_notification(shop):
    wechat, base = WeChat(shop.stack), f"http://127.0.0.1:{shop.stack.ports['orders']}"
    order = shop.place()["id"]
    payment = shop.expect(201, "POST", f"/api/v1/orders/{order}/payments", {"gateway": "wechat", "channel": "native"},
                          shop.customer)
    path, number = "/v1/gateways/wechat/notifications", payment["id"]

    def send(status, message, code):
        body, headers = message
        shop.expect(status, "POST", path, body, headers=headers, base=base, code=code)

    def body():
        stranger = rsa.generate_private_key(65537, 2048)
        truth = wechat.paid(number, PRICE)
        right, headers = wechat.notification(truth)
        send(401, wechat.notification(truth, key=stranger), "notification_forged")
        send(401, wechat.notification(truth, age=600), "notification_forged")
        send(401, (right.replace(b"SUCCESS", b"SUCCES5"), headers), "notification_forged")
        send(401, (right, {**headers, "Wechatpay-Serial": "0" * 40}), "notification_forged")
        send(401, (right, {**headers, "Wechatpay-Signature": "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"]}),
             "notification_forged")
        send(401, (right, {}), "notification_forged")
        # Rightly signed, and about something else than what is owed.
        send(422, wechat.notification(wechat.paid(number, PRICE - 1)), "notification_mismatch")
        send(422, wechat.notification({**truth, "mchid": "1900009999"}), "notification_mismatch")
        send(422, wechat.notification(wechat.paid(new_id("pay"), PRICE)), "notification_mismatch")
        assert shop.see(order)["states"] == {"payment": "unpaid", "order": "open", "fulfilment": "waiting"}
    shop.unchanged(body)
    shop.expect(200, "POST", f"/api/v1/orders/{order}/cancel", {}, shop.customer)


def wrong_pickup_code(shop):
    order, _ = shop.paid()
    for move in ("accept", "prepare", "ready"):
        shop.expect(200, "POST", f"/api/v1/orders/{order}/{move}", {}, shop.operator)
    code = shop.see(order)["pickup_code"]
    wrong = ("1" if code[0] != "1" else "2") + code[1:]
    path, key = f"/api/v1/stores/{shop.store}/collections", secrets.token_hex(8)
    found, answer, _ = shop.stack.call("POST", path, {"code": code}, shop.other)
    assert found in (403, 404), f"who does not work here handed an order over: {found} {answer}"

    def body():
        for _ in range(WRONG_CODES - 1):
            shop.expect(404, "POST", path, {"code": wrong}, shop.operator, code="wrong_pickup_code")
        shop.expect(404, "POST", path, {"code": wrong}, shop.operator, {"Idempotency-Key": key}, "wrong_pickup_code")
        for tried in (wrong, code):
            answer = shop.expect(429, "POST", path, {"code": tried}, shop.operator, code="too_many_requests")
            assert re.search(r"\d+ s", answer["detail"]), answer
        # Also the right code under the key of a wrong one; and whoever is refused is told for how long.
        used = {"Idempotency-Key": key}
        status, answer, sent = shop.stack.call("POST", path, {"code": code}, shop.operator, used)
        assert status == 429 and 1 <= int(sent["Retry-After"]) <= 900, (status, answer, sent["Retry-After"])
        assert shop.see(order)["states"]["fulfilment"] == "ready"
    shop.unchanged(body)
    # The limit is one person's: a colleague still serves the customer.
    shop.expect(201, "POST", "/api/v1/staff", {"store_id": shop.store, "phone": "13900000009", "role": "clerk"},
                shop.operator)
    colleague = shop.stack.sign_in("13900000009")
    shop.expect(200, "POST", path, {"code": code}, colleague)
    shop.until(order, "fulfilment", "collected")
    shop.expect(404, "POST", path, {"code": code}, colleague, code="wrong_pickup_code")


def wrong_sign_in_code(shop):
    phone = "13900000010"
    shop.expect(202, "POST", "/api/v1/sign-in/codes", {"phone": phone})
    code = shop.stack.one_time_code(phone)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(4):
        shop.expect(422, "POST", "/api/v1/sign-in", {"phone": phone, "code": wrong}, code="wrong_code")
    shop.expect(429, "POST", "/api/v1/sign-in", {"phone": phone, "code": wrong}, code="sign_in_locked")
    # The right code comes too late, and looks like a wrong one; another is not sent for a while.
    shop.expect(422, "POST", "/api/v1/sign-in", {"phone": phone, "code": code}, code="wrong_code")
    shop.expect(429, "POST", "/api/v1/sign-in/codes", {"phone": phone})
    shop.expect(422, "POST", "/api/v1/sign-in/codes", {"phone": "12"}, pointer="/phone")


CASES = {
    "malformed JSON is refused and its place named": malformed_json,
    "a wrong type, range or id is refused and its field named": wrong_types,
    "an unknown field is refused and named": unknown_fields,
    "an oversized body is refused, however it is announced": oversized_bodies,
    "a price that changed refuses the order and shows both prices": price_changed,
    "stock that ran out refuses the order and says how many are left": stock_ran_out,
    "someone else's order is not there": others_order,
    "an expired or changed quote places nothing": expired_quote,
    "a reused idempotency key gives the first answer, or a refusal": reused_key,
    "a forged or unfitting payment notification changes nothing": forged_notification,
    "a wrong pickup code hands nothing over, and tries are limited": wrong_pickup_code,
    "a wrong sign-in code opens nothing, and tries are limited": wrong_sign_in_code,
}


def nothing_leaked(stack):
    """No secret of the flow is in a log, and no service failed inside."""
    for name in stack.processes:
        log = (stack.folder / f"{name}.log").read_text(errors="replace")
        assert "Fatal error" not in log, f"{name} crashed: {log[-500:]}"
        assert '"msg":"request failed"' not in log, re.findall(r'.*"msg":"request failed".*', log)[:3]
        for secret in (stack.environment["KEY_ENCRYPTION_KEY"], stack.environment["ORDERS_QUOTE_KEY"], "13900000001"):
            assert secret not in log, f"{name} logs a secret"


if __name__ == "__main__":
    with Stack() as stack:
        shop = Shop(stack)
        for name, case in CASES.items():
            checks.run(name, lambda: case(shop))
        checks.run("nothing failed inside, and the logs tell no secrets", lambda: nothing_leaked(stack))
    checks.exit()
