"""The slow, obvious twin of every view, written from the meanings of its columns.

Plain Python over lists of transfers; the tests compare the kernels with it.
"""

import math
from collections import Counter
from collections.abc import Callable

from tests.naive.amounts import amounts
from tests.naive.exposure import exposure
from tests.naive.layering import layering
from tests.naive.past import DAY, NAN, WINDOWS, Past, Row, Transfer, ratio
from tests.naive.patterns.patterns import patterns
from tests.naive.relative import relative
from tests.naive.timing import timing
from tests.naive.windows import windows


def coverage(past: Past, wallet: str) -> Row:
    """One row of the coverage view."""
    received, sent = past.sides(wallet)
    read_in, read_out = past.read(wallet)
    n, times = len(received) + len(sent), [t.time for t in received + sent]
    days = {(past.as_of - t.time - 1) // DAY for t in read_in + read_out}
    return {
        "coverage_in_count": len(received),
        "coverage_out_count": len(sent),
        "coverage_age_s": (past.as_of - min(times)) / 1e6 if n else NAN,
        "coverage_active_days_count": len(days),
        "coverage_truncated_share": 1 - (len(read_in) + len(read_out)) / n if n else 0.0,
    }


def counterparties(past: Past, wallet: str) -> Row:
    """One row of the counterparties view."""
    received, sent = past.read(wallet)
    senders, recipients = [t.sender for t in received], [t.recipient for t in sent]
    row = _fan("in", received, senders, wallet, past.as_of)
    row |= _fan("out", sent, recipients, wallet, past.as_of)
    both, either = set(senders) & set(recipients), set(senders) | set(recipients)
    paid_by, paid_to = _values(received, senders), _values(sent, recipients)
    row["reciprocity_share"] = ratio(len(both), len(either))
    row["returned_share"] = ratio(
        math.fsum(min(paid_by[name], paid_to[name]) for name in both),
        math.fsum(paid_to.values()) if either else 0.0,
    )
    return {f"counterparties_{name}": value for name, value in row.items()}


def _fan(d: str, transfers: list[Transfer], names: list[str], wallet: str, as_of: int) -> Row:
    n, counts = len(names), Counter(names)
    fan = len(counts)
    values = _values(transfers, names)
    total = math.fsum(values.values())
    later_half = range(n // 2, n)
    shares = [count / n for count in counts.values()]
    entropy = -sum(share * math.log(share) for share in shares)
    row = {
        f"fan_{d}_count": fan,
        f"fan_{d}_ratio": ratio(fan, n),
        f"concentration_{d}_ratio": sum(share**2 for share in shares) if n else NAN,
        f"concentration_value_{d}_ratio": (
            sum((value / total) ** 2 for value in values.values()) if total else NAN
        ),
        f"top_{d}_share": ratio(max(values.values(), default=NAN), total),
        f"entropy_{d}_ratio": entropy / math.log(fan) if fan > 1 else NAN,
        f"new_{d}_share": ratio(
            sum(names[i] not in names[:i] for i in later_half), len(later_half)
        ),
        f"single_{d}_share": ratio(sum(count == 1 for count in counts.values()), fan),
        f"self_{d}_share": ratio(counts[wallet], n),
    }
    for window, width in WINDOWS.items():
        recent = {name for t, name in zip(transfers, names, strict=True) if t.time >= as_of - width}
        row[f"fan_{d}_{window}_count"] = len(recent)
    return row


def _values(transfers: list[Transfer], names: list[str]) -> dict[str, float]:
    values: dict[str, float] = {}
    for transfer, name in zip(transfers, names, strict=True):
        values[name] = values.get(name, 0.0) + transfer.amount
    return values


def one_hop(past: Past, wallet: str) -> Row:
    """One row of the one-hop view."""
    received, sent = past.read(wallet)
    row = _neighbours(past, "senders", [t.sender for t in received], wallet)
    row |= _neighbours(past, "recipients", [t.recipient for t in sent], wallet)
    return {f"one_hop_{name}": value for name, value in row.items()}


def _neighbours(past: Past, whose: str, names: list[str], wallet: str) -> Row:
    latest = [name for name in dict.fromkeys(reversed(names[-256:])) if name != wallet][:32]
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


VIEWS: dict[str, Callable[[Past, str], Row]] = {
    "coverage": coverage,
    "amounts": amounts,
    "timing": timing,
    "counterparties": counterparties,
    "windows": windows,
    "one_hop": one_hop,
    "relative": relative,
    "layering": layering,
    "patterns": patterns,
    "exposure": exposure,
}
