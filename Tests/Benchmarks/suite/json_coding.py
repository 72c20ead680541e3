"""Our JSON against Foundation's coders on a page of twenty items."""
import json
import subprocess

from .result import Figure
from .tools import Settings


def coding():
    done = subprocess.run([Settings.binaries / "json-bench", str(Settings.rounds), "100000"], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bench: json-bench failed: {done.stderr[-500:]}")
    seen = json.loads(done.stdout.splitlines()[-1])
    return [
        Figure("write", seen["write_us"], "us"), Figure("write, Foundation", seen["write_reference_us"], "us"),
        Figure("times faster at writing", seen["write_reference_us"] / seen["write_us"], "", ">=", 10),
        Figure("read", seen["read_us"], "us"), Figure("read, Foundation", seen["read_reference_us"], "us"),
        Figure("times faster at reading", seen["read_reference_us"] / seen["read_us"], "", ">=", 10),
        Figure("random values of the same meaning", seen["values_agreed"], "", ">=", 100_000),
    ]


BENCHMARKS = {"json": coding}
