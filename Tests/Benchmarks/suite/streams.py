"""Ten thousand live pages: what an open event stream costs in memory, and how long one event for each of them takes."""
import json
import select
import socket
import time
import urllib.request

from . import services
from .result import Figure
from .tools import Postgres, resident_kib

STREAMS = 10_000
# Connections that are being opened at once, and events of one delivery, as the relay of an outbox sends them.
OPENING, DELIVERY = 200, 500


class Listener:
    """Ten thousand sockets and one epoll: as little work as a client can have, because it shares the machine."""

    def __init__(self, port):
        self.port, self.poll, self.sockets, self.seen = port, select.epoll(), {}, set()

    def open(self, tokens):
        for first in range(0, len(tokens), OPENING):
            batch = [self._connect(token) for token in tokens[first:first + OPENING]]
            self.hear(b"id: ", {stream.fileno() for stream in batch}, 20)

    def _connect(self, token):
        stream = socket.create_connection(("127.0.0.1", self.port))
        stream.sendall(f"GET /v1/streams/me HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n"
                       f"Authorization: Bearer {token}\r\n\r\n".encode())
        stream.setblocking(False)
        self.sockets[stream.fileno()] = stream
        self.poll.register(stream, select.EPOLLIN)
        return stream

    def hear(self, mark, wanted, seconds):
        """Waits until each wanted stream has received `mark`."""
        missing, until = set(wanted), time.monotonic() + seconds
        while missing:
            assert time.monotonic() < until, f"{len(missing)} streams did not hear {mark}"
            for number, _ in self.poll.poll(0.2, 1_024):
                data = self.sockets[number].recv(65_536)
                assert data, "a stream was ended"
                if mark in data:
                    missing.discard(number)

    def close(self):
        for stream in self.sockets.values():
            stream.close()
        self.poll.close()


def _deliveries(people, new_id):
    """An order of each person is ready, as the orders service tells it."""
    store = new_id("sto")

    def event(customer):
        order = new_id("ord")
        return {"id": new_id("evt"), "type": "order.ready", "aggregate": order, "sequence": 1,
                "occurred_at": "2026-11-23T05:24:06.123456Z", "data": {
                    "order_id": order, "number": "A1", "store_id": store, "store_name": {"zh": "面馆", "en": "Noodles"},
                    "customer_id": customer, "item_count": 1, "lines": [], "total": {"amount": 1000, "currency": "CNY"},
                    "states": {"payment": "paid", "order": "open", "fulfilment": "ready"}}}

    return [json.dumps({"events": [event(person) for person in people[first:first + DELIVERY]]}).encode()
            for first in range(0, len(people), DELIVERY)]


def streams():
    from tokens import Mint, new_id
    postgres = Postgres()
    stack = services._stack(postgres)
    listener = None
    try:
        stack.start()
        pid, port, mint = stack.processes["notifications"].pid, stack.ports["notifications"], Mint(stack)
        people = [new_id("acc") for _ in range(STREAMS)]
        tokens = [mint.person(person) for person in people]
        bodies = _deliveries(people, new_id)
        listener = Listener(port)
        listener.open([mint.person(new_id("acc")) for _ in range(20)])  # what the first streams need once
        strangers, before = set(listener.sockets), resident_kib(pid)
        listener.open(tokens)
        memory = (resident_kib(pid) - before) / STREAMS
        began = time.monotonic()
        for body in bodies:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/events", data=body, headers={
                "Content-Type": "application/json", "Authorization": f"Bearer {mint.service('orders')}"})
            with urllib.request.urlopen(request, timeout=20) as answer:
                assert answer.status == 200, answer.status
        taken = time.monotonic() - began
        listener.hear(b"order.ready", set(listener.sockets) - strangers, 30)
        return [Figure("streams", STREAMS, ""), Figure("memory of a stream", memory, "KiB", "<=", 12),
                Figure("events taken after", taken, "s"),
                Figure("all of them told after", time.monotonic() - began, "s", "<=", 1)]
    finally:
        if listener:
            listener.close()
        stack.stop()
        postgres.stop()


BENCHMARKS = {"streams": streams}
