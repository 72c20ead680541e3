"""Thousands of orders, placed and paid at once through the public API, while the gateway misbehaves and two services
die: afterwards every order is right, the gateway's ledger is at zero, and nobody finds anything to reconcile.

    fault_run.py [--orders N] [--seed S]

One payment notification in ten is lost, one delayed, one sent twice; one refund in twenty hangs. Some orders are called
off, some get a part of their money back, some are paid after their time, some at the moment they are called off, some
never. Which order has which fate is drawn from the seed, which is printed.
"""
import argparse
import collections
import http.client
import json
import pathlib
import secrets
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Support"))
from fault_plans import EXPECTED, draw, uuid_of  # noqa: E402
from main_flow import make_store  # noqa: E402
from stack import OPERATOR_PHONE, Checks, Stack, select_pause, wait_for  # noqa: E402
from wechat import WeChat  # noqa: E402

WORKERS = 8
# How long an order waits for its money. It must outlast a dead gateway, or the fates below are not those drawn.
PAYMENT_SECONDS = 75
CAUGHT_UP_SECONDS = 180
# Tries of one step, while a service is gone.
PATIENCE_SECONDS = 60
# An order's later fate comes when its worker has begun so many others.
FATE_BEHIND = 4
DELAY_SECONDS, HANG_SECONDS = 4, 8


class Line:
    """One person's connections. Every step is repeated under its own key until it is answered for good: that is what a
    client does while a service is gone."""

    def __init__(self):
        self.connections = {}

    def send(self, method, url, body=b"", headers=None, final=lambda status: status < 500):
        parts = urllib.parse.urlsplit(url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            seen = None
            try:
                connection = self.connections.get(parts.netloc)
                if connection is None:
                    connection = self.connections[parts.netloc] = http.client.HTTPConnection(parts.netloc, timeout=20)
                connection.request(method, target, body, headers or {})
                answer = connection.getresponse()
                seen, data = answer.status, answer.read()
                if final(seen):
                    return seen, data
            except (OSError, http.client.HTTPException):
                connection = self.connections.pop(parts.netloc, None)
                if connection:
                    connection.close()
            assert time.monotonic() < deadline, f"{method} {url} stays unanswered: {seen}"
            select_pause(0.1)

    def call(self, method, url, body=None, token=None):
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(16)
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = b"" if body is None else json.dumps(body).encode()
        # A key whose first try is still at work answers 409 for a moment.
        status, answer = self.send(method, url, data, headers,
                                   lambda status: status < 500 and not (status == 409 and method == "POST"))
        assert status < 300, f"{method} {url}: {status} {answer[:400]!r}"
        return json.loads(answer) if answer else None


class Gateway:
    """The gateway's misbehaviour. A restart forgets it, so what has not struck yet is told again."""

    def __init__(self, url):
        self.url, self.open, self.lock = url, {}, threading.Lock()

    def add(self, line, kind, number, seconds):
        fault = {"kind": kind, "count": 1, "match": number, "seconds": seconds}
        with self.lock:
            self.open[kind, number] = fault
        self.tell(line, fault)

    def tell(self, line, fault):
        status, answer = line.send("POST", self.url + "/_control/faults", json.dumps(fault).encode(),
                                   {"Content-Type": "application/json"})
        assert status == 204, answer

    def over(self, number, kinds):
        with self.lock:
            for kind in kinds:
                self.open.pop((kind, number), None)

    def remember(self):
        line = Line()
        with self.lock:
            faults = list(self.open.values())
        for fault in faults:
            self.tell(line, fault)


class Run:
    def __init__(self, stack, plans):
        self.stack, self.plans = stack, plans
        self.waiting, self.lock, self.begun = collections.deque(plans), threading.Lock(), 0
        self.failures, self.started = [], time.time()
        self.gateway = Gateway(f"http://127.0.0.1:{stack.ports['payments-sim']}")
        self.operator = stack.sign_in(OPERATOR_PHONE)
        line = Line()
        self.store = make_store(self._door(line), self.operator)
        self.sku = line.call("GET", f"{stack.url}/api/v1/stores/{self.store}/items")["items"][0]["skus"][0]["id"]
        line.call("POST", f"{stack.url}/api/v1/stock/adjustments", {
            "store_id": self.store, "lines": [{"sku_id": self.sku, "delta": 3 * len(plans), "cause": "counted"}]},
            self.operator)
        self.tokens = [stack.sign_in(f"139000001{index:02d}") for index in range(WORKERS)]

    def _door(self, line):
        url = self.stack.url

        class Door:
            def call(self, method, path, body=None, token=None):
                return line.call(method, url + path, body, token)
        return Door()

    # One person

    def work(self, token):
        line, later, behind = Line(), collections.deque(), collections.deque()
        try:
            while True:
                with self.lock:
                    plan = self.waiting.popleft() if self.waiting else None
                if plan is None:
                    break
                self.begin(line, token, plan)
                with self.lock:
                    self.begun += 1
                (later if plan.fate in ("late", "unpaid") else behind).append(plan)
                if len(behind) > FATE_BEHIND:
                    self.end(line, token, behind.popleft())
            for plan in behind:
                self.end(line, token, plan)
            for plan in later:
                self.end_late(line, token, plan)
        except Exception as error:  # told at the end, by the thread that waits for all
            self.failures.append(f"{type(error).__name__}: {error}")

    def begin(self, line, token, plan):
        url = self.stack.url
        quote = line.call("POST", f"{url}/api/v1/quotes", {
            "store_id": self.store, "fulfilment": "pickup",
            "lines": [{"sku_id": self.sku, "quantity": plan.quantity}]}, token)
        order = line.call("POST", f"{url}/api/v1/orders", {"quote_token": quote["token"]}, token)
        plan.order, plan.amount = order["id"], quote["total"]["amount"]
        payment = line.call("POST", f"{url}/api/v1/orders/{plan.order}/payments",
                            {"gateway": "wechat", "channel": "h5"}, token)
        plan.payment, plan.cashier = payment["id"], payment["cashier_url"]
        for kind in plan.faults:
            self.gateway.add(line, kind, plan.payment, HANG_SECONDS if kind == "hang_refund" else DELAY_SECONDS)
        if plan.fate not in ("late", "unpaid"):
            self.pay(line, plan)
        if plan.fate == "raced":
            line.call("POST", f"{url}/api/v1/orders/{plan.order}/cancel", {}, token)
            plan.back = plan.amount

    def pay(self, line, plan):
        """Presses the cashier's button; pressing it twice pays once."""
        status, answer = line.send("POST", plan.cashier, b"decision=pay",
                                   {"Content-Type": "application/x-www-form-urlencoded"})
        assert status == 303, (status, answer[:400])
        plan.is_paid = True
        self.gateway.over(plan.payment, [kind for kind in plan.faults if kind != "hang_refund"])

    def see(self, line, token, plan):
        return line.call("GET", f"{self.stack.url}/api/v1/orders/{plan.order}", token=token)["states"]

    def end(self, line, token, plan):
        if plan.fate not in ("cancelled", "partly"):
            return
        wait_for(lambda: self.see(line, token, plan)["payment"] == "paid", PATIENCE_SECONDS, f"{plan.order} is paid")
        order = f"{self.stack.url}/api/v1/orders/{plan.order}"
        if plan.fate == "cancelled":
            line.call("POST", f"{order}/cancel", {}, token)
            plan.back = plan.amount
        else:
            plan.back = plan.amount // 4
            line.call("POST", f"{order}/refunds", {
                "amount": {"amount": plan.back, "currency": "CNY"}, "reason": "少了一份"}, self.operator)

    def end_late(self, line, token, plan):
        wait_for(lambda: self.see(line, token, plan)["order"] == "expired", PAYMENT_SECONDS + PATIENCE_SECONDS,
                 f"{plan.order} is expired")
        if plan.fate == "late":
            # The gateway was told to close, or is about to be: the person is quicker.
            self.gateway.add(line, "pay_after_close", plan.payment, 0)
            self.pay(line, plan)
            plan.back = plan.amount

    # All of them

    def play(self):
        threads = [threading.Thread(target=self.work, args=[token]) for token in self.tokens]
        for thread in threads:
            thread.start()
        for victim, share in (("payments-sim", 0.35), ("orders", 0.65)):
            wait_for(lambda: self.begun >= share * len(self.plans) or self.failures, 600, f"{share:.0%} have begun")
            self.stack.kill(victim)
            self.stack.start(victim)
            if victim == "payments-sim":
                self.gateway.remember()
        for thread in threads:
            thread.join()
        assert not self.failures, self.failures[:5]

    def catch_up(self):
        # Whatever a worker still has to do is a row in one of these.
        open_work = {
            "orders": "SELECT (SELECT count(*) FROM payments WHERE state IN ('created', 'open'))"
                      " + (SELECT count(*) FROM refunds WHERE state IN ('requested', 'processing'))"
                      " + (SELECT count(*) FROM outbox WHERE delivered_at IS NULL)",
            "catalog": "SELECT count(*) FROM outbox WHERE delivered_at IS NULL",
            "payments-sim": "SELECT (SELECT count(*) FROM notifications WHERE next_at IS NOT NULL)"
                            " + (SELECT count(*) FROM wechat_refunds WHERE status = 'PROCESSING')",
        }
        for service, statement in open_work.items():
            wait_for(lambda: self.stack.query(service, statement) == [["0"]], CAUGHT_UP_SECONDS,
                     f"{service} has caught up: {self.stack.query(service, statement)}")

    def every_order_is_right(self):
        rows = self.stack.query("orders", """
            SELECT p.id, o.payment_state, o.order_state, p.state, p.amount,
                (SELECT coalesce(sum(amount), 0) FROM refunds AS r WHERE r.payment_id = p.id AND r.state = 'succeeded'),
                (SELECT count(*) FROM payments AS q WHERE q.order_id = o.id),
                (SELECT count(*) FROM refunds AS r WHERE r.payment_id = p.id)
            FROM orders AS o JOIN payments AS p ON p.order_id = o.id""")
        orders = {row[0].replace("-", ""): row[1:] for row in rows}
        gateway = {row[0]: row[1:] for row in self.stack.query("payments-sim", """
            SELECT out_trade_no, total, paid_at IS NOT NULL,
                (SELECT coalesce(sum(amount), 0) FROM wechat_refunds AS r
                 WHERE r.mchid = t.mchid AND r.out_trade_no = t.out_trade_no AND r.status = 'SUCCESS')
            FROM wechat_transactions AS t""")}
        assert len(orders) == len(gateway) == len(self.plans), (len(orders), len(gateway), len(self.plans))
        wrong = []
        for plan in self.plans:
            found, at_gateway = orders[uuid_of(plan.payment)], gateway[plan.payment]
            states, (amount, back, payments, refunds) = tuple(found[:3]), map(int, found[3:])
            right = (states in EXPECTED[plan.fate] and amount == plan.amount and back == plan.back and payments == 1
                     and refunds == (1 if plan.back else 0)
                     and at_gateway == [str(plan.amount), "t" if plan.is_paid else "f", str(plan.back)])
            if not right:
                wrong.append((plan, found, at_gateway))
        assert not wrong, f"{len(wrong)} orders are wrong, such as {wrong[:3]}"

    def ledger_is_at_zero(self):
        balances = {account: int(amount) for account, amount in self.stack.query(
            "payments-sim", "SELECT account, sum(amount) FROM ledger_entries GROUP BY 1")}
        assert sum(balances.values()) == 0, balances
        kept = sum(plan.amount - plan.back for plan in self.plans if plan.is_paid)
        assert -balances["customers"] == kept, (balances, kept)
        unbalanced = self.stack.query(
            "payments-sim", "SELECT posting_id FROM ledger_entries GROUP BY 1 HAVING sum(amount) <> 0")
        assert not unbalanced, unbalanced

    def stock_is_right(self):
        sold = sum(plan.quantity for plan in self.plans if plan.fate in ("kept", "partly"))
        on_hand, reserved = map(int, self.stack.query("catalog", "SELECT sum(on_hand), sum(reserved) FROM stock")[0])
        assert (on_hand, reserved) == (50 + 3 * len(self.plans) - sold, 0), (on_hand, reserved, sold)

    def news_were_lost(self):
        """The run was one: notifications did need further tries."""
        again = int(self.stack.query("payments-sim", "SELECT count(*) FROM notifications WHERE attempts > 1")[0][0])
        lost = sum("lose_notification" in plan.faults for plan in self.plans if plan.is_paid)
        assert again >= lost * 0.8, (again, lost)

    def reconciliation_is_empty(self):
        """The gateway's own bill against the orders, payment by payment and refund by refund."""
        billed = collections.Counter()
        for day in {day_in_beijing(self.started), day_in_beijing(time.time())}:
            for row in self.bill(day):
                if row["交易状态"] == "REFUND":
                    billed["refund", uuid_of(row["商户退款单号"]), fen(row["退款金额"])] += 1
                else:
                    billed["payment", uuid_of(row["商户订单号"]), fen(row["订单金额"])] += 1
        rows = self.stack.query(
            "orders", "SELECT 'payment', id, amount FROM payments WHERE state IN ('paid', 'late')"
            " UNION ALL SELECT 'refund', id, amount FROM refunds WHERE state = 'succeeded'")
        booked = collections.Counter((kind, number.replace("-", ""), int(amount)) for kind, number, amount in rows)
        extra, missing = billed - booked, booked - billed
        assert billed and not extra and not missing, f"extra {list(extra)[:3]}, missing {list(missing)[:3]}"

    def orders_reconciled(self):
        """What orders found when it fetched the same bills by itself."""
        line, door = Line(), f"{self.stack.url}/api/v1/reconciliations"
        sums = collections.Counter()
        for day in {day_in_beijing(self.started), day_in_beijing(time.time())}:
            line.call("POST", door, {"gateway": "wechat", "day": day}, self.operator)
            path = f"{door}/wechat/{day}"

            def read():
                return line.call("GET", path, token=self.operator)

            wait_for(lambda: read()["state"] == "compared" or read().get("trouble") == "no_bill_yet",
                     PATIENCE_SECONDS, f"the bill of {day} is compared")
            found = read()
            differences = line.call("GET", f"{path}/differences", token=self.operator)["items"]
            assert found["open_differences"] == 0 and not [d for d in differences if d["state"] == "open"], differences
            assert found["billed"] == found["booked"], found
            for name in ("payments", "refunds"):
                sums[name] += found["billed"][name]
            for name in ("paid", "refunded"):
                sums[name] += found["billed"][name]["amount"]
        paid = [plan for plan in self.plans if plan.is_paid]
        expected = {"payments": len(paid), "paid": sum(plan.amount for plan in paid),
                    "refunds": sum(plan.back > 0 for plan in paid), "refunded": sum(plan.back for plan in paid)}
        assert dict(sums) == expected, (dict(sums), expected)

    def bill(self, day):
        """The rows of a day's bill, asked for as a merchant asks."""
        line, wechat = Line(), WeChat(self.stack)
        made, answer = line.send("POST", f"{self.gateway.url}/_control/bills/make", json.dumps({"date": day}).encode())
        assert made == 200, answer

        def ask(target):
            status, answer = line.send("GET", self.gateway.url + target, headers={
                "Authorization": wechat.authorization("GET", target), "Accept": "application/json"})
            return status, answer

        status, answer = ask(f"/v3/bill/tradebill?bill_date={day}&bill_type=ALL")
        if b"NO_STATEMENT_EXIST" in answer:
            return []
        assert status == 200, answer
        status, content = ask(json.loads(answer)["download_url"].removeprefix(self.gateway.url))
        assert status == 200, content[:300]
        header, *rows = content.decode().splitlines()[:-2]
        return [dict(zip(header.split(","), (value[1:] for value in row.split(",")))) for row in rows]

    def verify(self):
        found = self.stack.linli_json("verify", check=False)
        assert found["violations"] == [], found["violations"][:10]


def fen(yuan):
    return round(float(yuan) * 100)


def day_in_beijing(moment):
    return time.strftime("%Y-%m-%d", time.gmtime(moment + 8 * 3600))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    chosen = parser.parse_args()
    print(f"{chosen.orders} orders, seed {chosen.seed}", flush=True)
    checks = Checks()
    settings = {"LINLI_RATE_LIMIT": "off", "ORDERS_UNPAID_MAX": "0", "ORDERS_PAYMENT_SECONDS": str(PAYMENT_SECONDS),
                "PAYMENTS_SIM_RETRY_PERCENT": "1"}
    with Stack(**settings) as stack:
        run = Run(stack, draw(chosen.orders, chosen.seed))
        started = time.monotonic()
        checks.run(f"fault run: {chosen.orders} orders are placed and paid while services die", run.play)
        print(f"played in {time.monotonic() - started:.0f} s", flush=True)
        if checks.failed:
            for name in ("orders", "payments-sim"):
                print(stack.log_tail(name), flush=True)
            checks.exit()
        checks.run("fault run: the workers catch up", run.catch_up)
        print(f"caught up after {time.monotonic() - started:.0f} s", flush=True)
        for name, check in [
                ("every order is paid once, or refunded exactly", run.every_order_is_right),
                ("the gateway's ledger is at zero", run.ledger_is_at_zero),
                ("the stock is what was sold", run.stock_is_right),
                ("the gateway's bill and the orders agree", run.reconciliation_is_empty),
                ("orders finds no difference in the bills, and the same sums", run.orders_reconciled),
                ("notifications did need further tries", run.news_were_lost),
                ("verify finds nothing", run.verify)]:
            checks.run(f"fault run: {name}", check)
    checks.exit()


if __name__ == "__main__":
    main()
