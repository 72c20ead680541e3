#!/usr/bin/env python3
"""Runs benchmarks by name: bench.py NAME... [--seconds S] [--rounds N] [--json]; without a name, all of them.

deploy/bench installs what they need, builds in release mode and calls this. Ends with 1 when a figure missed its reach.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Support"))

from suite import BENCHMARKS  # noqa: E402
from suite.tools import Settings  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--binaries", default=os.environ.get("LINLI_BINARIES", ".build/release"))
    parser.add_argument("--seconds", type=int, default=3, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=5, help="turns that ours and the reference take")
    parser.add_argument("--json", action="store_true", help="the last line is the results as JSON")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {unknown[0]} (known: {', '.join(BENCHMARKS)})")
    Settings.seconds, Settings.rounds = chosen.seconds, chosen.rounds
    Settings.binaries = pathlib.Path(chosen.binaries).resolve()
    Settings.work = pathlib.Path(tempfile.mkdtemp(prefix="linli-bench-"))
    Settings.work.chmod(0o755)
    results = {}
    try:
        for name in chosen.names or BENCHMARKS:
            print(name, flush=True)
            results[name] = BENCHMARKS[name]()
            for figure in results[name]:
                print(figure.line(), flush=True)
    finally:
        shutil.rmtree(Settings.work, ignore_errors=True)
    missed = [f"{name}: {figure.name}" for name, figures in results.items() for figure in figures if not figure.ok]
    print(f"{len(results)} benchmarks, {len(missed)} figures missed" + "".join(f"\n  {line}" for line in missed))
    if chosen.json:
        print(json.dumps({name: [dataclasses.asdict(figure) | {"ok": figure.ok} for figure in figures]
                          for name, figures in results.items()}))
    return 1 if missed else 0


sys.exit(main())
