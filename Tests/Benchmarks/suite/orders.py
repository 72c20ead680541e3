"""Placing orders through two services and two databases against the same rows in one transaction of one database."""
import json
import os
import re
import statistics
import subprocess
import urllib.error
import urllib.request

from .result import Figure, ratio
from .services import SHOP, type_id
from .tools import AS_DEPLOYED, Postgres, Program, Settings, cpu_seconds, free_port, in_turns

STORE = "00000000-0000-7000-8000-000000000002"
SKU = "('00000000-0000-7000-8000-2' || lpad((:sku{n})::bigint::text, 11, '0'))::uuid"
ORDER = "('00000000-0000-7000-8000-' || lpad(to_hex((:order)::bigint), 12, '0'))::uuid"

MORE_SKUS = """
    INSERT INTO items (id, store_id, category_id, code, name_zh, name_en, description_zh, description_en, picture,
        created_at)
    SELECT ('00000000-0000-7000-8000-1' || lpad(n::text, 11, '0'))::uuid, '00000000-0000-7000-8000-000000000002',
        '00000000-0000-7000-8000-000000000003', 'i' || n, '葱油拌面 ' || n, 'Scallion noodles ' || n, '', '', '', now()
    FROM generate_series(21, 520) AS n;
    INSERT INTO skus (id, store_id, item_id, number, code, name_zh, name_en, price, currency, created_at, updated_at)
    SELECT ('00000000-0000-7000-8000-2' || lpad(n::text, 11, '0'))::uuid, '00000000-0000-7000-8000-000000000002',
        ('00000000-0000-7000-8000-1' || lpad((21 + n % 500)::text, 11, '0'))::uuid, n / 500 + 1, 's' || n, '标准',
        'Standard', 1000 + n % 100, 'CNY', now(), now()
    FROM generate_series(21, 10000) AS n;
    INSERT INTO stock (store_id, sku_id, on_hand, reserved)
    SELECT store_id, id, 100, 0 FROM skus ON CONFLICT DO NOTHING;
    UPDATE stock SET on_hand = 1000000000;
    VACUUM ANALYZE;
"""


def _reference(lines, skus):
    """A transaction with the rows that one order of ours leaves in both databases; `skus` is how many to choose from."""
    choice = "".join(f"\\set sku{n} random(1, {skus})\n" for n in range(lines))
    stock = "".join(f"""
        UPDATE stock SET reserved = reserved + 1
        WHERE store_id = '{STORE}' AND sku_id = {SKU.format(n=n)} AND on_hand - reserved - online_buffer >= 1;
        INSERT INTO stock_ledger (store_id, sku_id, batch, cause, on_hand_delta, reserved_delta, at)
        VALUES ('{STORE}', {SKU.format(n=n)}, 1, 'reserve', 0, 1, now());""" for n in range(lines))
    items = "".join(f"""
        INSERT INTO order_lines (order_id, number, store_id, sku_id, item_id, quantity, unit_price, discount, line_total,
            item_name_zh, item_name_en, sku_name_zh, sku_name_en, note)
        VALUES ({ORDER}, {n + 1}, '{STORE}', {SKU.format(n=n)}, '00000000-0000-7000-8000-100000000001', 1, 1000, 0, 1000,
            '葱油拌面 1', 'Scallion noodles 1', '标准', 'Standard', NULL);""" for n in range(lines))
    text = f"""
        BEGIN;{stock}
        INSERT INTO reservations (order_id, store_id, state, expires_at, sku_ids, quantities, batches)
        VALUES ({ORDER}, '{STORE}', 'held', now() + interval '15 minutes',
            ARRAY[{", ".join(SKU.format(n=n) for n in range(lines))}], ARRAY[{", ".join("1" for _ in range(lines))}],
            ARRAY[1]);
        INSERT INTO orders (id, customer_id, store_id, merchant_id, request_key, request_digest, placed_at, expires_at,
            subtotal, discount_total, total, item_count, currency, store_name_zh, store_name_en, time_zone, trace)
        VALUES ({ORDER}, gen_random_uuid(), '{STORE}', '00000000-0000-7000-8000-000000000001', gen_random_uuid(),
            gen_random_uuid(), now(), now() + interval '15 minutes', {1000 * lines}, 0, {1000 * lines}, {lines}, 'CNY',
            '面馆', 'Noodles', 'Asia/Shanghai', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');{items}
        INSERT INTO outbox (event_id, consumer, type, aggregate, occurred_at, traceparent, data)
        VALUES (gen_random_uuid(), 'notifications', 'order.placed', 'ord_01kasbb2000000000000000000', now(),
            '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
            '{{"order_id": "ord_01kasbb2000000000000000000", "number": "261123-ABCDEFGH", "item_count": {lines},
               "store_id": "sto_01kasbb2000000000000000000", "store_name": {{"zh": "面馆", "en": "Noodles"}},
               "customer_id": "acc_01kasbb2000000000000000000", "total": {{"amount": {1000 * lines}, "currency": "CNY"}},
               "states": {{"payment": "unpaid", "order": "open", "fulfilment": "waiting"}}}}');
        COMMIT;
    """
    statements = [" ".join(statement.split()) + ";" for statement in text.split(";\n") if statement.strip()]
    return choice + "\\set order random(1, 140000000000000)\n" + "\n".join(statements) + "\n"


class Shop:
    """Catalog and orders as real processes, customers, and a database of its own for the reference."""

    def __init__(self):
        self.postgres = Postgres()
        os.environ["LINLI_TEST_POSTGRES"] = self.postgres.url("postgres")
        os.environ["LINLI_BINARIES"] = str(Settings.binaries)
        from stack import Stack
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.buyers = Program([Settings.binaries / "engine-bench", "buyers", "--port", port],
                              f"{self.url}/.well-known/jwks.json")
        self.stack = Stack(STOREFRONT_URL=self.url, ORDERS_UNPAID_MAX="0", LINLI_RATE_LIMIT="off", LOG_LEVEL="warning",
                           **AS_DEPLOYED)
        self.stack.start("catalog", "orders")
        self.pids = [self.stack.processes[name].pid for name in ("catalog", "orders")]
        self.run(self.stack._database("catalog"), SHOP + MORE_SKUS)
        self._make_reference()

    def run(self, database, script):
        for statement in script.split(";\n"):
            if statement.strip():
                self.postgres.sql(database, statement)

    def _make_reference(self):
        """The tables of both services with their indexes in one database, without triggers: bare rows."""
        self.postgres.sql("postgres", "CREATE DATABASE reference")
        dump = self.postgres.bin / "pg_dump"
        for name, options in (("catalog", []), ("orders", ["-t", "orders", "-t", "order_lines"])):
            text = subprocess.run([dump, "--no-owner", *options, self.postgres.url(self.stack._database(name))],
                                  check=True, capture_output=True, text=True).stdout
            text = re.sub(r"^CREATE TRIGGER .*?;$", "", text, flags=re.M | re.S)
            subprocess.run([self.postgres.bin / "psql", "-qAtX", "-v", "ON_ERROR_STOP=1",
                            self.postgres.url("reference")], input=text, check=True, capture_output=True, text=True)
        self.run("reference", "VACUUM ANALYZE;\n")

    def ask(self, path):
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url + path, method="POST"), timeout=300) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise SystemExit(f"bench: {path.split('?')[0]}: {error.read().decode()}") from error

    def prepare(self, count, people, skus, lines):
        store = type_id("sto", 2)
        self.ask(f"/prepare?orders=http://127.0.0.1:{self.stack.ports['orders']}&store={store}&count={count}"
                 f"&people={people}&skus={skus}&lines={lines}")

    def place(self, connections):
        """Places what is prepared; the answer with `rate` and `cpu`, microseconds of both services an order."""
        before = sum(map(cpu_seconds, self.pids))
        result = self.ask(f"/run?orders-port={self.stack.ports['orders']}&connections={connections}")
        result["rate"] = result["answers"] / result["seconds"]
        result["cpu"] = (sum(map(cpu_seconds, self.pids)) - before) / result["answers"] * 1e6
        return result

    def count(self, service, query):
        return int(self.stack.query(service, query)[0][0])

    def stop(self):
        self.stack.stop()
        self.buyers.stop()
        self.postgres.stop()


def order():
    shop = Shop()
    try:
        script = _reference(lines=2, skus=10_000)
        clients, rate = shop.postgres.best_of("reference", script, (16, 64))
        count = int(rate * 2 * Settings.seconds)
        latencies = []

        def ours():
            shop.prepare(count, people=100, skus=10_000, lines=2)
            placed = shop.count("orders", "SELECT count(*) FROM orders")
            result = shop.place(connections=64)
            assert result["statuses"] == {"201": count}, result
            assert shop.count("orders", "SELECT count(*) FROM orders") == placed + count
            latencies.append(result["p99_ms"])
            return result["rate"], result["cpu"]

        ours()
        rate, other, cpu = in_turns(ours, lambda: shop.postgres.pgbench("reference", script, clients))
        held = shop.count("catalog", "SELECT sum(reserved) FROM stock")
        assert held == 2 * shop.count("orders", "SELECT count(*) FROM orders"), "stock and orders do not agree"
        return ratio(rate, other, 1.5, cpu, unit="orders/s") + [
            Figure("99th percentile", statistics.median(latencies), "ms")]
    finally:
        shop.stop()


def flash():
    buyers = 50_000
    shop = Shop()
    try:
        script = _reference(lines=1, skus=1)
        clients, _ = shop.postgres.best_of("reference", script, (1, 16, 64))
        hot = "sku_id = '00000000-0000-7000-8000-200000000001'"
        catalog = shop.stack._database("catalog")
        rates, latencies, figures = {}, [], []
        other = []
        for name, stock in (("1,000 in stock", 1_000), ("unlimited stock", 1_000_000_000)):
            results = []
            for _ in range(max(1, Settings.rounds // 2)):
                other.append(shop.postgres.pgbench("reference", script, clients))
                # Everybody has a quote before the first one buys.
                shop.postgres.sql(catalog, f"UPDATE stock SET on_hand = reserved + {max(stock, buyers)} WHERE {hot}")
                shop.prepare(buyers, people=buyers, skus=1, lines=1)
                shop.postgres.sql(catalog, f"UPDATE stock SET on_hand = reserved + {stock} WHERE {hot}")
                before = shop.count("orders", "SELECT count(*) FROM orders")
                result = shop.place(connections=256)
                sold = shop.count("orders", "SELECT count(*) FROM orders") - before
                assert sold == min(stock, buyers) == result["statuses"]["201"], (sold, result)
                assert result["statuses"].get("409", 0) == buyers - sold, result
                results.append(result)
            rates[name] = statistics.median(result["rate"] for result in results)
            latencies += [result["p99_ms"] for result in results]
            figures += [Figure(f"{name}: buyers", rates[name], "buyers/s"),
                        Figure(f"{name}: sold", sold, "orders"),
                        Figure(f"{name}: 99th percentile", max(latencies), "ms", "<=", 250),
                        Figure(f"{name}: CPU of both services", statistics.median(r["cpu"] for r in results), "us")]
        reference = statistics.median(other)
        return [*figures, Figure("reference", reference, "orders/s"),
                *(Figure(f"{name}: ratio", rates[name] / reference, "", ">=", 20) for name in rates)]
    finally:
        shop.stop()


BENCHMARKS = {"order": order, "flash": flash}
