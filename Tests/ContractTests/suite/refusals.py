"""Calls that must be refused: nobody's, the wrong person's, and bodies that cannot be read."""
import json
import socket

from calls import PREFIXES, STAFF, Calls
from tokens import new_id

# A body that no operation takes; the largest limit of a service is far below.
OVERSIZED = 1_000_000_000


def run(checks, world, document):
    if document.service == "storefront":
        world.stranger_session = world.stack.sign_in("13900000044")
    calls = Calls(world, document)
    for operation in document.operations:
        if not calls.is_open(operation):
            checks.run(f"{operation} refuses who is not signed in", lambda: refuses_nobody(calls, operation))
        if calls.may_not(operation):
            checks.run(f"{operation} refuses who may not", lambda: refuses_strangers(calls, operation))
        if operation.body_schema is not None and not operation.path.startswith("/_control"):
            checks.run(f"{operation} refuses bodies that cannot be read", lambda: refuses_bad_bodies(calls, operation))
            checks.run(f"{operation} refuses a body that is too large", lambda: refuses_large_body(calls, operation))
        names = [name for name in PREFIXES if "{" + name + "}" in operation.path]
        if names:
            checks.run(f"{operation} knows nothing of other ids",
                       lambda: refuses_other_ids(calls, operation, names[-1]))


def body_for(calls, operation):
    return calls.body(operation) if operation.body_schema is not None else None


def refuses_nobody(calls, operation):
    body = body_for(calls, operation)
    for token in ("none", "not.a.token", calls.world.customer[:-8] + "AAAAAAAA"):
        if calls.is_gateway(operation) and token != "none":
            continue
        status, answer, _ = calls.send(operation, token, body)
        assert status == 401, f"token {token[:20]!r}: {status} {answer}"


def refuses_strangers(calls, operation):
    status, answer, _ = calls.send(operation, calls.may_not(operation), body_for(calls, operation))
    assert status in (403, 404), f"{status} {answer}"


def refuses_other_ids(calls, operation, name):
    values = ["x", "%00", new_id("zzz"), "ord_" + "z" * 26, "a" * 3000]
    # An operator may look into every store; what is asked of one that is not there is an empty answer.
    looks_everywhere = calls.service == "storefront" or operation.spec["operationId"] == "agreeOnSettlementTerms"
    if not (looks_everywhere and name == "store_id" and STAFF.search(operation.path)):
        values.append(new_id(PREFIXES[name]))
    for value in values:
        status, answer, _ = calls.send(operation, calls.may(operation), body_for(calls, operation),
                                       calls.path(operation, **{name: value}))
        idempotent = operation.method in ("PUT", "DELETE") and status in (200, 204)
        unreadable = value == "%00" and status == 400
        assert status in (403, 404, 414) or unreadable or idempotent or name == "sku_id" and status in (400, 422), \
            f"{name} {value[:40]}: {status} {answer}"


def refuses_bad_bodies(calls, operation):
    token, body = calls.may(operation), calls.body(operation)
    for bad in (b'{"', b"", b"nonsense", b"[1,2", b'{"a":1}trailing', b"\xff\xfe", b'{"a":"\xc3"}', b"[" * 900):
        # Where nothing must be said, no body at all is right; a gateway looks for the payment first.
        needed = calls.document.resolve(operation.body_schema).get("required")
        if bad == b"" and (calls.service == "payments-sim" or not needed):
            continue
        status, answer, _ = calls.send(operation, token, bad)
        expect_refused(calls, status, answer, bad)
    for bad in ([], "text", 5, None, True):
        status, answer, _ = calls.send(operation, token, json.dumps(bad).encode())
        expect_refused(calls, status, answer, bad)
    # What only one of a gateway's ways of paying reads is nothing to the others.
    for name in body.keys() - {"payer", "scene_info"}:
        wrong = {**body, name: {"no": "such"} if not isinstance(body[name], dict) else 7}
        status, answer, _ = calls.send(operation, token, wrong)
        expect_refused(calls, status, answer, wrong, pointer="/" + name)
    if not operation.path.endswith("/events") and calls.service != "payments-sim":
        status, answer, _ = calls.send(operation, token, {**body, "surprise": 1})
        expect_refused(calls, status, answer, "a member that nobody knows", pointer="/surprise")
    twice = json.dumps(body)[:-1] + (", " if body else "") + '"twice": 1, "twice": 2}'
    status, answer, _ = calls.send(operation, token, twice.encode())
    if not operation.path.endswith("/events") and calls.service != "payments-sim":
        expect_refused(calls, status, answer, twice)


def expect_refused(calls, status, answer, sent, pointer=None):
    # A gateway's signature is judged before anything else of its message.
    if status == 401 and answer.get("code") == "notification_forged":
        return
    # A gateway that looks for the payment before it reads the rest has refused as well.
    if calls.service == "payments-sim" and status == 404:
        return
    assert status in (400, 422), f"{sent!r:.80} was answered {status}: {answer}"
    if calls.service == "payments-sim":
        return
    assert answer.get("errors"), f"{sent!r:.80}: the problem names no place: {answer}"
    pointers = [error["pointer"] for error in answer["errors"]]
    assert pointer is None or any(p == pointer or p.startswith(pointer + "/") for p in pointers), \
        f"{sent!r:.80}: the problem is at {pointer}, but names {pointers}"


def refuses_large_body(calls, operation):
    """Declared and never sent: a service must say no before it reads a gigabyte."""
    token = calls.may(operation)
    head = [f"{operation.method} {calls.path(operation)} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json",
            "Idempotency-Key: large", f"Content-Length: {OVERSIZED}"]
    head += [f"Authorization: Bearer {token}"] if token else []
    with socket.create_connection(("127.0.0.1", calls.world.stack.ports[calls.service]), timeout=10) as connection:
        connection.sendall("\r\n".join(head + ["", ""]).encode() + b'{"x": "' + b"a" * 4096)
        answer = b""
        while b"\r\n\r\n" not in answer and (data := connection.recv(65536)):
            answer += data
    status = answer.split(b" ", 2)[1:2]
    assert status == [b"413"], f"answered {answer[:300]!r}"
