"""The slow twin of the one-hop view."""

import math

from tests.naive.past import NAN, Past, Row, Transfer, is_pseudo, ratio


def one_hop(past: Past, wallet: str) -> Row:
    """One row of the one-hop view."""
    received, sent = past.read(wallet)
    row = _neighbours(past, "senders", [t.sender for t in received], wallet)
    row |= _neighbours(past, "recipients", [t.recipient for t in sent], wallet)
    return {f"one_hop_{name}": value for name, value in row.items()}


def _neighbours(past: Past, whose: str, names: list[str], wallet: str) -> Row:
    latest = [name for name in dict.fromkeys(reversed(names[-256:])) if name != wallet]
    latest = [name for name in latest if not is_pseudo(name)][:32]
    sides = [past.sides(name) for name in latest]
    n_in, n_out = [len(received) for received, _ in sides], [len(sent) for _, sent in sides]
    n = [a + b for a, b in zip(n_in, n_out, strict=True)]
    columns: dict[str, list[float]] = {
        "received_share": [a / b for a, b in zip(n_in, n, strict=True)],
        "age_s": [(past.as_of - min(t.time for t in a + b)) / 1e6 for a, b in sides],
        "fresh_share": [total == 1 for total in n],
        "hub_share": [total >= 1000 for total in n],
        "never_sent_share": [count == 0 for count in n_out],
        "pass_through_ratio": [_pass_through(a[-64:], b[-64:]) for a, b in sides],
    }
    row = {f"{whose}_{name}": ratio(sum(values), len(latest)) for name, values in columns.items()}
    row[f"{whose}_received_count"] = _geometric(n_in)
    row[f"{whose}_sent_count"] = _geometric(n_out)
    return row


def _geometric(counts: list[int]) -> float:
    return math.prod(1 + n for n in counts) ** (1 / len(counts)) - 1 if counts else NAN


def _pass_through(received: list[Transfer], sent: list[Transfer]) -> float:
    total_in, total_out = sum(t.amount for t in received), sum(t.amount for t in sent)
    largest = max(total_in, total_out)
    return min(total_in, total_out) / largest if largest else 0.0
