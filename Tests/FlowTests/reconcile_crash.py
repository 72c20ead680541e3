"""The daily reconciliation, killed at each of its steps: after every death what was done before stays, the next start
goes on from there, and in the end each difference is listed once, healed once, and nothing else moved."""
import json
import pathlib
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Support"))
from main_flow import CUSTOMER_PHONE, OPERATOR_PHONE, Door, make_store, pay_at_cashier  # noqa: E402
from stack import Checks, Stack, wait_for  # noqa: E402

checks = Checks()
PAID_FEN, BACK_FEN = 3200, 700
# More tries than any notification gets.
ALL_TRIES = 100
HANG_SECONDS = 2


class Life:
    """A day with two payments and a refund that orders never heard of."""

    def __init__(self, stack):
        self.stack, self.door = stack, Door(stack.url)
        self.gateway = f"http://127.0.0.1:{stack.ports['payments-sim']}"
        self.operator = self.door.sign_in(OPERATOR_PHONE)
        self.customer = self.door.sign_in(CUSTOMER_PHONE)
        self.store = make_store(self.door, self.operator)
        self.sku = self.door.call("GET", f"/api/v1/stores/{self.store}/items")["items"][0]["skus"][0]["id"]
        self.day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))

    def ask(self, statement):
        return self.stack.query("orders", statement)

    def control(self, path, body):
        request = urllib.request.Request(f"{self.gateway}/_control/{path}", json.dumps(body).encode(), method="POST")
        urllib.request.urlopen(request, timeout=20).close()

    def order(self):
        """An order with a page to pay it on."""
        quote = self.door.call("POST", "/api/v1/quotes", {
            "store_id": self.store, "fulfilment": "pickup", "lines": [{"sku_id": self.sku, "quantity": 2}]},
            self.customer)
        order = self.door.call("POST", "/api/v1/orders", {"quote_token": quote["token"]}, self.customer)["id"]
        payment = self.door.call("POST", f"/api/v1/orders/{order}/payments", {"gateway": "wechat", "channel": "h5"},
                                 self.customer)
        return order, payment

    def see(self, order):
        return self.door.call("GET", f"/api/v1/orders/{order}", token=self.customer)

    def unheard_payment(self):
        order, payment = self.order()
        # Given up here: nobody asks about it any more.
        self.ask("UPDATE payments SET state = 'closed', check_at = 'infinity' WHERE state = 'open'")
        self.control("faults", {"kind": "lose_notification", "count": ALL_TRIES, "match": payment["id"]})
        pay_at_cashier(payment["cashier_url"])
        return order

    def unheard_refund(self):
        order, payment = self.order()
        pay_at_cashier(payment["cashier_url"])
        wait_for(lambda: self.see(order)["states"]["payment"] == "paid", 20, "the order is paid")
        self.control("faults", {"kind": "hang_refund", "count": 1, "match": payment["id"], "seconds": HANG_SECONDS})
        self.control("faults", {"kind": "lose_notification", "count": ALL_TRIES, "match": payment["id"]})
        self.door.call("POST", f"/api/v1/orders/{order}/refunds", {
            "amount": {"amount": BACK_FEN, "currency": "CNY"}, "reason": "少了一份"}, self.operator)
        wait_for(lambda: self.ask("UPDATE refunds SET check_at = 'infinity' WHERE state = 'processing' RETURNING 1"),
                 20, "the gateway has the refund")
        wait_for(lambda: self.stack.query(
            "payments-sim", "SELECT 1 FROM wechat_refunds WHERE status = 'SUCCESS'"), 20, "the gateway has sent it")
        return order

    def prepare(self):
        self.refunded = self.unheard_refund()
        self.paid = [self.unheard_payment() for _ in range(2)]
        self.control("bills/make", {"date": self.day})

    # What is durable

    def facts(self):
        """State of the day, lines of its bill, differences by state, orders that are paid, refunds that are done."""
        return tuple(self.ask("""
            SELECT (SELECT state FROM reconciliations), (SELECT count(*) FROM bill_lines),
                (SELECT count(*) FROM reconciliation_differences WHERE state = 'open'),
                (SELECT count(*) FROM reconciliation_differences WHERE state = 'healed'),
                (SELECT count(*) FROM reconciliation_differences WHERE state = 'resolved'),
                (SELECT count(*) FROM order_story WHERE move = 'paid'),
                (SELECT count(*) FROM order_story WHERE move = 'refunded')""")[0])

    def dies(self, point, expected):
        """One start that ends at `point`, and what is then stored."""
        self.ask("UPDATE reconciliations SET check_at = now()")
        self.stack.run_until_it_dies("orders", point)
        assert self.facts() == expected, (point, self.facts(), expected)

    def dies_while_storing(self):
        """The first death comes when an operator has asked for the day."""
        self.stack.kill("orders")
        self.stack.environment["CHAOS"] = "while-storing-bill"
        self.stack.start("orders")
        del self.stack.environment["CHAOS"]
        self.door.call("POST", "/api/v1/reconciliations", {"gateway": "wechat", "day": self.day}, self.operator)
        wait_for(lambda: self.stack.processes["orders"].poll() is not None, 30, "orders dies at while-storing-bill")
        assert self.facts() == ("waiting", "0", "0", "0", "0", "1", "0"), self.facts()

    def finishes(self):
        self.ask("UPDATE reconciliations SET check_at = now()")
        self.stack.start("orders")
        wait_for(lambda: self.facts()[0] == "compared", 30, f"the day is compared: {self.facts()}")
        assert self.facts() == ("compared", "4", "0", "3", "0", "3", "1"), self.facts()
        path = f"/api/v1/reconciliations/wechat/{self.day}"
        found = self.door.call("GET", path, token=self.operator)
        assert (found["open_differences"], found["healed_differences"]) == (0, 3), found
        assert found["billed"] == found["booked"], found
        assert found["billed"]["paid"]["amount"] == 3 * PAID_FEN, found
        assert found["billed"]["refunded"]["amount"] == BACK_FEN, found
        listed = self.door.call("GET", f"{path}/differences", token=self.operator)["items"]
        assert sorted((entry["entry"], entry["kind"], entry["state"], entry["note"]) for entry in listed) == [
            ("payment", "missing_here", "healed", "payment_applied")] * 2 + [
            ("refund", "missing_here", "healed", "refund_completed")], listed

    def healed_once(self):
        for order in self.paid:
            assert self.see(order)["states"]["payment"] == "paid", self.see(order)
        assert self.see(self.refunded)["states"]["payment"] == "partly_refunded", self.see(self.refunded)
        # One entry of the story and one event a neighbour for each.
        twice = self.ask("SELECT order_id, move FROM order_story WHERE move IN ('paid', 'refunded') "
                         "GROUP BY 1, 2 HAVING count(*) > 1")
        assert twice == [], twice
        events = self.ask("SELECT type, consumer, count(*) FROM outbox WHERE type IN ('order.paid', 'order.refunded') "
                          "GROUP BY 1, 2 ORDER BY 1, 2")
        assert {(kind, who): int(count) for kind, who, count in events} == {
            ("order.paid", "catalog"): 3, ("order.paid", "notifications"): 3,
            ("order.refunded", "notifications"): 1}, events

    def compared_again(self):
        """Another whole run changes nothing."""
        before = self.facts()
        self.ask("WITH again AS (UPDATE reconciliations SET state = 'fetched', check_at = now() RETURNING 1) "
                 "SELECT pg_notify('reconciliations', '') FROM again")
        wait_for(lambda: self.ask("SELECT 1 FROM reconciliations WHERE state = 'compared'"), 30, "compared again")
        assert self.facts() == before, (before, self.facts())

    def verifies(self):
        wait_for(lambda: self.stack.linli_json("verify", check=False)["violations"] == [], 60,
                 f"linli verify finds nothing: {self.stack.linli_json('verify', check=False)['violations'][:5]}")


with Stack() as stack:
    life = Life(stack)
    checks.run("a day has two payments and a refund of which no news came", life.prepare)
    if checks.failed:
        checks.exit()
    # State of the day, lines, differences open, healed and resolved, orders paid, refunds done.
    checks.run("killed while the bill is stored: nothing of it is there", life.dies_while_storing)
    for name, point, expected in [
            ("killed after storing the bill: its lines are there, nothing is compared",
             "after-storing-bill-before-comparing", ("fetched", "4", "0", "0", "0", "1", "0")),
            ("killed after comparing: each difference is listed, nothing is healed",
             "after-comparing-before-healing", ("fetched", "4", "3", "0", "0", "1", "0")),
            ("killed after the gateway's answer: nothing is booked",
             "after-asking-before-booking", ("fetched", "4", "3", "0", "0", "1", "0")),
            ("killed after the first booking: it is marked healed with it",
             "after-booking-a-difference", ("fetched", "4", "2", "1", "0", "2", "0")),
            ("killed after the second booking: the first is not healed again",
             "after-booking-a-difference", ("fetched", "4", "1", "2", "0", "3", "0")),
            ("killed after the last: all are healed, the day is not over",
             "after-healing-before-comparing", ("fetched", "4", "0", "3", "0", "3", "1"))]:
        checks.run(f"reconciliation {name}", lambda: life.dies(point, expected))
    checks.run("the next start ends the day", life.finishes)
    checks.run("each was healed once", life.healed_once)
    checks.run("another run changes nothing", life.compared_again)
    checks.run("verify finds nothing", life.verifies)
checks.exit()
