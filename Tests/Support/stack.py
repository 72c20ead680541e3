"""The whole of Linli as real processes, for the tests that are written in Python.

A `Stack` makes five databases on the server of LINLI_TEST_POSTGRES, fresh keys, and starts the five executables of
LINLI_BINARIES on free ports. Nothing is shared between two stacks, so tests may run side by side.
"""
import base64
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = ["catalog", "payments-sim", "notifications", "orders", "storefront"]
DATABASES = {"catalog": "catalog", "payments-sim": "payments", "notifications": "notifications",
             "orders": "orders", "storefront": "storefront"}
OPERATOR_PHONE = "13800000000"
READY_SECONDS_MAX = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, seconds, what):
    """Polls `condition` until it is true; an AssertionError names `what` when the time is over."""
    deadline = time.monotonic() + seconds
    pause = 0.01
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        select_pause(pause)
        pause = min(pause * 1.5, 0.2)


def select_pause(seconds):
    # Between two looks at a condition the processor is left to the processes under test.
    import select
    select.select([], [], [], seconds)


class Stack:
    def __init__(self, **environment):
        self.binaries = pathlib.Path(os.environ["LINLI_BINARIES"])
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stack-", dir=os.environ.get("LINLI_WORK")))
        self.ports = {name: free_port() for name in SERVICES}
        self.url = f"http://127.0.0.1:{self.ports['storefront']}"
        self.processes = {}
        self.suffix = secrets.token_hex(4)
        self.extra = environment
        self._make_databases()
        self._make_keys()
        self.environment = self._make_environment()

    # Setting up

    def _server(self, statement):
        subprocess.run(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-d", os.environ["LINLI_TEST_POSTGRES"],
                        "-c", statement], check=True, stdout=subprocess.DEVNULL)

    def _database(self, name):
        return f"stack_{self.suffix}_{DATABASES[name]}"

    def database_url(self, name):
        parts = urllib.parse.urlsplit(os.environ["LINLI_TEST_POSTGRES"])
        return f"postgresql://{parts.netloc}/{self._database(name)}?{parts.query}"

    def query(self, service, statement):
        """Rows of a query on a service's database, as lists of texts."""
        answer = subprocess.run(["psql", "-qAtX", "-F", "\t", "-d", self.database_url(service), "-c", statement],
                                check=True, capture_output=True, text=True).stdout
        return [line.split("\t") for line in answer.splitlines()]

    def _make_databases(self):
        for name in SERVICES:
            self._server(f"CREATE DATABASE {self._database(name)}")

    def _make_keys(self):
        subprocess.run([self.binaries / "payments-sim", "keys", self.folder / "keys",
                        f"http://127.0.0.1:{self.ports['payments-sim']}"], check=True, stdout=subprocess.DEVNULL)

    def _make_environment(self):
        values = {
            "LINLI_ENVIRONMENT": "development",
            "KEY_ENCRYPTION_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "ORDERS_QUOTE_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "OPERATOR_PHONES": OPERATOR_PHONE,
            "STOREFRONT_STATIC_DIR": str(ROOT / "Services/storefront/Static"),
            "PAYMENTS_SIM_CONFIG": str(self.folder / "keys/server.json"),
            "PAYMENTS_SIM_CONTROL": "1",
            # Debug builds on a machine that runs other tests are slow without being overloaded.
            "QUEUE_WAIT_MAX_MS": "5000",
        }
        for name in SERVICES:
            upper = name.removesuffix("-sim").upper()
            values[f"{upper}_URL"] = f"http://127.0.0.1:{self.ports[name]}"
            values[f"{upper}_DATABASE_URL"] = self.database_url(name)
        orders = self.folder / "keys/orders.environment"
        if orders.exists():
            for line in orders.read_text().splitlines():
                name, _, value = line.partition("=")
                values[name] = value.replace("http://127.0.0.1:7002", values["ORDERS_URL"])
        values.update(self.extra)
        (self.folder / "environment").write_text("".join(f"{k}={v}\n" for k, v in values.items()))
        return values

    # Processes

    def start(self, *names):
        for name in names or SERVICES:
            self._spawn(name)
        for name in names or SERVICES:
            wait_for(lambda: self.is_ready(name), READY_SECONDS_MAX, f"{name} is ready; its log ends: {self.log_tail(name)}")
        return self

    def _spawn(self, name, **settings):
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                [self.binaries / name], stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=ROOT,
                env={**os.environ, **self.environment, "PORT": str(self.ports[name]), **settings})

    def run_until_it_dies(self, name, point):
        """Starts `name` so that it kills itself, as kill -9 does, where its work passes `point`, and waits for that."""
        self._spawn(name, CHAOS=point)
        wait_for(lambda: self.processes[name].poll() is not None, READY_SECONDS_MAX, f"{name} dies at {point}")
        assert self.processes[name].returncode == -signal.SIGKILL, f"{name} ended otherwise: {self.log_tail(name)}"

    def is_ready(self, name):
        assert self.processes[name].poll() is None, f"{name} ended at start: {self.log_tail(name)}"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}/readyz", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def log_tail(self, name):
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace")[-1500:] if path.exists() else "(no log)"

    def kill(self, name):
        """kill -9, and waits until the process is gone."""
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait()

    def stop(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for name, process in self.processes.items():
            try:
                process.wait(timeout=40)
            except subprocess.TimeoutExpired:
                process.kill()
        for name in SERVICES:
            self._server(f"DROP DATABASE IF EXISTS {self._database(name)} WITH (FORCE)")
        if not os.environ.get("LINLI_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    # The command line and the API

    def linli(self, *arguments, check=True, timeout=900):
        """Runs the linli command against this stack; returns its standard output."""
        done = subprocess.run([self.binaries / "linli", *map(str, arguments), "--environment", self.folder / "environment"],
                              capture_output=True, text=True, timeout=timeout, cwd=ROOT)
        assert not check or done.returncode == 0, f"linli {arguments[0]}: {done.stderr[-2000:]}"
        return done.stdout

    def linli_json(self, *arguments, **options):
        return json.loads(self.linli(*arguments, "--json", **options).splitlines()[-1])

    def call(self, method, path, body=None, token=None, headers=None, base=None):
        """One request; returns (status, decoded body, headers)."""
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request((base or self.url) + path, data=data, method=method)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        if method == "POST":
            request.add_header("Idempotency-Key", secrets.token_hex(16))
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, _decoded(answer.read()), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, _decoded(error.read()), error.headers

    def sign_in(self, phone):
        """Signs a person in through the public API and the development mailbox; returns the token."""
        status, body, _ = self.call("POST", "/api/v1/sign-in/codes", {"phone": phone})
        assert status in (200, 201, 202, 204), (status, body)
        code = self.one_time_code(phone)
        status, body, _ = self.call("POST", "/api/v1/sign-in", {"phone": phone, "code": code})
        assert status in (200, 201), (status, body)
        return body["token"]

    def one_time_code(self, phone):
        found = {}

        def look():
            _, body, _ = self.call("GET", f"/v1/development/mailbox?phone={phone}",
                                   base=f"http://127.0.0.1:{self.ports['notifications']}")
            items = (body or {}).get("items", [])
            found["code"] = items[0].get("code") if items else None
            return bool(found["code"])

        wait_for(look, 10, f"a one-time code for {phone}")
        return found["code"]


def _decoded(data):
    try:
        return json.loads(data) if data else None
    except ValueError:
        return data


class Checks:
    """Prints one line a check, as deploy/test counts them."""

    def __init__(self):
        self.failed = 0

    def run(self, name, body):
        import traceback
        try:
            body()
            print(f"ok {name}", flush=True)
        except Exception:  # every failure of a check is reported, whatever its kind
            self.failed += 1
            print(f"not ok {name}\n{traceback.format_exc()}", flush=True)

    def exit(self):
        raise SystemExit(1 if self.failed else 0)
