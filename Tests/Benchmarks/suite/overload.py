"""Three times as many requests as a service can serve: what it still serves, how fast, and when it is itself again."""
import json
import os
import statistics
import subprocess

from .result import Figure
from .services import SHOP, type_id
from .tools import AS_DEPLOYED, Postgres, Settings, cpu_seconds

CONNECTIONS = 1_000     # the service takes 2,000: a fifth of them for each way into it is plenty


def _cores():
    """Those of the service and its database, and those of the load: apart, so that offering more takes nothing from
    serving. With one core, both share it."""
    cores = sorted(os.sched_getaffinity(0))
    return (set(cores[:-1]), set(cores[-1:])) if len(cores) > 1 else (set(cores), set(cores))


def _storm(port, core, connections, rate):
    paths = ",".join(f"/v1/items/{type_id('itm', 0x1000_0000_0000 | int(str(n), 16))}" for n in range(1, 21))
    done = subprocess.run(
        [Settings.binaries / "engine-bench", "storm", "--port", str(port), "--connections", str(connections),
         "--seconds", str(Settings.seconds), "--rate", str(rate), "--paths", paths],
        capture_output=True, text=True, preexec_fn=lambda: os.sched_setaffinity(0, core))
    if done.returncode != 0:
        raise SystemExit(f"bench: the load ended: {done.stderr[-500:]}")
    return json.loads(done.stdout)


def overload():
    everywhere = os.sched_getaffinity(0)
    serving, loading = _cores()
    os.sched_setaffinity(0, serving)        # PostgreSQL and the service inherit it
    postgres = Postgres()
    os.environ["LINLI_TEST_POSTGRES"] = postgres.url("postgres")
    os.environ["LINLI_BINARIES"] = str(Settings.binaries)
    from stack import Stack
    stack = Stack(LINLI_RATE_LIMIT="off", **AS_DEPLOYED)
    try:
        stack.start("catalog")
        for statement in SHOP.split(";\n"):
            if statement.strip():
                postgres.sql(stack._database("catalog"), statement)
        port, pid = stack.ports["catalog"], stack.processes["catalog"].pid
        clients = max((16, 64, 256), key=lambda count: _storm(port, loading, count, 0)["accepted"])
        peaks, storms = [], []
        for _ in range(Settings.rounds):
            calm = _storm(port, loading, clients, 0)
            assert calm["others"] == 0, calm
            peaks.append(calm | {"rate": calm["accepted"] / calm["seconds"]})
            before = cpu_seconds(pid)
            storm = _storm(port, loading, CONNECTIONS, 3 * peaks[-1]["rate"])
            assert storm["others"] == 0, storm
            storms.append(storm | {"rate": storm["accepted"] / storm["seconds"],
                                   "offered": storm["due"] / storm["seconds"],
                                   "refusals": storm["refused"] / storm["seconds"],
                                   "cpu": cpu_seconds(pid) - before})

        def median(rounds, name):
            return statistics.median(one[name] for one in rounds)

        peak, good = median(peaks, "rate"), median(storms, "rate")
        return [
            Figure(f"peak, {clients} clients", peak, "req/s"),
            Figure("99th percentile at the peak", median(peaks, "accepted_p99_ms"), "ms"),
            Figure("offered", median(storms, "offered"), "req/s"),
            Figure("offered, in peaks", median(storms, "offered") / peak, "", ">=", 2.9),
            Figure("served", good, "req/s"),
            Figure("served, of the peak", statistics.median(
                storm["rate"] / calm["rate"] for storm, calm in zip(storms, peaks)), "", ">=", 0.9),
            Figure("median of what is served", median(storms, "accepted_p50_ms"), "ms"),
            Figure("99th percentile of what is served", median(storms, "accepted_p99_ms"), "ms", "<=", 250),
            Figure("refused with 503", median(storms, "refusals"), "req/s"),
            Figure("99th percentile of refusals", median(storms, "refused_p99_ms"), "ms"),
            Figure("served again after", max(storm["recovery_ms"] for storm in storms), "ms", "<=", 1000),
        ]
    finally:
        stack.stop()
        postgres.stop()
        os.sched_setaffinity(0, everywhere)


BENCHMARKS = {"overload": overload}
