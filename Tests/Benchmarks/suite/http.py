"""The bare engine with the whole pipeline around it against nginx: plain, JSON out, JSON in and out."""
import pathlib

from . import tools
from .result import ratio
from .tools import Nginx, Program, Settings, cpu_seconds, free_port, in_turns, wrk

ECHO = pathlib.Path(__file__).with_name("echo.lua")


def _compare(path, limit, cpu_limit=None, script=None):
    port = free_port()
    engine = Program([Settings.binaries / "engine-bench", "serve", "--port", port], f"http://127.0.0.1:{port}/plain")
    nginx = Nginx()
    try:
        def ours():
            before = cpu_seconds(engine.pid)
            run = wrk(f"http://127.0.0.1:{port}{path}", script=script)
            assert run["refused"] == 0 and run["lost"] == 0, run
            return run["rate"], (cpu_seconds(engine.pid) - before) / run["requests"] * 1e6

        def reference():
            # The reference answers the same requests: a body is sent to both.
            return wrk(nginx.url, script=script)["rate"]

        ours()
        rate, other, cpu = in_turns(ours, reference)
        return ratio(rate, other, limit, cpu, cpu_limit)
    finally:
        engine.stop()
        nginx.stop()


def plain():
    return _compare("/plain", 0.80, cpu_limit=15)


def json():
    return _compare("/json", 0.75)


def echo():
    return _compare("/echo", 0.60, script=ECHO)


BENCHMARKS = {"http-plain": plain, "http-json": json, "http-echo": echo}
__all__ = ["BENCHMARKS", "tools"]
