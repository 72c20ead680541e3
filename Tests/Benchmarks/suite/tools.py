"""What the benchmarks measure with: references from the distribution (nginx, pgbench), load by wrk, CPU time of processes.

A benchmark takes turns with its reference in one run, several rounds, and compares medians: machines are shared and
noisy, so a ratio says more than a rate.
"""
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
TICKS = os.sysconf("SC_CLK_TCK")


# Services as they are deployed: tests set them milder, for debug builds.
AS_DEPLOYED = {"QUEUE_WAIT_MAX_MS": ""}


class Settings:
    """What the command line chose, for every benchmark."""
    seconds = 3
    rounds = 5
    binaries = None     # the folder of the release build
    work = None         # a throw-away folder


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds, what):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"bench: not within {seconds} s: {what}")
        time.sleep(0.02)


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def cpu_seconds(pid):
    """User and system time of a process with all its threads, in seconds; exact to a nanosecond where the kernel says."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except (FileNotFoundError, IndexError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / TICKS
    return total / 1e9


def resident_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1))


def wrk(url, connections=64, threads=1, seconds=None, script=None, arguments=()):
    """Runs wrk; returns requests, rate a second, 99th percentile in milliseconds and answers that were not 2xx."""
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds or Settings.seconds}s", "--latency"]
    if script:
        command += ["-s", str(script)]
    output = subprocess.run([*command, url, "--", *map(str, arguments)], capture_output=True, text=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    if not rate:
        raise SystemExit(f"bench: wrk did not finish: {output[-300:]}")
    count = int(re.search(r"(\d+) requests in", output).group(1))
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", output).groups()
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    lost = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    return {"requests": count, "rate": float(rate.group(1)),
            "p99_ms": float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit],
            "refused": int(bad.group(1)) if bad else 0, "lost": sum(map(int, lost.groups())) if lost else 0}


class Program:
    """A program under measurement."""

    def __init__(self, command, ready_url, environment=None):
        self.log = open(Settings.work / f"{pathlib.Path(command[0]).name}-{os.urandom(3).hex()}.log", "wb")
        self.process = subprocess.Popen([str(word) for word in command], stdout=self.log, stderr=self.log,
                                        stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})}, cwd=ROOT)
        wait_until(lambda: self.process.poll() is not None or answers(ready_url), 20, f"{command[0]} answers")
        if self.process.poll() is not None:
            raise SystemExit(f"bench: {command[0]} ended: {pathlib.Path(self.log.name).read_text()[-500:]}")

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Nginx:
    """One worker, no log: `return 200` with two bytes, and as JSON."""

    def __init__(self):
        self.port = free_port()
        folder = pathlib.Path(tempfile.mkdtemp(dir=Settings.work))
        configuration = folder / "nginx.conf"
        configuration.write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
            "events { worker_connections 2048; }\n"
            f"http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}/b;\n"
            f"  proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;\n"
            f"  scgi_temp_path {folder}/s; server {{ listen 127.0.0.1:{self.port} reuseport backlog=4096;\n"
            "    location / { return 200 \"OK\"; } } }\n")
        self.program = Program([shutil.which("nginx") or "/usr/sbin/nginx", "-p", folder, "-c", configuration],
                               f"http://127.0.0.1:{self.port}/")
        self.url = f"http://127.0.0.1:{self.port}/"

    @property
    def worker(self):
        children = pathlib.Path(f"/proc/{self.program.pid}/task/{self.program.pid}/children").read_text().split()
        return int(children[0])

    def stop(self):
        self.program.stop()


class Postgres:
    """A cluster of its own that keeps its word (fsync and synchronous_commit on), for ours and pgbench alike."""

    def __init__(self):
        self.bin = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pg", dir=Settings.work))
        self.port = free_port()
        self.socket = self.folder
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        data = self.folder / "data"
        self.run("initdb", "-D", data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8")
        options = (f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.socket} "
                   "-c max_connections=300 -c shared_buffers=1GB -c max_wal_size=4GB -c checkpoint_timeout=30min "
                   "-c random_page_cost=1.1")
        self.run("pg_ctl", "-D", data, "-w", "-l", self.folder / "log", "-o", options, "start")
        self.data = data

    def run(self, program, *arguments):
        step_down = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.getuid() == 0 else []
        done = subprocess.run([*step_down, self.bin / program, *map(str, arguments)], capture_output=True, text=True,
                              cwd="/", env={**os.environ, "HOME": "/tmp"}) if program != "pg_ctl" else subprocess.run(
            [*step_down, self.bin / program, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
            cwd="/", env={**os.environ, "HOME": "/tmp"})
        if done.returncode != 0:
            raise SystemExit(f"bench: {program} failed: {getattr(done, 'stderr', '') or ''}")
        return done

    def url(self, database):
        return f"postgresql://postgres@/{database}?host={self.socket}&port={self.port}"

    def sql(self, database, statement):
        done = subprocess.run([self.bin / "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c",
                               statement], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"bench: {done.stderr[-500:]}")
        return done.stdout.strip()

    def pgbench(self, database, script, clients, seconds=None):
        """Transactions a second of pgbench with prepared statements."""
        file = self.folder / f"script-{os.urandom(3).hex()}.sql"
        file.write_text(script)
        file.chmod(0o644)
        output = subprocess.run(
            [self.bin / "pgbench", "-n", "-M", "prepared", "-f", file, "-c", str(clients), "-j", "1",
             "-T", str(seconds or Settings.seconds), self.url(database)], capture_output=True, text=True)
        tps = re.search(r"tps = ([\d.]+)", output.stdout)
        if not tps:
            raise SystemExit(f"bench: pgbench failed: {output.stderr[-500:]}")
        return float(tps.group(1))

    def best_of(self, database, script, clients):
        """The best rate over numbers of clients, and which it was: measured once, the rounds then use it."""
        rates = {count: self.pgbench(database, script, count) for count in clients}
        best = max(rates, key=rates.get)
        return best, rates[best]

    def stop(self):
        self.run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def in_turns(ours, reference):
    """Rounds of both, taken in turns; `ours` returns (rate, CPU microseconds a request), `reference` a rate."""
    mine, theirs, cpu = [], [], []
    for _ in range(Settings.rounds):
        theirs.append(reference())
        rate, microseconds = ours()
        mine.append(rate)
        cpu.append(microseconds)
    return statistics.median(mine), statistics.median(theirs), statistics.median(cpu)
