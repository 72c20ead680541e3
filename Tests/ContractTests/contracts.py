"""Every service's OpenAPI document against the running service: valid, complete, and true.

Prints "ok" for each operation and check. GENERATED_SECONDS bounds the time of a service's generated requests (20), SEED
makes them the same again.
"""
import os
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Support"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "suite"))
import generated  # noqa: E402
import refusals  # noqa: E402
from gateway import call_gateway  # noqa: E402
from happy import World  # noqa: E402
from openapi import Document, Recorder, source  # noqa: E402
from openapi_spec_validator import OpenAPIV31SpecValidator  # noqa: E402
from stack import ROOT, SERVICES, Checks, Stack  # noqa: E402
from tokens import Mint  # noqa: E402

checks = Checks()
# The pages of the website are described in its README: they are for people, and no other program may depend on them.
DESCRIBED_ELSEWHERE = re.compile(r"^(?!/api/|/healthz|/readyz|/metrics|/openapi\.yaml|/\.well-known/|/problems/)")

# Calls whose succeeding takes a whole merchant's life: public clients of the gateways live it in Tests/FlowTests.
DRIVEN_BY_CLIENTS = re.compile(
    r"/(gateway|downloadBillFile|v3/profitsharing|v3/billdownload)\b|/cashier/(alipay|card)/|apply-abnormal-refund$"
    r"|/_control/(alipay|unionpay|wechat/(rotate|jsapi-invoke))")


def is_valid(document):
    errors = [f"{list(error.absolute_path)}: {error.message[:300]}"
              for error in OpenAPIV31SpecValidator(document.data).iter_errors()]
    assert not errors, "\n".join(errors[:10])
    assert document.data["openapi"].startswith("3.1."), document.data["openapi"]
    names = [op.spec.get("operationId") for op in document.operations]
    assert all(names) and len(set(names)) == len(names), "an operation has no operationId of its own"


def served_routes(recorder, service):
    """The routes of the running service: it counts the requests of each from its start on."""
    _, text, _ = recorder.call(service, "GET", "/metrics")
    found = set(re.findall(r'^http_requests_total\{method="([A-Z]+)",route="([^"]+)"', text, re.M))
    return {(method, route) for method, route in found if method in ("GET", "POST", "PUT", "PATCH", "DELETE")}


def has_all_routes(recorder, document):
    served = served_routes(recorder, document.service)
    if document.service == "storefront":
        served = {route for route in served if not DESCRIBED_ELSEWHERE.match(route[1])}
    assert served, "no route is counted"
    shape = {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in served}
    described = {(op.method, re.sub(r"\{\w+\}", "{}", op.path)) for op in document.operations}
    assert shape == described, (f"served but not documented: {sorted(shape - described)}; "
                                f"documented but not served: {sorted(described - shape)}")


def serves_its_file(recorder, document):
    _, text, _ = recorder.call(document.service, "GET", "/openapi.yaml")
    assert text == document.text, "/openapi.yaml is another document than the repository's"


def refuses_other_methods(recorder, document):
    for path in {op.path for op in document.operations}:
        wrong = next(m for m in ("DELETE", "PUT", "PATCH", "POST")
                     if not any(op.path == path and op.method == m for op in document.operations))
        filled = re.sub(r"\{\w+\}", "x", path)
        status, _, headers = recorder.call(document.service, wrong, filled, key=False)
        allowed = {m.strip() for m in headers.get("Allow", "").split(",")}
        # A path without parameters is a resource of its own, though a template with one would fit it too.
        described = {op.method for op in document.operations if op.path == path}
        assert status == 405 and described <= allowed, f"{wrong} {path}: {status}, Allow: {headers.get('Allow')}"


def was_seen(recorder, operation):
    name = str(operation)
    assert not recorder.faults[name], "\n".join(recorder.faults[name][:10])
    answers = recorder.seen[name]
    if operation.service == "payments-sim" and DRIVEN_BY_CLIENTS.search(operation.path):
        return
    assert any(status < 400 for status in answers), f"no call succeeded: {dict(answers)}"


def explains_its_problems(recorder, service):
    # The storefront passes on what its neighbours say, problems too; those are explained where they are made.
    places = SERVICES if service == "storefront" else [service]
    for code in sorted(recorder.codes[service]):
        pages = [recorder.call(place, "GET", f"/problems/{code}")[:2] for place in places]
        assert any(status == 200 and code in text for status, text in pages), f"/problems/{code}: {pages}"


def run(stack):
    documents = {name: Document(name, source(ROOT, name).read_text()) for name in SERVICES}
    recorder = Recorder(stack, documents)
    world = World(stack, recorder, Mint(stack))
    for name, document in documents.items():
        checks.run(f"{name}: the document is valid OpenAPI 3.1", lambda: is_valid(document))
        checks.run(f"{name}: every route is documented, and every documented one is routed",
                   lambda: has_all_routes(recorder, document))
        checks.run(f"{name}: /openapi.yaml is the repository's file", lambda: serves_its_file(recorder, document))
        checks.run(f"{name}: other methods are refused with 405 and Allow",
                   lambda: refuses_other_methods(recorder, document))
        checks.run(f"{name}: the standard endpoints answer", lambda: world.standard(name))
    checks.run("catalog: the documented calls succeed", world.catalog)
    checks.run("orders: the documented calls succeed", world.orders_inside)
    checks.run("payments-sim: the documented calls succeed", lambda: call_gateway(world))
    checks.run("notifications: the documented calls succeed", world.notifications)
    inside = world.store_id, world.sku_id, world.order_id
    checks.run("storefront: the documented calls succeed", world.storefront)
    world.outside = world.store_id, world.sku_id, world.order_id
    world.inside = inside
    for name, document in documents.items():
        world.fresh_tokens()
        refusals.run(checks, world, document)
    seed = int(os.environ.get("SEED") or time.time())
    for name, document in documents.items():
        world.fresh_tokens()
        checks.run(f"{name}: generated requests never break it (SEED={seed})",
                   lambda: generated.run(world, document, seed, float(os.environ.get("GENERATED_SECONDS", 20))))
    for name, document in documents.items():
        for operation in document.operations:
            checks.run(f"{operation} answers as documented", lambda: was_seen(recorder, operation))
        checks.run(f"{name}: every problem code has its page", lambda: explains_its_problems(recorder, name))


if __name__ == "__main__":
    with Stack(LOG_LEVEL="info", SIGN_IN_CODES_PER_PHONE_MINUTE="100", SIGN_IN_CODES_PER_PHONE_HOUR="1000",
               SIGN_IN_CODES_PER_PHONE_DAY="1000", ORDERS_UNPAID_MAX="0") as stack:
        run(stack)
    checks.exit()
