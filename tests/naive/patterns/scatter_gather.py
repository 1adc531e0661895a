"""The slow twin of scatter-gather from its ends."""

import math

from tests.naive.past import Past, Row
from tests.naive.patterns.legs import measured, named
from tests.naive.patterns.meetings import SPAN, Pair, anchors, counterparty, met


def scatter_gather(past: Past, wallet: str) -> Row:
    """The wallet as the source, and as the target."""
    receipts, sendings = anchors(past, wallet)
    targets = met(past, wallet, sendings, pays=True, when="later")
    sources = met(past, wallet, receipts, pays=False, when="earlier")
    row: Row = {}
    for role, other, far in (
        ("source", "targets", targets),
        ("target", "sources", sources),
    ):
        widest = [widest_window(pairs, wallet) for pairs in far.values()]
        widest = [instance for instance in widest if instance[0] >= 2]
        k, value = max(widest, default=(0, 0.0))
        values: Row = {"count": k, f"{other}_count": len(widest)}
        values |= measured(past, wallet, value, value, sent=role == "source")
        row |= named(f"scatter_gather_{role}", values)
    return row


def widest_window(pairs: list[Pair], wallet: str) -> tuple[int, float]:
    """Most counterparties whose pair lies within ``SPAN``, and the greatest value of so many."""
    windows = []
    for start in {anchor.time for anchor, _ in pairs}:
        if pairs[0][0].sender == wallet:
            near_start = [p for p in pairs if p[0].time >= start and p[1].time <= start + SPAN]
        else:
            near_start = [p for p in pairs if p[0].time <= start and p[1].time >= start - SPAN]
            near_start.reverse()
        passed: dict[str, float] = {}
        for anchor, t in near_start:
            passed.setdefault(counterparty(anchor, wallet), min(anchor.amount, t.amount))
        windows.append((len(passed), math.fsum(passed.values())))
    return max(windows)
