"""OpenAPI documents against running services: what is called through a `Recorder` is judged by the document of the
service that answers."""
import collections
import datetime
import json
import pathlib
import re
import secrets
import urllib.parse

import jsonschema
import referencing
import requests
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing.jsonschema import DRAFT202012

METHODS = ("get", "post", "put", "patch", "delete")
FORMATS = FormatChecker([])
# Words that only the inside of a service knows: none may be in what a caller reads.
LEAKS = re.compile(
    r"\b(SELECT|INSERT INTO|UPDATE \w+ SET|SQLSTATE|PGRES|libpq|relation \"|constraint|stack trace|Fatal error)\b"
    r"|\.swift\b|/(root|home|work|usr|var|tmp)/|PostgresError|JSONError", re.I)


@FORMATS.checks("date-time", raises=ValueError)
def _is_moment(text):
    return not isinstance(text, str) or bool(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")))


@FORMATS.checks("int64")
def _is_int64(number):
    return not isinstance(number, int) or -2**63 <= number < 2**63


class Operation:
    """One method of one path of a document."""

    def __init__(self, document, method, path):
        self.document = document
        self.service = document.service
        self.method = method.upper()
        self.path = path
        item = document.data["paths"][path]
        self.spec = item[method]
        self.parameters = [document.resolve(p) for p in item.get("parameters", []) + self.spec.get("parameters", [])]
        self.responses = self.spec["responses"]
        self.security = self.spec.get("security", document.data.get("security", []))
        segments = ["[^/]+" if s.startswith("{") else re.escape(s) for s in path.split("/")]
        self.pattern = re.compile("/".join(segments) + "$")

    def __str__(self):
        return f"{self.service}: {self.method} {self.path}"

    @property
    def body_schema(self):
        body = self.document.resolve(self.spec.get("requestBody", {}))
        return body.get("content", {}).get("application/json", {}).get("schema")

    def response(self, status):
        for key in (str(status), f"{status // 100}XX"):
            if key in self.responses:
                return self.document.resolve(self.responses[key])
        return None

    def with_default(self, status):
        return self.response(status) or self.document.resolve(self.responses.get("default", {})) or None


class Document:
    def __init__(self, service, text):
        self.service = service
        self.text = text
        self.data = yaml.safe_load(text) or {}
        self.uri = f"urn:linli:{service}"
        self.registry = referencing.Registry().with_resource(
            self.uri, referencing.Resource.from_contents(self.data, default_specification=DRAFT202012))
        self.operations = [Operation(self, method, path) for path, item in self.data.get("paths", {}).items()
                           for method in METHODS if method in item]

    def resolve(self, value):
        """What a reference stands for."""
        while isinstance(value, dict) and "$ref" in value and value["$ref"].startswith("#/"):
            target = self.data
            for part in value["$ref"][2:].split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            value = target
        return value

    def faults(self, schema, value):
        """What is wrong with `value`, as sentences."""
        # The base makes references inside the schema point into the document.
        rooted = {"$id": self.uri + "/inline", "$ref": schema["$ref"].replace("#", self.uri + "#", 1)} \
            if "$ref" in schema else self._absolute(schema)
        validator = Draft202012Validator(rooted, registry=self.registry, format_checker=FORMATS)
        return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]

    def _absolute(self, schema):
        if isinstance(schema, dict):
            return {k: self.uri + v if k == "$ref" and isinstance(v, str) and v.startswith("#") else self._absolute(v)
                    for k, v in schema.items()}
        return [self._absolute(item) for item in schema] if isinstance(schema, list) else schema

    def find(self, method, path):
        found = [op for op in self.operations if op.method == method and op.pattern.match(path)]
        # A literal segment is more precise than a parameter.
        return min(found, key=lambda op: op.path.count("{")) if found else None


def source(root, service):
    return pathlib.Path(root) / "Services" / service / "openapi.yaml"


class Recorder:
    """Calls services, and keeps what does not fit their documents."""

    def __init__(self, stack, documents):
        self.stack = stack
        self.documents = documents
        self.session = requests.Session()
        self.session.trust_env = False
        self.seen = collections.defaultdict(collections.Counter)
        self.faults = collections.defaultdict(list)
        self.codes = collections.defaultdict(set)

    def base(self, service):
        return f"http://127.0.0.1:{self.stack.ports[service]}"

    def call(self, service, method, path, body=None, token=None, headers=None, form=None, key=True):
        """One request, judged; returns (status, decoded body, headers)."""
        sent = {"Content-Type": "application/json"} if body is not None else {}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if method == "POST" and key:
            sent["Idempotency-Key"] = key if isinstance(key, str) else secrets.token_hex(16)
        sent.update(headers or {})
        data = form if form is not None else body if isinstance(body, (bytes, type(None))) else json.dumps(body)
        with self.session.request(method, self.base(service) + path, data=data, headers=sent, timeout=30,
                                  allow_redirects=False, stream=True) as answer:
            kind = answer.headers.get("Content-Type", "").split(";")[0].strip()
            if kind == "text/event-stream":
                # A stream never ends; what it begins with is enough.
                content, decoded = b"", None
                self.session.close()
            else:
                content = answer.content
                decoded = self._decoded(kind, content)
        self._judge(service, method, path, answer, kind, content, decoded)
        return answer.status_code, decoded, answer.headers

    @staticmethod
    def _decoded(kind, content):
        if not kind.endswith("json") or not content:
            return content.decode(errors="replace") if content else None
        return json.loads(content)

    def _judge(self, service, method, path, answer, kind, content, decoded):
        document = self.documents[service]
        operation = document.find(method, urllib.parse.urlsplit(path).path)
        name = str(operation) if operation else f"{service}: {method} {path}"
        status = answer.status_code
        self.seen[name][status] += 1
        where = f"{method} {path} answered {status}"
        faults = self.faults[name]
        if kind == "application/problem+json":
            self._judge_problem(service, where, decoded, answer, faults)
        if status >= 400 and kind != "text/html" and (leak := LEAKS.search(content.decode(errors="replace"))):
            faults.append(f"{where} and leaks {leak.group()!r}: {content[:300]!r}")
        # What the server refuses before it knows the path is the same everywhere, and in no document.
        is_server = kind == "application/problem+json" and decoded.get("code") in ("malformed_path", "bad_request")
        if operation is None or is_server:
            return
        response = operation.response(status) if status < 400 else operation.with_default(status)
        if response is None:
            faults.append(f"{where}, which is not documented: {content[:300]!r}")
            return
        media = response.get("content", {})
        if content and media and kind not in media:
            faults.append(f"{where} as {kind}; documented: {', '.join(media)}")
        elif decoded is not None and "schema" in media.get(kind, {}) and not isinstance(decoded, str):
            wrong = document.faults(media[kind]["schema"], decoded)
            faults.extend(f"{where}: {fault}" for fault in wrong[:5])
        elif content and not media and status < 400:
            faults.append(f"{where} with a body where none is documented: {content[:100]!r}")

    def _judge_problem(self, service, where, problem, answer, faults):
        if not isinstance(problem, dict):
            faults.append(f"{where} with a problem that is no object")
            return
        missing = [name for name in ("type", "title", "status", "code", "detail") if not problem.get(name)]
        if missing:
            faults.append(f"{where} with a problem without {', '.join(missing)}: {problem}")
        elif problem["status"] != answer.status_code or problem["type"] != f"/problems/{problem['code']}":
            faults.append(f"{where} with a problem that contradicts itself: {problem}")
        else:
            self.codes[service].add(problem["code"])


__all__ = ["Document", "Operation", "Recorder", "source", "jsonschema", "LEAKS"]
