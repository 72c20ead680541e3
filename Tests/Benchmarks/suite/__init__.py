"""The benchmarks by name, in the order in which a full run takes them."""
from . import database, http, json_coding, orders, overload, payments, services, streams

BENCHMARKS = {**http.BENCHMARKS, **json_coding.BENCHMARKS, **services.BENCHMARKS, **database.BENCHMARKS, **orders.BENCHMARKS,
              **payments.BENCHMARKS, **streams.BENCHMARKS, **overload.BENCHMARKS}
