"""The slow twin of the layering view and of its chains; peel chains are in naive_peel."""

import math
from collections import deque
from functools import cache

import numpy as np

from features.views.layering.chains import HOP_CAP
from tests.naive.past import (
    DAY,
    HOUR,
    NAN,
    WINDOWS,
    Past,
    Row,
    Transfer,
    between,
    earlier_than,
    ratio,
)  # fmt: skip
from tests.naive.peel import peel

FIRST_HOPS = 128
HUB = 100


def layering(past: Past, wallet: str) -> Row:
    """One row of the layering view."""
    received, sent = past.read(wallet)
    total_in = math.fsum(t.amount for t in received)
    total_out = math.fsum(t.amount for t in sent)
    pieces, unfunded = fifo(received, sent)
    row = {
        "pass_through_ratio": ratio(min(total_in, total_out), max(total_in, total_out)),
        **_recent_pass_through(past.as_of, received, sent),
        "unfunded_share": ratio(unfunded, total_out),
        "forwarded_share": ratio(math.fsum(amount for _, amount in pieces), total_in),
    }
    for window, width in {"1h": HOUR, "1d": DAY, "7d": 7 * DAY}.items():
        soon = math.fsum(amount for dwell, amount in pieces if dwell <= width)
        row[f"forwarded_{window}_share"] = ratio(soon, total_in)
    row |= _dwell(sorted(pieces, key=lambda piece: piece[0]))
    row |= _forwarding(received, sent)
    backward, back_cut = chain_depth(past, wallet, forward=False)
    forward, ahead_cut = chain_depth(past, wallet, forward=True)
    row |= {"depth_backward_hops": backward, "depth_forward_hops": forward}
    peeled, peel_cut = peel(past, wallet)
    row |= peeled
    row["truncated_ratio"] = float(back_cut or ahead_cut or peel_cut)
    return {f"layering_{name}": value for name, value in row.items()}


def _recent_pass_through(as_of: int, received: list[Transfer], sent: list[Transfer]) -> Row:
    row = {}
    for window, width in WINDOWS.items():
        sums = [
            math.fsum(t.amount for t in side if t.time >= as_of - width)
            for side in (received, sent)
        ]
        row[f"pass_through_{window}_ratio"] = ratio(min(sums), max(sums))
    return row


def fifo(received: list[Transfer], sent: list[Transfer]) -> tuple[list[tuple[int, float]], float]:
    """(dwell time, amount) of every piece that was sent on, and the sum that had no receipt."""
    events = sorted(
        [(t.time, 0, t.amount) for t in received] + [(t.time, 1, t.amount) for t in sent],
        key=lambda event: event[:2],
    )
    queue: deque[list[float]] = deque()
    pieces, unfunded = [], 0.0
    for time, sending, amount in events:
        if not sending:
            queue.append([time, amount])
            continue
        due = amount
        while due and queue:
            piece = min(due, queue[0][1])
            if piece:
                pieces.append((time - int(queue[0][0]), piece))
            due -= piece
            queue[0][1] -= piece
            if not queue[0][1]:
                queue.popleft()
        unfunded += due
    return pieces, unfunded


def _dwell(pieces: list[tuple[int, float]]) -> Row:
    names = ("dwell_mean_s", "dwell_q10_s", "dwell_q50_s", "dwell_q90_s")
    if not pieces:
        return dict.fromkeys(names, NAN)
    dwells, amounts = np.array(pieces).T
    running = np.cumsum(amounts)
    quantiles = [
        dwells[np.searchsorted(running, share * running[-1])] / 1e6 for share in (0.1, 0.5, 0.9)
    ]
    mean = np.average(dwells, weights=amounts) / 1e6
    return dict(zip(names, (mean, *quantiles), strict=True))


def _forwarding(received: list[Transfer], sent: list[Transfer]) -> Row:
    rapid = near = 0
    for sending in sent:
        earlier = earlier_than(received, sending.time + 1)
        if earlier:
            rapid += sending.time - earlier[-1].time <= HOUR
            near += forwards(earlier[-1].amount, sending.amount)
    return {
        "rapid_out_share": ratio(rapid, len(sent)),
        "near_equal_out_share": ratio(near, len(sent)),
    }


def forwards(earlier: float, later: float) -> bool:
    """A positive amount that is 0.9 to 1 times an earlier one."""
    return 0 < later <= earlier and later >= 0.9 * earlier


def chain_depth(past: Past, wallet: str, *, forward: bool) -> tuple[int, bool]:
    """Hops of the longest chain that starts or ends here, and whether a cap cut it short."""
    starts = chain_starts(past, wallet, forward=forward)

    @cache
    def longest(transfer: Transfer) -> int:
        following = chain_next(past, transfer, forward=forward)
        return 1 + max(map(longest, following), default=0)

    depth = max(map(longest, starts[:FIRST_HOPS]), default=0)
    return min(depth, HOP_CAP), depth > HOP_CAP or len(starts) > FIRST_HOPS


def chain_width(past: Past, wallet: str, *, forward: bool) -> int:
    """Most transfers that share their number of hops: above 128 the search may miss some."""
    level = set(chain_starts(past, wallet, forward=forward)[:FIRST_HOPS])
    widest = 0
    for _ in range(HOP_CAP + 1):
        widest = max(widest, len(level))
        level = {n for t in level for n in chain_next(past, t, forward=forward)}
    return widest


def chain_starts(past: Past, wallet: str, *, forward: bool) -> list[Transfer]:
    """Transfers that can be the first hop, the latest first."""
    side = past.sides(wallet)[forward]
    return [t for t in reversed(side) if t.amount > 0 and t.sender != t.recipient]


def chain_next(past: Past, transfer: Transfer, *, forward: bool) -> list[Transfer]:
    """Transfers that continue a chain by one hop."""
    if forward:
        side = past.sent.get(transfer.recipient, [])
        near = between(side, transfer.time + 1, transfer.time + DAY)
        return [
            t for t in near
            if len(near) <= HUB and t.recipient != t.sender and forwards(transfer.amount, t.amount)
        ]  # fmt: skip
    side = past.received.get(transfer.sender, [])
    near = between(side, transfer.time - DAY, transfer.time - 1)
    return [
        t for t in near
        if len(near) <= HUB and t.recipient != t.sender and forwards(t.amount, transfer.amount)
    ]  # fmt: skip
