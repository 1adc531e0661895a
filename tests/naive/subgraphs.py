"""Subgraphs from their definition: slow and obvious."""

import math
from collections import deque
from typing import NamedTuple

from tests.naive.past import NAN, Past, Transfer, is_pseudo, ratio

Values = list[float]
ODD, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
HOUR_US, WORD = 3_600_000_000, 2**64
SENDER_SHARE = 3


class Edge(NamedTuple):
    """A transfer that joins ``wallet`` to the node ``parent`` of its tree, as node ``child``."""

    child: int
    parent: int
    side: int
    wallet: str
    tx_id: str
    values: Values


def naive_edges(known: Past, root: str, fan_out: tuple[int, ...], seed: int | None) -> list[Edge]:
    """All edges around a wallet, hop by hop; the latest transfers where there is no seed."""
    edges: list[Edge] = []
    level, nodes = [(0, root)], 1
    for fan in fan_out:
        below = []
        for parent, wallet in level:
            if is_pseudo(wallet) and wallet != root:
                continue
            children: dict[str, int] = {}
            for side, transfer in _taken(known, wallet, root, fan, seed):
                other = transfer.recipient if side else transfer.sender
                if other not in children:
                    children[other] = nodes
                    below.append((nodes, other))
                    nodes += 1
                values = _values(known, wallet, side, transfer)
                if parent and not side:
                    values[SENDER_SHARE] = NAN
                edges.append(Edge(children[other], parent, side, other, transfer.tx_id, values))
        level = below
    return edges


def _taken(
    known: Past, wallet: str, root: str, fan: int, seed: int | None
) -> list[tuple[int, Transfer]]:
    chosen = []
    for side, held in enumerate(known.read(wallet)):
        looked = list(reversed(held[-32 * fan :]))
        other = [(t, t.recipient if side else t.sender) for t in looked]
        left = [t for t, end in other if end not in (wallet, root)]
        if seed is None:
            late = [t for t in left if any(t is one for one in held[-32:])]
            chosen.append(_in_turns(left, late, side, fan)[:fan])
        else:
            first, rest = _fair(_by_key(known, left, seed), side, fan)
            chosen.append([*first, *rest][:fan])
    received, sent = chosen
    n_in = min(len(received), max(fan // 2, fan - len(sent)))
    n_out = min(len(sent), fan - n_in)
    return [(0, t) for t in received[:n_in]] + [(1, t) for t in sent[:n_out]]


def _in_turns(latest: list[Transfer], late: list[Transfer], side: int, fan: int) -> list[Transfer]:
    """The latest and the largest of the late ones, one of each in turn as long as there are."""
    by_value = sorted((t for t in late if t.amount > 0), key=lambda t: -t.amount)
    walk, large = deque(latest), deque(_fair(by_value, side, fan)[0][: fan // 2])
    taken: list[Transfer] = []
    left: list[Transfer] = []
    while walk or large:
        is_large = bool(large) and (len(taken) % 2 == 1 or not walk)
        one = (large if is_large else walk).popleft()
        if any(one is other for other in taken):
            continue
        if _may_come(one, taken, side, fan):
            taken.append(one)
        elif not is_large:
            left.append(one)
    return taken + left


def _fair(ordered: list[Transfer], side: int, fan: int) -> tuple[list[Transfer], list[Transfer]]:
    """A quarter of the places for one partner, and what it has more."""
    first: list[Transfer] = []
    rest: list[Transfer] = []
    for one in ordered:
        (first if _may_come(one, first, side, fan) else rest).append(one)
    return first, rest


def _may_come(one: Transfer, taken: list[Transfer], side: int, fan: int) -> bool:
    partner = one.recipient if side else one.sender
    times = sum((other.recipient if side else other.sender) == partner for other in taken)
    return times < max(1, fan // 4)


def _by_key(known: Past, latest_first: list[Transfer], seed: int) -> list[Transfer]:
    keys, tie, before = [], 0, None
    for transfer in latest_first:
        age = known.as_of - transfer.time
        tie = tie + 1 if age == before else 0
        before = age
        keys.append(math.log(uniform(seed, age, tie)) * (age + HOUR_US))
    order = sorted(range(len(keys)), key=lambda at: -keys[at])
    return [latest_first[at] for at in order]


def uniform(seed: int, age: int, tie: int) -> float:
    """SplitMix64 over three integers."""
    mixed = seed
    for part in (age, tie):
        mixed = ((mixed ^ part) + ODD) % WORD
        mixed = (mixed ^ mixed >> 30) * FIRST % WORD
        mixed = (mixed ^ mixed >> 27) * SECOND % WORD
        mixed ^= mixed >> 31
    return ((mixed >> 11) + 0.5) / 2**53


def _values(known: Past, wallet: str, side: int, transfer: Transfer) -> Values:
    held = known.sides(wallet)[side]
    at = next(i for i, one in enumerate(held) if one is transfer)
    total = sum(t.amount for t in held[-64:])
    sent = known.sides(transfer.sender)[1]
    last = next(i for i, one in enumerate(sent) if one is transfer)
    return [
        transfer.amount,
        ratio(transfer.amount * len(held[-64:]), total),
        min(ratio(transfer.amount, total), 1.0),
        ratio(transfer.amount, sum(t.amount for t in sent[max(0, last - 15) : last + 1])),
        (known.as_of - transfer.time) / 1e6,
        (transfer.time - held[at - 1].time) / 1e6 if at else NAN,
        (held[at + 1].time - transfer.time) / 1e6 if at + 1 < len(held) else NAN,
        float(transfer.asset == "ETH"),
        float(transfer.asset == "USDC"),
    ]


def naive_sequence(known: Past, wallet: str, length: int) -> list[Values]:
    """The latest transfers of both sides, the earliest first; of two at once the received."""
    received, sent = known.read(wallet)
    both = [(t.time, 0, i, t) for i, t in enumerate(received)]
    both += [(t.time, 1, i, t) for i, t in enumerate(sent)]
    latest = sorted(both, key=lambda each: each[:3])[-length:]
    total = sum(t.amount for *_, t in latest)
    told: list[Values] = []
    seen: set[str] = set()
    for at, (time, side, _, transfer) in enumerate(latest):
        other = transfer.recipient if side else transfer.sender
        told.append([
            transfer.amount,
            ratio(transfer.amount * len(latest), total),
            float(side),
            float(other not in seen),
            (known.as_of - time) / 1e6,
            (time - latest[at - 1][0]) / 1e6 if at else NAN,
        ])  # fmt: skip
        seen.add(other)
    return told
