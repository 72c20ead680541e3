"""The real orders of a real restaurant, replayed through the public API: once in peace, and once for each service with
that service killed in the middle. Every run must end with exactly the same figures."""
import json
import pathlib
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Support"))
from stack import ROOT, SERVICES, Checks, Stack, wait_for  # noqa: E402

ORDERS = ROOT / "seeds/data/restaurant-orders.tsv"
STORES = ROOT / "seeds/data/stores-cn.csv"
# The figures of the file itself (see seeds/data/README.md).
ORDER_COUNT, ITEM_COUNT, REVENUE = 1834, 4972, "34500.16"
# How far a run has come when a service is killed.
CRASH_AFTER = 500

checks = Checks()


def expect_figures(report, orders, items=None, revenue=None):
    assert report["orders_completed"] == orders, report
    for name in ("paid", "collected", "notified"):
        assert report[name] == orders, (name, report)
    assert items is None or report["items"] == items, report
    assert revenue is None or report["revenue"] == revenue, report
    assert report["items"] == report["expected_items"] and report["revenue"] == report["expected_revenue"], report


def expect_clean(stack):
    wait_for(lambda: stack.linli_json("verify", check=False)["violations"] == [], 60, "linli verify finds nothing")


def import_stores(stack):
    first = stack.linli_json("import", "stores", STORES)
    assert first["created"] == 2734 and first["rejected"] == [], first
    assert stack.query("catalog", "SELECT count(*) FROM stores WHERE city = '上海市'") == [["542"]]
    second = stack.linli_json("import", "stores", STORES)
    assert second["created"] == 0 and second["unchanged"] == 2734, second


def replay_in_peace():
    with Stack() as stack:
        checks.run("importing the real stores gives 2,734, of them 542 in Shanghai, and again changes nothing",
                   lambda: import_stores(stack))
        report = stack.linli_json("replay", "orders", ORDERS)
        checks.run("replaying the real orders completes 1,834 orders, 4,972 items, 34,500.16",
                   lambda: expect_figures(report, ORDER_COUNT, ITEM_COUNT, REVENUE))
        checks.run("verify finds nothing after the replay", lambda: expect_clean(stack))


def replay_with_crash(victim):
    with Stack() as stack:
        replay = subprocess.Popen(
            [stack.binaries / "linli", "replay", "orders", ORDERS, "--json", "--environment",
             stack.folder / "environment"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        output = {}
        reader = threading.Thread(target=lambda: output.update(zip(("out", "err"), replay.communicate())))
        reader.start()
        collected = "SELECT count(*) FROM orders WHERE fulfilment_state = 'collected'"
        wait_for(lambda: int(stack.query("orders", collected)[0][0]) > CRASH_AFTER, 300, "the replay comes to the crash")
        assert replay.poll() is None, "the replay ended before the crash"
        stack.kill(victim)
        stack.start(victim)
        reader.join(timeout=600)
        assert replay.returncode == 0, output.get("err", "the replay did not end")[-2000:]
        expect_figures(json.loads(output["out"].splitlines()[-1]), ORDER_COUNT, ITEM_COUNT, REVENUE)
        expect_clean(stack)


checks.run("the replay runs", replay_in_peace)
for service in SERVICES:
    checks.run(f"kill -9 of {service} in the middle of all orders changes no figure", lambda: replay_with_crash(service))
checks.exit()
