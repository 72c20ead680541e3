"""Reads through HTTP against the bare SQL in pgbench: an item by its number, the nearest stores among a million."""
import os
import pathlib
import re

from .result import Figure, ratio
from .tools import AS_DEPLOYED, ROOT, Postgres, Program, Settings, cpu_seconds, free_port, in_turns, wrk

HERE = pathlib.Path(__file__).parent
READ = "\\set id random(1, 100000)\nSELECT id, name, price, stock FROM bench_items WHERE id = :id;\n"


def _rate_and_cpu(pid, url, script, connections):
    before = cpu_seconds(pid)
    run = wrk(url, connections=connections, script=script)
    assert run["refused"] == 0 and run["lost"] == 0, run
    return run["rate"], (cpu_seconds(pid) - before) / run["requests"] * 1e6


def read():
    postgres = Postgres()
    port = free_port()
    try:
        postgres.sql("postgres", "CREATE DATABASE bench")
        url = f"http://127.0.0.1:{port}"
        engine = Program([Settings.binaries / "engine-bench", "serve", "--port", port, "--database",
                          postgres.url("bench")], f"{url}/items/1")
        try:
            clients, _ = postgres.best_of("bench", READ, (16, 64))
            rate, other, cpu = in_turns(
                lambda: _rate_and_cpu(engine.pid, url, HERE / "items.lua", 64),
                lambda: postgres.pgbench("bench", READ, clients))
            return ratio(rate, other, 0.70, cpu)
        finally:
            engine.stop()
    finally:
        postgres.stop()


def _nearest_sql():
    """The very statement of the catalog, with pgbench's random place instead of parameters."""
    source = (ROOT / "Services/catalog/App/Stores/StoreListStatements.swift").read_text()
    sql = re.search(r'struct NearestStores: Statement.*?"""\n(.*?)"""', source, re.S).group(1)
    place = ("ARRAY[cos(radians(:lat)) * cos(radians(:lng)), cos(radians(:lat)) * sin(radians(:lng)), "
             "sin(radians(:lat))]")
    values = {"1": place, "2": "-1::float8", "3": "'00000000-0000-0000-0000-000000000000'::uuid",
              "4": "ARRAY['restaurant', 'grocer', 'pet_salon', 'furniture', 'group_leader', 'cafe']", "5": "true",
              "6": "now()", "7": "20"}
    sql = re.sub(r"\$(\d)", lambda found: values[found.group(1)], sql)
    return ("\\set lat random(2200000, 4500000) / 100000.0\n\\set lng random(10000000, 12500000) / 100000.0\n"
            + " ".join(sql.split()) + ";\n")


STORES = """
    INSERT INTO merchants (id, code, name_zh, name_en, kind, created_at)
    VALUES ('00000000-0000-7000-8000-000000000001', 'bench', '基准', 'Bench', 'cafe', now()) ON CONFLICT DO NOTHING;
    INSERT INTO stores (id, merchant_id, number, kind, name_zh, name_en, description_zh, description_en, address, city,
        province, latitude, longitude, source_latitude, source_longitude, datum, time_zone, hours, accepting_orders,
        created_at, updated_at)
    SELECT gen_random_uuid(), '00000000-0000-7000-8000-000000000001', n::text, 'cafe', '店 ' || n, 'Store ' || n, '',
        '', n || ' 号', '基准市', '31', place.latitude, place.longitude, place.latitude, place.longitude, 'WGS-84',
        'Asia/Shanghai', ARRAY[0, 10080], true, now(), now()
    FROM generate_series({first}, {last}) AS n
    CROSS JOIN LATERAL (SELECT 22 + 23 * random() + 0 * n AS latitude, 100 + 25 * random() + 0 * n AS longitude) AS place;
    VACUUM ANALYZE stores;
"""


def nearby():
    postgres = Postgres()
    os.environ["LINLI_TEST_POSTGRES"] = postgres.url("postgres")
    os.environ["LINLI_BINARIES"] = str(Settings.binaries)
    from stack import Stack
    stack = Stack(LINLI_RATE_LIMIT="off", **AS_DEPLOYED)
    try:
        stack.start("catalog")
        pid = stack.processes["catalog"].pid
        database = stack._database("catalog")
        url = f"http://127.0.0.1:{stack.ports['catalog']}"
        reference = _nearest_sql()

        def fill(first, last):
            for statement in STORES.format(first=first, last=last).split(";\n"):
                if statement.strip():
                    postgres.sql(database, statement)

        fill(1, 10_000)
        small, _ = _rate_and_cpu(pid, url, HERE / "nearby.lua", 32)
        fill(10_001, 1_000_000)
        clients, _ = postgres.best_of(database, reference, (16, 64))
        _rate_and_cpu(pid, url, HERE / "nearby.lua", 32)
        rate, other, cpu = in_turns(lambda: _rate_and_cpu(pid, url, HERE / "nearby.lua", 32),
                                    lambda: postgres.pgbench(database, reference, clients))
        return ratio(rate, other, 0.60, cpu) + [
            Figure("10,000 stores", small, "req/s"),
            Figure("slower at 1,000,000 stores", small / rate, "times", "<=", 1.5)]
    finally:
        stack.stop()
        postgres.stop()


BENCHMARKS = {"db-read": read, "nearby": nearby}
