"""A benchmark's result: figures, each with what it must reach."""
import dataclasses


@dataclasses.dataclass
class Figure:
    """One figure. `limit` is what it must reach: at least (`reach` is ">=") or at most ("<=")."""
    name: str
    value: float
    unit: str
    reach: str = ""
    limit: float | None = None

    @property
    def ok(self):
        if self.limit is None:
            return True
        return self.value >= self.limit if self.reach == ">=" else self.value <= self.limit

    def line(self):
        value = f"{self.value:,.2f}" if abs(self.value) < 1000 else f"{self.value:,.0f}"
        goal = "" if self.limit is None else f"  (reach {self.reach} {self.limit:g}: {'ok' if self.ok else 'MISSED'})"
        return f"  {self.name:<38} {value:>12} {self.unit:<10}{goal}"


def ratio(ours, reference, limit, cpu=None, cpu_limit=None, unit="req/s"):
    """The usual figures of a comparison."""
    figures = [Figure("ours", ours, unit), Figure("reference", reference, unit),
               Figure("ratio", ours / reference, "", ">=", limit)]
    if cpu is not None:
        figures.append(Figure("CPU of the serving processes", cpu, "us/req", "<=" if cpu_limit else "", cpu_limit))
    return figures
