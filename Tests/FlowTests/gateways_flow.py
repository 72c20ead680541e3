"""An order paid by Alipay and one paid by bank card over real processes: the customer pays at the gateway's own page, the
gateway's notification pays the order, and a part and then the rest go back."""
import json
import pathlib
import re
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Support"))
from main_flow import CUSTOMER_PHONE, OPERATOR_PHONE, Door, fetch, make_store, pay_at_cashier, wait_for  # noqa: E402
from stack import Checks, Stack  # noqa: E402

checks = Checks()
CARD = "6216261000000000018"


def pay_by_card(payment):
    """Sends the form to the card page, as a browser does, and types a number and the code."""
    page, _ = fetch(payment["cashier_url"], payment["cashier_form"])
    _, text = fetch(page, {"decision": "card", "card_number": CARD})
    code = re.search(r"<b>(\d{6})</b>", text).group(1)
    fetch(page, {"decision": "pay", "code": code})


class Life:
    def __init__(self, stack):
        self.stack = stack
        self.door = Door(stack.url)
        self.operator = self.door.sign_in(OPERATOR_PHONE)
        self.store = make_store(self.door, self.operator)
        self.customer = self.door.sign_in(CUSTOMER_PHONE)
        self.sku = self.door.call("GET", f"/api/v1/stores/{self.store}/items")["items"][0]["skus"][0]["id"]

    def offers_all(self):
        offered = self.door.call("GET", "/api/v1/payment-methods")["gateways"]
        assert offered == ["wechat", "alipay", "card"], offered

    def place(self):
        quote = self.door.call("POST", "/api/v1/quotes", {
            "store_id": self.store, "fulfilment": "pickup", "lines": [{"sku_id": self.sku, "quantity": 2}]},
            self.customer)
        return self.door.call("POST", "/api/v1/orders", {"quote_token": quote["token"]}, self.customer)["id"]

    def start(self, order, gateway):
        return self.door.call("POST", f"/api/v1/orders/{order}/payments", {"gateway": gateway, "channel": "h5"},
                              self.customer)

    def state(self, order):
        return self.door.call("GET", f"/api/v1/orders/{order}", token=self.customer)["states"]["payment"]

    def live(self, gateway, pay):
        order = self.place()
        payment = self.start(order, gateway)
        pay(payment)
        wait_for(lambda: self.state(order) == "paid", 20, f"the order is paid by {gateway}")
        for fen, state in ((700, "partly_refunded"), (2500, "refunded")):
            self.door.call("POST", f"/api/v1/orders/{order}/refunds", {
                "amount": {"amount": fen, "currency": "CNY"}, "reason": "少了一份"}, self.operator)
            wait_for(lambda: self.state(order) == state, 30, f"{fen} fen went back by {gateway}")

    def changes(self):
        """The customer chooses a card after all: only one of the two payments stays."""
        order = self.place()
        first = self.start(order, "alipay")
        second = self.start(order, "card")
        pay_by_card(second)
        wait_for(lambda: self.state(order) == "paid", 20, "the order is paid by card")
        pay_at_cashier(first["cashier_url"])

        def late():
            read = self.door.call("GET", f"/api/v1/orders/{order}", token=self.customer)
            return {payment["gateway"]: payment["state"] for payment in read["payments"]} == {
                "alipay": "late", "card": "paid"} and [refund["state"] for refund in read["refunds"]] == ["succeeded"]

        wait_for(late, 30, "the second payment went back by itself")

    def reconciles(self, gateway, payments, refunds):
        """The gateway's own bill of today, made before its time, against the orders."""
        day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))
        control = f"http://127.0.0.1:{self.stack.ports['payments-sim']}/_control/bills/make"
        urllib.request.urlopen(urllib.request.Request(control, json.dumps({"date": day}).encode(), method="POST"))
        self.door.call("POST", "/api/v1/reconciliations", {"gateway": gateway, "day": day}, self.operator)
        path = f"/api/v1/reconciliations/{gateway}/{day}"
        wait_for(lambda: self.door.call("GET", path, token=self.operator)["state"] == "compared", 30,
                 f"the bill of {gateway} is compared")
        found = self.door.call("GET", path, token=self.operator)
        differences = self.door.call("GET", f"{path}/differences", token=self.operator)["items"]
        assert differences == [] and found["open_differences"] == 0, differences
        assert found["billed"] == found["booked"], found
        assert (found["billed"]["payments"], found["billed"]["refunds"]) == (payments, refunds), found

    def verifies(self):
        wait_for(lambda: self.stack.linli_json("verify", check=False)["violations"] == [], 60,
                 "linli verify finds nothing")


with Stack() as stack:
    life = Life(stack)
    checks.run("every gateway is offered", life.offers_all)
    checks.run("an order is paid by Alipay; a part and the rest go back",
               lambda: life.live("alipay", lambda payment: pay_at_cashier(payment["cashier_url"])))
    checks.run("an order is paid by bank card; a part and the rest go back", lambda: life.live("card", pay_by_card))
    checks.run("who pays by both gets the second back", life.changes)
    checks.run("Alipay's bill and the orders agree", lambda: life.reconciles("alipay", 2, 3))
    checks.run("the card file and the orders agree", lambda: life.reconciles("card", 2, 2))
    checks.run("verify finds nothing, bills included", life.verifies)
checks.exit()
