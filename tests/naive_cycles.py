"""The slow twin of the cycles: every closed series of transfers is looked at."""

import math
from collections.abc import Iterator

from features.cycle_paths import ANCHORS, HUB
from tests.naive_past import DAY, NAN, Past, Row, Transfer, ratio

LENGTHS = range(2, 7)
Cycle = tuple[Transfer, ...]


def cycles(past: Past, wallet: str) -> Row:
    """The columns of a row; exact as long as no more than 128 paths of a length go on."""
    found = list(cycles_through(past, wallet))
    received, sent = (own(side) for side in past.sides(wallet))
    looked_at = received[-ANCHORS:]
    last_hops = {cycle[-1] for cycle in found}
    cut = bool(received and sent) and max(len(received), len(sent)) > ANCHORS
    row = {f"cycles_{n}_count": float(sum(len(c) == n for c in found)) for n in LENGTHS}
    return {f"patterns_{name}": value for name, value in row.items()} | {
        "patterns_cycles_amount": (
            math.fsum(min(t.amount for t in cycle) for cycle in found)
            if any(past.sides(wallet))
            else NAN
        ),
        "patterns_cycles_share": ratio(
            math.fsum(t.amount for t in looked_at if t in last_hops),
            math.fsum(t.amount for t in looked_at),
        ),
        "patterns_cycle_fastest_s": min(map(duration, found), default=NAN),
        "patterns_cycles_truncated_ratio": float(cut),
    }


def cycles_through(past: Past, wallet: str) -> Iterator[Cycle]:
    """All cycles through a wallet, written from its own sending to its own receipt."""
    received, sent = (own(side)[-ANCHORS:] for side in past.sides(wallet))
    for first in sent:
        for cycle in closed(past, (first,)):
            if cycle[-1] in received and not through_a_hub(past, cycle):
                yield cycle


def closed(past: Past, path: Cycle) -> Iterator[Cycle]:
    """A path, and what it grows to, where it is a cycle."""
    if path[-1].recipient == path[0].sender:
        if circulates(path):
            yield path
    elif len(path) < LENGTHS[-1]:
        for following in past.sent.get(path[-1].recipient, []):
            longer = (*path, following)
            # no rule that a part of a series breaks can hold for the whole
            if near(longer) and downs(longer) <= 1 and simple(longer):
                yield from closed(past, longer)


def circulates(cycle: Cycle) -> bool:
    """The rules of a cycle."""
    times = [t.time for t in cycle]
    ties = any(a == b for a, b in zip(times, times[1:] + times[:1], strict=True))
    return near(cycle) and simple(cycle) and not ties and downs((*cycle, cycle[0])) == 1


def near(path: Cycle) -> bool:
    """Positive amounts, the smallest at least half the largest, within seven days."""
    amounts, times = [t.amount for t in path], [t.time for t in path]
    alike = 0 < min(amounts) and min(amounts) >= 0.5 * max(amounts)
    return alike and max(times) - min(times) <= 7 * DAY


def downs(path: Cycle) -> int:
    """How often the time goes down from one transfer to the next."""
    return sum(b.time < a.time for a, b in zip(path, path[1:], strict=False))


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


def through_a_hub(past: Past, cycle: Cycle) -> bool:
    """Whether a wallet on the way had more than ``HUB`` transfers to choose from."""
    ahead = (len(cycle) + 1) // 2
    forward, backward = cycle[:ahead], cycle[:ahead - 1 : -1]
    return any(
        choices(past.sent[forward[k - 1].recipient], forward[:k]) > HUB
        for k in range(1, len(forward))
    ) or any(
        choices(past.received[backward[k - 1].sender], backward[:k][::-1]) > HUB
        for k in range(1, len(backward))
    )


def choices(side: list[Transfer], path: Cycle) -> int:
    """Transfers whose time can continue a path at either end; ``path`` in the order of the flow."""
    first, last = path[0].time, path[-1].time
    if last < first:
        return sum(last < t.time < first for t in side)
    around = [t for t in side if last - 7 * DAY <= t.time <= first + 7 * DAY]
    return sum(not first <= t.time <= last for t in around)
