"""Requests made up from the documents: right ones, wrong ones, hostile ones. No answer may be an error of the service,
and each must be a documented one. The seed makes a run the same again."""
import json
import random
import string
import time
import urllib.parse

from calls import PREFIXES, Calls
from tokens import ALPHABET

TEXTS = ["", " ", "\u0000", "' OR 1=1 --", "<script>alert(1)</script>", "😀" * 60, "a" * 5000, "../../etc/passwd",
         "\ud800", "\u202e\u200f", "٣", "null", "%s%n", "{{7*7}}", "\r\nX: y", "龘" * 300, "\\", "1e999", "-0", "Ａ"]
NUMBERS = [0, -1, 1, 2, 999, 1000, 2**31, -2**31, 2**53 + 1, 2**63 - 1, 2**63, -2**63, 10**40, 0.5, -1.5, 1e308, 5e-324]
# What would end the session of the other requests, or turn the clock of the gateway.
LEFT_OUT = ("signOut", "grantRole", "removeRole")


class Maker:
    def __init__(self, document, ids, rng):
        self.document, self.ids, self.rng = document, ids, rng

    def value(self, schema, depth=0):
        """A value of the schema, mostly; a hostile one now and then."""
        rng, schema = self.rng, self.document.resolve(schema)
        if rng.random() < 0.06:
            return rng.choice([None, True, [], {}, *TEXTS, *NUMBERS, [[[]]], {"a": {"b": 1}}])
        if "allOf" in schema:
            merged = {}
            for part in schema["allOf"]:
                made = self.value(part, depth + 1)
                merged.update(made if isinstance(made, dict) else {})
            return merged
        if "enum" in schema:
            return rng.choice(schema["enum"])
        if "const" in schema:
            return schema["const"]
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                return self.value(rng.choice(schema[choice]), depth + 1)
        kind = schema.get("type", "object" if "properties" in schema else "string")
        kind = rng.choice(kind) if isinstance(kind, list) else kind
        return getattr(self, f"_{kind}", lambda *_: None)(schema, depth)

    def _object(self, schema, depth):
        required, made = schema.get("required", []), {}
        for name, part in schema.get("properties", {}).items():
            if self.rng.random() < (0.96 if name in required else 0.5):
                known = self.ids.get(name) if isinstance(name, str) else None
                made[name] = known if known and self.rng.random() < 0.7 else self.value(part, depth + 1)
        if self.rng.random() < 0.04:
            made[self.rng.choice(TEXTS) or "extra"] = self.rng.choice(NUMBERS)
        return made

    def _array(self, schema, depth):
        low, high = schema.get("minItems", 0), min(schema.get("maxItems", 4), 4)
        size = self.rng.choice([low, max(low, 1), self.rng.randint(low, max(low, high))])
        return [self.value(schema.get("items", {}), depth + 1) for _ in range(size if depth < 6 else low)]

    def _string(self, schema, _):
        rng = self.rng
        pattern = schema.get("pattern", "")
        if pattern[1:4] in PREFIXES.values() and pattern[4:5] == "_":
            return f"{pattern[1:4]}_{rng.choice('01234567')}" + "".join(rng.choice(ALPHABET) for _ in range(25))
        if schema.get("format") == "date-time":
            return rng.choice(["2026-11-23T05:24:06Z", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59.999999Z",
                               "0000-01-01", "2026-11-23T05:24:06+08:00", "1969-07-20T20:17:40Z", "2026-11-23"])
        if rng.random() < 0.3:
            return rng.choice(TEXTS)
        low, high = schema.get("minLength", 0), min(schema.get("maxLength", 40), 400)
        size = rng.choice([low, high, rng.randint(low, max(low, high))])
        return "".join(rng.choice(string.ascii_letters + string.digits + "面 好-_") for _ in range(size))

    def _integer(self, schema, _):
        if self.rng.random() < 0.2:
            return self.rng.choice(NUMBERS)
        low, high = schema.get("minimum", 0), schema.get("maximum", 1000)
        return self.rng.choice([low, high, self.rng.randint(low, max(low, high))])

    def _number(self, schema, depth):
        return self._integer(schema, depth) if self.rng.random() < 0.3 else \
            self.rng.uniform(schema.get("minimum", -200), schema.get("maximum", 200))

    def _boolean(self, *_):
        return self.rng.random() < 0.5

    def segment(self, name):
        """A value for a parameter of the path: mostly one that exists."""
        rng = self.rng
        if rng.random() < 0.6 and self.ids.get(name):
            return self.ids[name]
        made = rng.choice(TEXTS)
        if rng.random() < 0.5:
            made = self._string({"pattern": f"^{PREFIXES.get(name, 'ord')}_"}, 0)
        return urllib.parse.quote(made.encode("utf-8", "surrogatepass"), safe="") or "_"

    def query(self, operation):
        """A query string of documented parameters."""
        pairs = []
        for parameter in operation.parameters:
            if parameter.get("in") == "query" and self.rng.random() < 0.5:
                value = self.value(parameter.get("schema", {}))
                if self.rng.random() < 0.3:
                    value = self.rng.choice(TEXTS + [str(number) for number in NUMBERS])
                text = value if isinstance(value, str) else json.dumps(value)
                pairs.append((parameter["name"], text.encode("utf-8", "surrogatepass")))
        return "?" + urllib.parse.urlencode(pairs) if pairs else ""


def run(world, document, seed, seconds):
    """Goes round the operations until the time is over; at least ten times round."""
    calls = Calls(world, document)
    operations = [op for op in document.operations
                  if op.spec["operationId"] not in LEFT_OUT and not op.path.startswith("/_control")
                  and not calls.is_form_gateway(op)]
    before = {str(op): len(world.recorder.faults[str(op)]) for op in operations}
    sent, broken, rounds = 0, [], 0
    ends = time.monotonic() + seconds
    while rounds < 10 or time.monotonic() < ends:
        # Each round has its own seed, so that a round that fails can be had alone.
        rng = random.Random(f"{seed}/{document.service}/{rounds}")
        make = Maker(document, calls.ids, rng)
        for operation in operations:
            status, text = send(calls, operation, make, rng)
            sent += 1
            if status >= 500 and not (status == 502 and "gateway_refused" in text):
                broken.append(f"round {rounds}: {text}")
        rounds += 1
        assert len(broken) < 20, "\n".join(broken)
    print(f"# {document.service}: {sent} generated requests in {rounds} rounds, SEED={seed}", flush=True)
    assert not broken, "\n".join(broken[:10])
    undocumented = [fault for op in operations for fault in world.recorder.faults[str(op)][before[str(op)]:]]
    assert not undocumented, "\n".join(undocumented[:10])


def send(calls, operation, make, rng):
    path = calls.path(operation, **{p["name"]: make.segment(p["name"]) for p in operation.parameters
                                    if p.get("in") == "path"}) + make.query(operation)
    token = rng.choice([calls.may(operation)] * 8 + [calls.world.stranger, "none"])
    if token is None and operation.method == "GET" and operation.path.endswith("/me"):
        token = "none"
    body = None
    if operation.body_schema is not None:
        body = json.dumps(make.value(operation.body_schema)).encode()
        if rng.random() < 0.05:
            cut = rng.randrange(len(body) + 1)
            body = body[:cut] + rng.choice([b"", b"}", b"\x00", b"\xff"]) + body[cut + rng.randrange(3):]
    status, answer, _ = calls.send(operation, token, body, path)
    return status, f"{operation.method} {path[:200]} {(body or b'')[:300]!r} answered {status}: {answer!r:.300}"
