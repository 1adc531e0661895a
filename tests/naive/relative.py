"""The slow twin of the relative view."""

import math
from statistics import fmean, median

from features.views.relative import AMOUNTS_READ as CAP
from tests.naive.past import NAN, Past, Row, Transfer, earlier_than, ratio


def relative(past: Past, wallet: str) -> Row:
    """One row of the relative view."""
    received, sent = past.read(wallet)
    row = _side(past, "in", [(t, t.sender) for t in received if t.sender != wallet])
    row |= _side(past, "out", [(t, t.recipient) for t in sent if t.recipient != wallet])
    return {f"relative_{name}": value for name, value in row.items()}


def _side(past: Past, d: str, transfers: list[tuple[Transfer, str]]) -> Row:
    looked_at = [_compare(past, d, t, other) for t, other in transfers if t.amount][-CAP:]

    def defined(name: str) -> list[float]:
        return [parts[name] for parts in looked_at if name in parts]

    row = {}
    for name in ("to_usual", "to_funds", "of_funds"):
        values = defined(name)
        row[f"{name}_mean_{d}_ratio"] = fmean(values) if values else NAN
        row[f"{name}_median_{d}_ratio"] = median(values) if values else NAN
        row[f"{name}_max_{d}_ratio"] = max(values, default=NAN)
    ranks, anything = defined("rank"), defined("to_any")
    row[f"rank_mean_{d}_share"] = fmean(ranks) if ranks else NAN
    row[f"to_any_mean_{d}_ratio"] = fmean(anything) if anything else NAN
    row[f"known_{d}_share"] = ratio(len(defined("to_usual")), len(looked_at))
    return row


def _compare(past: Past, d: str, transfer: Transfer, other: str) -> Row:
    """One amount beside what its counterparty moved before, as far as that is defined."""
    received, sent = (
        [t.amount for t in earlier_than(side, transfer.time)[-CAP:]] for side in past.sides(other)
    )
    theirs, alike = (sent, received) if d == "in" else (received, sent)
    usual, funds = [a for a in theirs if a], [a for a in alike if a]
    amount, parts = transfer.amount, Row()
    if usual:
        parts["to_usual"] = _log_ratio(amount, usual)
        among = [*usual, amount]
        parts["rank"] = fmean((a < amount) + (a == amount) / 2 for a in among)
    if funds:
        parts["to_funds"] = _log_ratio(amount, funds)
        parts["of_funds"] = min(2.0, amount / math.fsum(funds))
    if usual or funds:
        parts["to_any"] = _log_ratio(amount, usual + funds)
    return parts


def _log_ratio(amount: float, others: list[float]) -> float:
    return math.log(amount) - fmean(map(math.log, others))
