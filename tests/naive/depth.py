"""The slow twin of the depth view, without caps on pieces and work: no small world meets them."""

import math
from collections import defaultdict
from dataclasses import dataclass, field

from features.views.depth.around import HUB
from features.views.depth.columns import GREATEST, THROUGH
from features.views.depth.memory import FLOOR, HOP_CAP
from features.views.depth.passing import MATCH
from tests.naive.past import (
    DAY,
    NAN,
    WINDOWS,
    Past,
    Row,
    Transfer,
    between,
    is_pseudo,
    sums_by_transaction,
    transaction_of,
)

FLOWS = [*WINDOWS, "fresh"]
WIDTH = {**WINDOWS, "fresh": 30 * DAY}
Values = dict[str, float]


@dataclass
class Piece:
    """A transfer that carries value, by flow."""

    transfer: Transfer
    values: Values = field(default_factory=lambda: defaultdict(float))
    elapsed: float = 0.0


@dataclass
class Found:
    """What one side's search left."""

    total: float
    ended: dict[str, dict[int, float]]
    unsearched: float = 0.0
    elapsed: float = 0.0
    entries: list[float] = field(default_factory=list)
    paths: float = 0.0
    services: float = 0.0

    def end(self, hops: int, values: Values, elapsed: float) -> None:
        """End value after so many hops."""
        for flow in FLOWS:
            self.ended[flow][hops] += values[flow]
        self.entries.append(values["30d"])
        self.elapsed += elapsed


def depth(past: Past, wallet: str) -> Row:
    """One row of the depth view."""
    row: Row = {}
    truncated = 0.0
    for side, forward in (("in", False), ("out", True)):
        whole = past.sides(wallet)[forward]
        read = past.read(wallet)
        found = follow(past, wallet, kept(read[forward], read[not forward]), forward=forward)
        row |= {f"depth_{name.format(d=side)}": value for name, value in _columns(found).items()}
        part = len(read[forward]) / len(whole) if whole else NAN
        row[f"depth_searched_{side}_share"] *= part
        if found.total and (part < 1 or found.unsearched > GREATEST * found.total):
            truncated = 1.0
    return row | {"depth_truncated_ratio": truncated}


def follow(past: Past, wallet: str, own: list[tuple[Transfer, float]], *, forward: bool) -> Found:
    """Follow value hop by hop, each transfer once a hop."""
    total = sum(amount for _, amount in own)
    found = Found(total, {flow: defaultdict(float) for flow in FLOWS})
    pieces = []
    for transfer, amount in reversed(own):
        values = dict.fromkeys(FLOWS, amount)
        if amount and amount >= FLOOR * total:
            pieces.append(Piece(transfer, values))
        elif amount:
            found.end(1, values, 0.0)
            found.unsearched += amount
    hops = 1
    while pieces:
        carried = [piece.values["30d"] for piece in pieces]
        found.paths = max(found.paths, _effective(carried))
        if hops == HOP_CAP:
            for piece in pieces:
                found.end(hops, piece.values, piece.elapsed)
                found.unsearched += piece.values["30d"]
            break
        following: dict[Transfer, Piece] = {}
        for piece in pieces:
            _pass_on(past, wallet, piece, hops, found, following, forward=forward)
        pieces, hops = list(following.values()), hops + 1
    return found


def _pass_on(
    past: Past, wallet: str, piece: Piece, hops: int, found: Found,
    following: dict[Transfer, Piece], *, forward: bool,
) -> None:  # fmt: skip
    through = piece.transfer.recipient if forward else piece.transfer.sender
    time, whole = piece.transfer.time, piece.values["30d"]
    so_far = piece.elapsed / whole if whole else 0.0
    hidden = is_pseudo(through)
    shares = [] if hidden else _shares(past, through, piece, forward=forward)
    if hidden:
        found.services += whole
    found.services += (
        0.0 if shares or hidden else _at_a_service(past, through, piece, forward=forward)
    )
    left = dict(piece.values)
    for _, share in shares:
        for flow in FLOWS:
            left[flow] -= share[flow]
    left = {flow: max(value, 0.0) for flow, value in left.items()}
    found.end(hops, left, so_far * left["30d"])
    for transfer, share in shares:
        other = transfer.recipient if forward else transfer.sender
        elapsed = (so_far + abs(transfer.time - time) / 1e6) * share["30d"]
        followed = max(share.values()) >= FLOOR * found.total
        if other == wallet or not followed:
            found.end(hops + 1, share, elapsed)
            found.unsearched += share["30d"] if other != wallet else 0.0
            continue
        new = following.setdefault(transfer, Piece(transfer))
        for flow in FLOWS:
            new.values[flow] += share[flow]
        new.elapsed += elapsed


def _shares(
    past: Past, through: str, piece: Piece, *, forward: bool
) -> list[tuple[Transfer, Values]]:
    """What each of a wallet's transfers gets of a piece, where it gets any."""
    received, sent = past.sides(through)
    near, far = (sent, received) if forward else (received, sent)
    time, its = piece.transfer.time, transaction_of(piece.transfer)
    inside = [t for t in _others(_around(near, time, 0)) if transaction_of(t) == its and t.amount]
    if inside:
        taken = sum(t.amount for t in inside)
        given = sums_by_transaction(_others(_around(far, time, 0)))[its]
        part = (min(1.0, taken / given) if given else 1.0) / taken
        return [(t, {flow: piece.values[flow] * part * t.amount for flow in FLOWS}) for t in inside]
    near, far = (_around(side, time, 30 * DAY) for side in (near, far))
    if not near or not far or max(len(near), len(far)) > HUB:
        return []
    ways = [
        (t, amount)
        for t, amount in kept(near, far)
        if amount and (t.time >= time if forward else t.time <= time)
    ]
    first = min(side[0].time for side in (received, sent) if side)
    passed = {flow: _passed(time, width, near, far) for flow, width in WIDTH.items()}
    passed["fresh"] *= first >= time - 30 * DAY
    mix = {
        flow: sum(amount for t, amount in ways if abs(t.time - time) <= width)
        for flow, width in WIDTH.items()
    }
    shares = []
    for transfer, amount in ways:
        share = {
            flow: piece.values[flow] * passed[flow] * amount / mix[flow]
            if mix[flow] and abs(transfer.time - time) <= width
            else 0.0
            for flow, width in WIDTH.items()
        }
        if max(share.values()):
            shares.append((transfer, share))
    return shares


def _at_a_service(past: Past, through: str, piece: Piece, *, forward: bool) -> float:
    """What ends at a wallet with many transfers, if it has any on the side that goes on."""
    time, (received, sent) = piece.transfer.time, past.sides(through)
    sides = (sent, received) if forward else (received, sent)
    near, far = (len(_around(side, time, 30 * DAY)) for side in sides)
    return piece.values["30d"] if near > HUB or (near and far > HUB) else 0.0


def _around(side: list[Transfer], time: int, width: int) -> list[Transfer]:
    """Transfers of a side from so long before to so long after."""
    return between(side, time - width, time + width)


def _others(side: list[Transfer]) -> list[Transfer]:
    return [t for t in side if t.sender != t.recipient]


def kept(near: list[Transfer], far: list[Transfer]) -> list[tuple[Transfer, float]]:
    """What of each transfer is no conversion: the wallet did not give back for it at once."""
    taken, given = sums_by_transaction(_others(near)), sums_by_transaction(_others(far))
    left = []
    for transfer in _others(near):
        whole = taken[transaction_of(transfer)]
        rest = max(whole - given[transaction_of(transfer)], 0.0)
        left.append((transfer, transfer.amount * (rest / whole if whole else 0)))
    return left


def _passed(time: int, width: int, near: list[Transfer], far: list[Transfer]) -> float:
    """Part of what a wallet passes on, or 0 if the sums of its two sides do not agree."""
    taken, given = (
        sum(t.amount for t in _others(side) if abs(t.time - time) <= width) for side in (near, far)
    )
    least, most = min(taken, given), max(taken, given)
    return min(1.0, taken / given) if least and least >= MATCH * most else 0.0


def _columns(found: Found) -> Row:
    """Columns of one side; {d} stands for it."""
    total, row = found.total, {}
    for flow in FLOWS:
        ended = found.ended[flow]
        row[f"mean_{flow}_{{d}}_hops"] = (
            sum(hops * value for hops, value in ended.items()) / total if total else NAN
        )
        row[f"greatest_{flow}_{{d}}_hops"] = _greatest(ended, total) if total else NAN
    for flow in ("1d", "30d", "fresh"):
        for least in THROUGH:
            through = sum(value for hops, value in found.ended[flow].items() if hops > least)
            row[f"through_{least}_{flow}_{{d}}_share"] = through / total if total else NAN
    passed = sum((hops - 1) * value for hops, value in found.ended["30d"].items())
    row["entered_{d}_s"] = found.elapsed / total if total else NAN
    row["dwell_{d}_s"] = found.elapsed / passed if passed else NAN
    row["entries_{d}_count"] = _effective(found.entries) if total else NAN
    row["paths_{d}_count"] = found.paths if total else NAN
    row["services_{d}_share"] = found.services / total if total else NAN
    row["searched_{d}_share"] = 1 - found.unsearched / total if total else NAN
    return row


def _greatest(ended: dict[int, float], total: float) -> int:
    return max(
        (h for h in range(1, HOP_CAP + 1)
         if sum(v for hops, v in ended.items() if hops >= h) >= GREATEST * total),
        default=1,
    )  # fmt: skip


def _effective(values: list[float]) -> float:
    squares = math.fsum(value * value for value in values)
    return math.fsum(values) ** 2 / squares if squares else 0.0
