"""The benchmarks by name, in the order in which a full run takes them."""
from . import database, http, services

BENCHMARKS = {**http.BENCHMARKS, **services.BENCHMARKS, **database.BENCHMARKS}
