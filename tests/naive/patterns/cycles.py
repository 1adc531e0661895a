"""The slow twin of the cycles: every closed series of transfers is looked at."""

import math
from collections.abc import Iterator
from itertools import pairwise

from features.views.patterns.cycle_arcs import STARTS
from tests.naive.past import DAY, NAN, Past, Row, Transfer, mostly_settled, ratio

LENGTHS = range(2, 7)
Cycle = tuple[Transfer, ...]


def cycles(past: Past, wallet: str) -> Row:
    """The columns of a row where only the cap on the wallet's own transfers can bite."""
    received, sent = (own(side) for side in past.sides(wallet))
    found = list(cycles_through(past, wallet))
    last_hops = {cycle[-1] for cycle in found}
    row = {f"patterns_cycles_{n}_count": float(sum(len(c) == n for c in found)) for n in LENGTHS}
    total = math.fsum(min(t.amount for t in cycle) for cycle in found)
    return row | {
        "patterns_cycles_amount": total if received or sent else NAN,
        "patterns_cycles_share": ratio(
            math.fsum(t.amount for t in last_hops),
            math.fsum(t.amount for t in received[-STARTS:]),
        ),
        "patterns_cycle_fastest_s": min(map(duration, found), default=NAN),
        "patterns_cycles_truncated_ratio": float(
            bool(received and sent) and max(len(received), len(sent)) > STARTS
        ),
    }


def cycles_through(past: Past, wallet: str) -> Iterator[Cycle]:
    """All cycles through a wallet, written from its own sending to its own receipt."""
    received, sent = (own(side)[-STARTS:] for side in past.sides(wallet))
    for first in sent:
        for cycle in closed(past, (first,)):
            if cycle[-1] in received and not any(swapped(past, t) for t in cycle):
                yield cycle


def swapped(past: Past, transfer: Transfer) -> bool:
    """Whether its sender took it back, or its recipient gave it on, in its transaction."""
    ends = transfer.sender, transfer.recipient
    return any(mostly_settled(past, transfer, wallet) for wallet in ends)


def closed(past: Past, path: Cycle) -> Iterator[Cycle]:
    """A path, or what it grows to, where that is a cycle."""
    if path[-1].recipient == path[0].sender:
        if circulates(path):
            yield path
    elif len(path) < LENGTHS[-1]:
        for following in past.sent.get(path[-1].recipient, []):
            longer = (*path, following)
            # a rule that a part of a series breaks cannot hold for the whole
            if near(longer) and simple(longer) and downs(longer) <= 1:
                yield from closed(past, longer)


def circulates(cycle: Cycle) -> bool:
    """The rules of a cycle."""
    around = (*cycle, cycle[0])
    ties = any(a.time == b.time for a, b in pairwise(around))
    return near(cycle) and simple(cycle) and not ties and downs(around) == 1


def near(path: Cycle) -> bool:
    """Positive amounts, the smallest at least half the largest, within seven days."""
    amounts, times = [t.amount for t in path], [t.time for t in path]
    alike = min(amounts) > 0 and min(amounts) >= 0.5 * max(amounts)
    return alike and max(times) - min(times) <= 7 * DAY


def downs(path: Cycle) -> int:
    """How often the time goes down from one transfer to the next."""
    return sum(b.time < a.time for a, b in pairwise(path))


def simple(path: Cycle) -> bool:
    """Every wallet sends once."""
    return len({t.sender for t in path}) == len(path)


def duration(cycle: Cycle) -> float:
    """Seconds from the first transfer to the last."""
    times = [t.time for t in cycle]
    return (max(times) - min(times)) / 1e6


def own(side: list[Transfer]) -> list[Transfer]:
    """Transfers of positive amount with another wallet."""
    return [t for t in side if t.amount > 0 and t.sender != t.recipient]
