"""What the flow tests of public payment clients share: a simulator of its own, and an ear for notifications."""
import http.server
import json
import pathlib
import re
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Support"))
from stack import Checks, Stack, wait_for  # noqa: E402,F401


class Ear:
    """Gets the notifications of a gateway and answers each as told."""

    def __init__(self, answer=b"success", status=200):
        self.heard = []
        self.answer, self.status = answer, status
        ear = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                ear.heard.append((dict(self.headers.items()), body))
                self.send_response(ear.status)
                self.send_header("Content-Length", str(len(ear.answer)))
                self.end_headers()
                self.wfile.write(ear.answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/notify"

    def wait(self, count):
        wait_for(lambda: len(self.heard) >= count, 20, f"{count} notifications, there are {len(self.heard)}")
        return self.heard[count - 1]


class Simulator:
    """payments-sim alone, with fresh keys and the control interface."""

    def __init__(self):
        self.stack = Stack()
        self.stack.start("payments-sim")
        self.url = f"http://127.0.0.1:{self.stack.ports['payments-sim']}"
        self.keys = self.stack.folder / "keys"
        self.settings = json.loads((self.keys / "server.json").read_text())

    def key(self, name):
        return (self.keys / name).read_text()

    def control(self, path, body, expect=(200, 204)):
        request = urllib.request.Request(
            f"{self.url}/_control/{path}", json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                status, data = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            status, data = error.code, error.read()
        assert status in expect, (path, status, data)
        return json.loads(data) if data else None

    def ledger(self):
        rows = self.stack.query("payments-sim", "SELECT account, sum(amount) FROM ledger_entries GROUP BY 1")
        return {account: int(amount) for account, amount in rows}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.stop()


def press_pay(url):
    """Opens a cashier's page and presses its pay button, as a person does. Returns where that leads, and the page."""
    with urllib.request.urlopen(url, timeout=20) as page:
        address, text = page.geturl(), page.read().decode()
    assert 'name="decision"' in text, text[:800]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text))
    data = urllib.parse.urlencode({**fields, "decision": "pay"}).encode()
    opener = urllib.request.build_opener(NoRedirect)
    try:
        opener.open(urllib.request.Request(address, data=data), timeout=20)
    except urllib.error.HTTPError as redirect:
        assert redirect.code == 303, (redirect.code, redirect.read())
        return urllib.parse.urljoin(address, redirect.headers["Location"]), text
    raise AssertionError("the cashier did not lead anywhere")


def press_closed(url):
    """Opens the cashier of what is over: there is no button, and what it would send pays nothing."""
    with urllib.request.urlopen(url, timeout=20) as page:
        assert 'name="decision"' not in page.read().decode(), "a closed payment can be paid"
    data = urllib.parse.urlencode({"decision": "pay"}).encode()
    urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=20).close()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def unique(prefix):
    unique.count += 1
    return f"{prefix}{int(time.time())}{unique.count:04d}"


unique.count = 0
