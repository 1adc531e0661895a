"""Slow twin of the search along any path in time."""

from typing import NamedTuple

from features.taint.reach import ReachCaps
from features.taint.reading import SCANNED
from tests.naive.exposure.reading import far, label_of, like_a_service
from tests.naive.past import NAN, Past, Transfer, is_pseudo, mostly_settled, transaction_of


class Way(NamedTuple):
    """A path in time: its last transfer, and the smallest on it."""

    transfer: Transfer
    least: float


def reached(
    past: Past, wallet: str, caps: ReachCaps, *, forward: bool
) -> tuple[dict[tuple[str, str], int], float, bool]:
    """Least hops to each label and category, and to a wallet like a service (nan: to none).

    And whether a cap left something out.
    """
    own = past.read(wallet)[forward]
    small = caps.floor * sum(t.amount for t in own)
    hops_to: dict[tuple[str, str], int] = {}
    service, cut = NAN, len(own) < len(past.sides(wallet)[forward])
    level: list[Way] = []
    followed: dict[str, int] = {}  # up to when, or from when on
    found = [Way(t, t.amount) for t in own[::-1] if t.amount and far(t, forward) != wallet]
    for hops in range(1, caps.hops + 1):
        level = []
        for way in found:
            other, time = far(way.transfer, forward), way.transfer.time
            if end := label_of(past, other):
                hops_to.setdefault((end[1], end[0]), hops)
            elif is_pseudo(other):
                continue
            elif way.least >= small and hops == caps.hops:
                cut = True
            elif way.least >= small and not known_already(followed, other, time, forward):
                level, full = keep(level, way, caps.width, forward=forward)
                cut |= full
        found = []
        before = dict(followed)
        for way in level:
            other = far(way.transfer, forward)
            if not mostly_settled(past, way.transfer, other):
                followed[other] = way.transfer.time
            if like_a_service(past, way.transfer, caps.service, forward=forward):
                service = min(hops, service) if service == service else hops
        for way in level:
            ways, more = onward(past, way, before, caps, small, forward=forward)
            found += ways
            cut |= more
        found = [way for way in found if far(way.transfer, forward) != wallet]
    return hops_to, service, cut


def known_already(followed: dict[str, int], other: str, time: int, forward: bool) -> bool:
    """Whether a wallet was followed from there before."""
    if other not in followed:
        return False
    return time >= followed[other] if forward else time <= followed[other]


def keep(level: list[Way], way: Way, width: int, *, forward: bool) -> tuple[list[Way], bool]:
    """The wallets of a number of hops, those first whose paths carry most, with another one.

    And whether one was left out.
    """
    other, time = far(way.transfer, forward), way.transfer.time
    for held in level:
        if far(held.transfer, forward) == other:
            if known_already({other: held.transfer.time}, other, time, forward):
                return level, False
            level = [each for each in level if each is not held]
    return sorted([*level, way], key=lambda each: -each.least)[:width], len(level) == width


def onward(
    past: Past, way: Way, before: dict[str, int], caps: ReachCaps, small: float, *, forward: bool
) -> tuple[list[Way], bool]:
    """Paths that are longer by one transfer, of those that were not followed before.

    And whether others were left unread.
    """
    wallet, time = far(way.transfer, forward), way.transfer.time
    side = past.sides(wallet)[forward]
    if forward:
        until = before.get(wallet)
        side = [t for t in side if t.time >= time and (until is None or t.time < until)]
    else:
        since = before.get(wallet)
        side = [t for t in side if t.time <= time and (since is None or t.time > since)][::-1]
    service = like_a_service(past, way.transfer, caps.service, forward=forward)
    service |= mostly_settled(past, way.transfer, wallet)
    if service:
        side = [t for t in side if t.time == time]
    ways: list[Transfer] = []
    for k, transfer in enumerate(side):
        if len(ways) == caps.read or k == SCANNED * caps.read:
            return _longer(ways, way), True
        apart = service or mostly_settled(past, transfer, wallet)
        inside = not apart or transaction_of(transfer) == transaction_of(way.transfer)
        if transfer.amount and transfer.amount >= small and inside:
            ways.append(transfer)
    return _longer(ways, way), False


def _longer(ways: list[Transfer], way: Way) -> list[Way]:
    others = [t for t in ways if t.sender != t.recipient]
    return [Way(t, min(way.least, t.amount)) for t in others]
