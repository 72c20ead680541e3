"""The services themselves: a shop's page from two of them, and what each costs when idle."""
import os
import statistics
import time
import urllib.request

from .result import Figure
from .tools import AS_DEPLOYED, Postgres, Settings, cpu_seconds, resident_kib, wrk

SHOP = """
    INSERT INTO merchants (id, code, name_zh, name_en, kind, created_at)
    VALUES ('00000000-0000-7000-8000-000000000001', 'bench', '基准', 'Bench', 'restaurant', now());
    INSERT INTO stores (id, merchant_id, number, kind, name_zh, name_en, description_zh, description_en, address, city,
        province, latitude, longitude, source_latitude, source_longitude, datum, time_zone, hours, accepting_orders,
        created_at, updated_at)
    VALUES ('00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-000000000001', '1', 'restaurant', '面馆',
        'Noodles', '', '', '汉口路 1 号', '上海市', '31', 31.2, 121.4, 31.2, 121.4, 'WGS-84', 'Asia/Shanghai',
        ARRAY[0, 10080], true, now(), now());
    INSERT INTO categories (id, store_id, name_zh, name_en, created_at)
    VALUES ('00000000-0000-7000-8000-000000000003', '00000000-0000-7000-8000-000000000002', '面', 'Noodles', now());
    INSERT INTO items (id, store_id, category_id, code, name_zh, name_en, description_zh, description_en, picture,
        created_at)
    SELECT ('00000000-0000-7000-8000-1' || lpad(n::text, 11, '0'))::uuid, '00000000-0000-7000-8000-000000000002',
        '00000000-0000-7000-8000-000000000003', 'i' || n, '葱油拌面 ' || n, 'Scallion noodles ' || n,
        '葱香浓郁，手工细面', 'Hand-made thin noodles with fried scallions', '', now()
    FROM generate_series(1, 20) AS n;
    INSERT INTO skus (id, store_id, item_id, number, code, name_zh, name_en, price, currency, created_at, updated_at)
    SELECT ('00000000-0000-7000-8000-2' || lpad(n::text, 11, '0'))::uuid, '00000000-0000-7000-8000-000000000002',
        ('00000000-0000-7000-8000-1' || lpad(n::text, 11, '0'))::uuid, 1, 's' || n, '标准', 'Standard', 1000 + n, 'CNY',
        now(), now()
    FROM generate_series(1, 20) AS n;
    INSERT INTO stock (store_id, sku_id, on_hand, reserved)
    SELECT store_id, id, 100, 0 FROM skus;
"""


def _stack(postgres):
    os.environ["LINLI_TEST_POSTGRES"] = postgres.url("postgres")
    os.environ["LINLI_BINARIES"] = str(Settings.binaries)
    from stack import Stack
    return Stack(**AS_DEPLOYED)


def page():
    postgres = Postgres()
    stack = _stack(postgres)
    try:
        stack.start("catalog", "storefront")
        for statement in SHOP.split(";\n"):
            if statement.strip():
                postgres.sql(stack._database("catalog"), statement)
        url = f"{stack.url}/stores/{type_id('sto', 2)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            text = answer.read().decode()
        assert all(f"葱油拌面 {n}" in text for n in range(1, 21)), "the page does not show the twenty items"
        pids = [stack.processes[name].pid for name in ("catalog", "storefront")]
        wrk(url, connections=32)
        costs, rates = [], []
        for _ in range(Settings.rounds):
            before = sum(map(cpu_seconds, pids))
            run = wrk(url, connections=32)
            assert run["refused"] == 0 and run["lost"] == 0, run
            costs.append((sum(map(cpu_seconds, pids)) - before) / run["requests"] * 1e6)
            rates.append(run["rate"])
        return [Figure("pages", statistics.median(rates), "req/s"), Figure("size of the page", len(text.encode()), "bytes"),
                Figure("CPU of storefront and catalog", statistics.median(costs), "us/page", "<=", 120)]
    finally:
        stack.stop()
        postgres.stop()


def type_id(prefix, number):
    """The TypeID text of the UUID 00000000-0000-7000-8000-number."""
    value = (0x7000 << 64) | (0x8000 << 48) | number
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    return prefix + "_" + "".join(alphabet[(value >> shift) & 31] for shift in range(125, -1, -5))


def footprint():
    postgres = Postgres()
    stack = _stack(postgres)
    try:
        stack.start()
        figures = []
        for name in stack.processes:
            times = []
            for _ in range(Settings.rounds):
                stack.processes[name].terminate()
                stack.processes[name].wait()
                began = time.monotonic()
                stack.start(name)
                times.append((time.monotonic() - began) * 1000)
            wait = time.monotonic() + 2     # idle: what the start itself needed is given back
            while time.monotonic() < wait:
                time.sleep(0.1)
            figures.append(Figure(f"{name}: start to ready", statistics.median(times), "ms", "<=", 200))
            figures.append(Figure(f"{name}: resident", resident_kib(stack.processes[name].pid) / 1024, "MiB", "<=", 40))
        return figures
    finally:
        stack.stop()
        postgres.stop()


BENCHMARKS = {"page": page, "footprint": footprint}
