"""Signed prepay calls of WeChat Pay, end to end (request verified, answer signed, row durable), against the signatures
that one core makes by itself."""
import json
import os
import re
import statistics
import subprocess

from .result import Figure, ratio
from .tools import AS_DEPLOYED, Postgres, Settings, cpu_seconds, in_turns

CONNECTIONS = 64


def _signatures():
    """RSA-2048 signatures a second of one core, as openssl measures them."""
    output = subprocess.run(["openssl", "speed", "-seconds", str(Settings.seconds), "rsa2048"], capture_output=True,
                            text=True, check=True).stdout
    found = re.search(r"^rsa +2048 bits +[\d.]+s +[\d.]+s +([\d.]+)", output, re.M)
    if not found:
        raise SystemExit(f"bench: openssl speed said {output[-300:]}")
    return float(found.group(1))


def prepay():
    postgres = Postgres()
    os.environ["LINLI_TEST_POSTGRES"] = postgres.url("postgres")
    os.environ["LINLI_BINARIES"] = str(Settings.binaries)
    from stack import Stack
    stack = Stack(LOG_LEVEL="warning", **AS_DEPLOYED)
    try:
        stack.start("payments-sim")
        pid = stack.processes["payments-sim"].pid
        merchant = json.loads((stack.folder / "keys/server.json").read_text())["wechat"]
        key = (stack.folder / "keys/merchant_key.pem").read_text()
        count = int(_signatures() * Settings.seconds)
        latencies, total = [], 0

        def ours():
            nonlocal total
            before = cpu_seconds(pid)
            done = subprocess.run(
                [Settings.binaries / "engine-bench", "prepays", "--port", str(stack.ports["payments-sim"]), "--key", key,
                 "--merchant", merchant["mchid"], "--app", merchant["appid"], "--serial",
                 merchant["merchant_cert_serial"], "--count", str(count), "--connections", str(CONNECTIONS)],
                capture_output=True, text=True)
            if done.returncode != 0:
                raise SystemExit(f"bench: engine-bench prepays failed: {done.stderr[-500:]}")
            result = json.loads(done.stdout.splitlines()[-1])
            assert result["good"] == result["answers"] == count, result
            total += count
            rows = stack.query("payments-sim", "SELECT count(*) FROM wechat_transactions")
            assert rows == [[str(total)]], (rows, total)
            latencies.append(result["p99_ms"])
            return count / result["seconds"], (cpu_seconds(pid) - before) / count * 1e6

        ours()
        rate, other, cpu = in_turns(ours, _signatures)
        return ratio(rate, other, 0.60, cpu, unit="calls/s") + [
            Figure("99th percentile", statistics.median(latencies), "ms")]
    finally:
        stack.stop()
        postgres.stop()


BENCHMARKS = {"payments": prepay}
