"""The main flow over HTTP through the public door, as a customer and a shop would do it: find a store, order, pay at the
cashier's page, be served. Needs nothing but Python.

    main_flow.py BASE_URL [--keep FILE]     makes a merchant and plays the flow; FILE keeps the sessions and the order
    main_flow.py BASE_URL --again FILE      sessions and order are still there; plays the flow once more
"""
import html
import json
import pathlib
import re
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

OPERATOR_PHONE = "13800000000"
CUSTOMER_PHONE = "13900000001"


class Door:
    """The public API of one installation."""

    def __init__(self, base):
        self.base = base.rstrip("/")
        self.sessions = {}

    def call(self, method, path, body=None, token=None, key=None, expect=(200, 201, 202, 204)):
        request = urllib.request.Request(self.base + path, method=method,
                                         data=None if body is None else json.dumps(body).encode())
        if body is not None:
            request.add_header("Content-Type", "application/json")
        if method == "POST":
            request.add_header("Idempotency-Key", key or secrets.token_hex(16))
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                status, data = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, data = error.code, error.read()
        assert status in expect, f"{method} {path}: {status} {data[:500]!r}"
        return json.loads(data) if data else None

    def sign_in(self, phone):
        """The person's session; a new one for whoever has none yet."""
        if phone not in self.sessions:
            self.call("POST", "/api/v1/sign-in/codes", {"phone": phone})
            code = wait_for(lambda: self.code(phone), 10, "the one-time code")
            self.sessions[phone] = self.call("POST", "/api/v1/sign-in", {"phone": phone, "code": code})["token"]
        return self.sessions[phone]

    def code(self, phone):
        """The newest code on the development mailbox page."""
        with urllib.request.urlopen(f"{self.base}/development/mailbox?phone={phone}", timeout=20) as page:
            found = re.findall(r"\b(\d{6})\b", re.sub(r"<[^>]+>", " ", page.read().decode()))
        return found[0] if found else None


def wait_for(look, seconds, what):
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        pause(0.1)


def pause(seconds):
    import select
    select.select([], [], [], seconds)


def fetch(url, form=None):
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=20) as page:
        return page.geturl(), page.read().decode()


def pay_at_cashier(url):
    """Opens the cashier's page and presses its pay button, as a person does."""
    address, page = fetch(url)
    for form in re.findall(r"<form\b.*?</form>", page, re.S):
        if not re.search(r'name="?decision"?[^>]*value="?pay\b', form):
            continue
        fields = dict(re.findall(r'<input\b[^>]*\bname="([^"]+)"[^>]*\bvalue="([^"]*)"', form))
        action = re.search(r'action="([^"]*)"', form)
        target = urllib.parse.urljoin(address, html.unescape(action.group(1))) if action else address
        # The way back to the shop is not followed: the order itself says when it is paid.
        fields.pop("redirect_url", None)
        return fetch(target, {**{name: html.unescape(value) for name, value in fields.items()}, "decision": "pay"})
    raise AssertionError(f"no pay button on {address}: {page[-1500:]}")


def make_store(door, operator):
    number = secrets.token_hex(4)
    merchant = door.call("POST", "/api/v1/merchants", {
        "code": f"flow-{number}", "name": {"zh": "流程面馆", "en": "Flow Noodles"}, "kind": "restaurant"}, operator)
    store = door.call("POST", "/api/v1/stores", {
        "merchant_id": merchant["id"], "number": number, "name": {"zh": "流程面馆", "en": "Flow Noodles"},
        "address": "黄浦区汉口路 1 号", "city": "上海市", "province": "31",
        "location": {"latitude": 31.2335, "longitude": 121.4737}, "time_zone": "Asia/Shanghai",
        "opening_hours": [{"day": day, "periods": [{"opens": "00:00", "closes": "24:00"}]} for day in range(1, 8)],
        "accepting_orders": True}, operator)
    door.call("POST", "/api/v1/items", {
        "store_id": store["id"], "code": "noodles", "category": {"zh": "面", "en": "Noodles"},
        "name": {"zh": "葱油拌面", "en": "Scallion noodles"},
        "skus": [{"code": "noodles", "price": {"amount": 1600, "currency": "CNY"}, "stock": 50}]}, operator)
    return store["id"]


def play(door, gateway):
    """One order from the search to the review, and a part of its money back."""
    operator = door.sign_in(OPERATOR_PHONE)
    store = make_store(door, operator)
    customer = door.sign_in(CUSTOMER_PHONE)
    near = door.call("GET", "/api/v1/stores?lat=31.2336&lng=121.4738&limit=5")["items"]
    assert any(found["id"] == store for found in near), near
    item = door.call("GET", f"/api/v1/stores/{store}/items")["items"][0]
    before = item["skus"][0]["available"]
    order = place(door, store, customer)
    payment = door.call("POST", f"/api/v1/orders/{order['id']}/payments", {"gateway": gateway, "channel": "h5"}, customer)
    pay_at_cashier(payment["cashier_url"])

    def see():
        return door.call("GET", f"/api/v1/orders/{order['id']}", token=customer)

    serve(door, store, order["id"], customer, operator)
    after = wait_for(lambda: stock(door, store) == before - 2, 10, "the stock has gone down by two") and before - 2
    door.call("POST", f"/api/v1/orders/{order['id']}/review", {"rating": 5, "text": "好吃"}, customer)
    door.call("POST", f"/api/v1/orders/{order['id']}/refunds", {
        "amount": {"amount": 100, "currency": "CNY"}, "reason": "少了葱"}, operator)
    wait_for(lambda: [refund["state"] for refund in see()["refunds"]] == ["succeeded"], 20, "the refund is done")
    assert see()["states"]["payment"] == "partly_refunded", see()
    return store, order["id"], customer, after


def place(door, store, customer):
    """Two bowls of noodles, 32 yuan."""
    item = door.call("GET", f"/api/v1/stores/{store}/items")["items"][0]
    quote = door.call("POST", "/api/v1/quotes", {
        "store_id": store, "fulfilment": "pickup",
        "lines": [{"sku_id": item["skus"][0]["id"], "quantity": 2}]}, customer)
    assert quote["total"] == {"amount": 3200, "currency": "CNY"}, quote
    return door.call("POST", "/api/v1/orders", {"quote_token": quote["token"]}, customer)


def serve(door, store, order, customer, operator):
    """Waits for the order's money, makes it and hands it over."""
    def see():
        return door.call("GET", f"/api/v1/orders/{order}", token=customer)

    wait_for(lambda: see()["states"]["payment"] == "paid", 20, "the order is paid")
    for move in ("accept", "prepare", "ready"):
        door.call("POST", f"/api/v1/orders/{order}/{move}", {}, operator)
    code = wait_for(lambda: see().get("pickup_code"), 10, "the pickup code")
    door.call("POST", f"/api/v1/stores/{store}/collections", {"code": code}, operator)
    assert see()["states"] == {"payment": "paid", "order": "completed", "fulfilment": "collected"}, see()


def at_the_counter(door, store, customer):
    """An order paid with cash at the till; one paid with the points that orders earned, and money for the rest."""
    operator = door.sign_in(OPERATOR_PHONE)

    def points():
        return door.call("GET", "/api/v1/points", token=customer)["balance"]

    before = points()
    order = place(door, store, customer)["id"]
    waiting = door.call("GET", f"/api/v1/stores/{store}/unpaid-orders", token=operator)["orders"]
    assert order in [found["id"] for found in waiting], waiting
    cash = door.call("POST", f"/api/v1/orders/{order}/offline-payments", {
        "method": "cash", "tendered": {"amount": 5000, "currency": "CNY"}}, operator)
    assert cash["change"] == {"amount": 1800, "currency": "CNY"}, cash
    serve(door, store, order, customer, operator)
    assert points() == before + 32, (before, points())
    order = place(door, store, customer)["id"]
    payments = f"/api/v1/orders/{order}/payments"
    used = door.call("POST", payments, {"gateway": "points", "amount": {"amount": 30, "currency": "CNY"}}, customer)
    assert used["state"] == "paid", used
    rest = door.call("POST", payments, {"gateway": "wechat", "channel": "h5"}, customer)
    assert rest["amount"] == {"amount": 3170, "currency": "CNY"}, rest
    pay_at_cashier(rest["cashier_url"])
    serve(door, store, order, customer, operator)
    assert points() == before + 32 - 30 + 31, (before, points())
    figures = door.call("GET", f"/api/v1/stores/{store}/figures", token=operator)
    assert figures["cash_total"] == {"amount": 3200, "currency": "CNY"}, figures
    return order


def stock(door, store):
    return door.call("GET", f"/api/v1/stores/{store}/items")["items"][0]["skus"][0]["available"]


def main():
    door, options = Door(sys.argv[1]), dict(zip(sys.argv[2::2], sys.argv[3::2]))
    if "--again" in options:
        kept = json.loads(pathlib.Path(options["--again"]).read_text())
        door.sessions = kept["sessions"]
        order = door.call("GET", f"/api/v1/orders/{kept['order']}", token=door.sign_in(CUSTOMER_PHONE))
        assert order["states"]["order"] == "completed", order
    for gateway in ("alipay", "wechat"):
        store, order, customer, left = play(door, gateway)
        print(f"order {order} of store {store} was paid by {gateway} and served; {left} left")
    mixed = at_the_counter(door, store, customer)
    print(f"an order was paid with cash, and order {mixed} with points and by WeChat Pay")
    if "--keep" in options:
        pathlib.Path(options["--keep"]).write_text(json.dumps({"sessions": door.sessions, "order": order}))


if __name__ == "__main__":
    main()
