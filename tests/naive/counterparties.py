"""The slow twin of the counterparties view."""

import math
from collections import Counter

from tests.naive.past import NAN, WINDOWS, Past, Row, Transfer, ratio


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
