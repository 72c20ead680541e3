"""What shall become of each order of the fault run, and what it must look like afterwards."""
import dataclasses
import random

FATES = {"cancelled": 0.16, "partly": 0.04, "raced": 0.03, "late": 0.02, "unpaid": 0.01}
FAULTS = {"lose_notification": 0.10, "duplicate_notification": 0.10, "delay_notification": 0.10}
HUNG_REFUNDS = 0.05
# The states that each fate may end with: of the order's payment, the order, and the payment itself.
EXPECTED = {
    "kept": {("paid", "open", "paid")},
    "partly": {("partly_refunded", "open", "paid")},
    "cancelled": {("refunded", "cancelled", "paid")},
    # Called off before or after the news came.
    "raced": {("refunded", "cancelled", "paid"), ("unpaid", "cancelled", "late")},
    "late": {("unpaid", "expired", "late")},
    "unpaid": {("unpaid", "expired", "closed")},
}
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclasses.dataclass
class Plan:
    """What shall become of one order, and what it is known by once it is there."""
    fate: str
    quantity: int
    faults: list
    order: str = ""
    payment: str = ""
    cashier: str = ""
    amount: int = 0
    back: int = 0       # what comes back of it
    is_paid: bool = False


def draw(count, seed):
    """The plans of `count` orders. The shares are exact; who has which is chance."""
    chance = random.Random(seed)
    fates = [fate for fate, share in FATES.items() for _ in range(round(count * share))]
    fates += ["kept"] * (count - len(fates))
    faults = [kind for kind, share in FAULTS.items() for _ in range(round(count * share))]
    faults += [None] * (count - len(faults))
    chance.shuffle(fates)
    chance.shuffle(faults)
    plans = [Plan(fate, chance.randint(1, 3), [fault] if fault else []) for fate, fault in zip(fates, faults)]
    refunded = [plan for plan in plans if plan.fate in ("cancelled", "partly", "raced", "late")]
    for plan in chance.sample(refunded, max(1, round(len(refunded) * HUNG_REFUNDS))):
        plan.faults.append("hang_refund")
    # Those that are late have to wait for it: they begin.
    return sorted(plans, key=lambda plan: plan.fate not in ("late", "unpaid"))


def uuid_of(identifier):
    """The UUID of a TypeID, in hexadecimal digits."""
    value = 0
    for letter in identifier.rsplit("_", 1)[1]:
        value = value * 32 + ALPHABET.index(letter)
    return f"{value:032x}"
