"""Dwell: for how long value stays with a wallet, by first in, first out.

First in, first out decides which receipts a sending spends (:mod:`features.past.fifo`); the part of
a sending that one receipt pays is a piece, and its dwell time the time between the two. At one
instant receipts come before sendings.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import Float64s, Int64s
from features.past import HISTORY_CAP, SECOND, Past, Question, before, inner_kernel, kernel, spend
from features.views.layering.columns import DWELL_QUANTILES, FORWARDED_WITHIN, OF

_PIECES = 2 * HISTORY_CAP  # each ends a receipt or a sending
_RUN = 16  # pieces that are sorted by insertion


class Pieces(NamedTuple):
    """Working memory for one wallet.

    Attributes
    ----------
    left, taken : float64 arrays, shape (HISTORY_CAP,), of each receipt, see :func:`spend`
    dwell : int64 array, shape (2, _PIECES)
        Time from receipt to sending of each piece, microseconds; the second half is for sorting.
    amount : float64 array, shape (2, _PIECES), whole units of the asset
    """

    left: Float64s
    taken: Float64s
    dwell: Int64s
    amount: Float64s


@kernel
def empty_pieces() -> Pieces:
    """Working memory for the longest history a row may read."""
    return Pieces(
        np.empty(HISTORY_CAP),
        np.empty(HISTORY_CAP),
        np.empty((2, _PIECES), dtype=np.int64),
        np.empty((2, _PIECES)),
    )


@inner_kernel
def dwell_columns(
    past: Past, asked: Question, pieces: Pieces, total: float, out: Float64s
) -> float:
    """Fill shares sent on and dwell times of a wallet that received a ``total`` above 0.

    Reads both sides; ``out`` is the row. Returns the value sent that no receipt covers.
    """
    n, uncovered = match(past, asked, pieces)
    at = sort_pieces(pieces, n)
    _describe(pieces.dwell[at, :n], pieces.amount[at, :n], total, out)
    return uncovered


@inner_kernel
def match(past: Past, asked: Question, pieces: Pieces) -> tuple[int, float]:
    """Find the pieces, in order of the sendings; returns their number and the value uncovered."""
    time_in, time_out = past.incoming.time, past.outgoing.time
    amount_in, amount_out = past.incoming.amount, past.outgoing.amount
    left, taken, dwell, amount = pieces.left, pieces.taken, pieces.dwell[0], pieces.amount[0]
    first, came_last = asked.received.first, asked.received.end - asked.received.first
    n, came, oldest, uncovered = 0, 0, 0, 0.0
    for j in range(asked.sent.first, asked.sent.end):
        while came < came_last and time_in[first + came] <= time_out[j]:
            left[came] = amount_in[first + came]
            came += 1
        spent = spend(left, taken, oldest, came, amount_out[j])
        for k in range(oldest, spent.reached):
            if taken[k] > 0.0:
                dwell[n], amount[n] = time_out[j] - time_in[first + k], taken[k]
                n += 1
        oldest = spent.oldest
        uncovered += spent.uncovered
    return n, uncovered


@inner_kernel
def sort_pieces(pieces: Pieces, n: int) -> int:
    """Sort ``n`` pieces by dwell time, equal ones in their order; returns which half has them.

    Short runs by insertion, then runs of twice the length are merged into the other half.
    """
    dwell, amount = pieces.dwell, pieces.amount
    for start in range(0, n, _RUN):
        _sort_run(dwell[0], amount[0], start, min(start + _RUN, n))
    at, run = 0, _RUN
    while run < n:
        for start in range(0, n, 2 * run):
            middle, end = min(start + run, n), min(start + 2 * run, n)
            i, j = start, middle
            for k in range(start, end):
                if i < middle and (j == end or dwell[at, i] <= dwell[at, j]):
                    dwell[1 - at, k], amount[1 - at, k] = dwell[at, i], amount[at, i]
                    i += 1
                else:
                    dwell[1 - at, k], amount[1 - at, k] = dwell[at, j], amount[at, j]
                    j += 1
        at, run = 1 - at, 2 * run
    return at


@inner_kernel
def _sort_run(dwell: Int64s, amount: Float64s, start: int, end: int) -> None:
    for i in range(start + 1, end):
        waited, value = dwell[i], amount[i]
        j = i - 1
        while j >= start and dwell[j] > waited:
            dwell[j + 1], amount[j + 1] = dwell[j], amount[j]
            j -= 1
        dwell[j + 1], amount[j + 1] = waited, value


@inner_kernel
def _describe(dwell: Int64s, amount: Float64s, total: float, out: Float64s) -> None:
    """Fill the columns from pieces by ascending dwell time; ``amount`` becomes the running sum."""
    n, forwarded, weighted = dwell.size, 0.0, 0.0
    for k in range(n):
        forwarded += amount[k]
        weighted += amount[k] * (dwell[k] / SECOND)
        amount[k] = forwarded
    out[OF.forwarded_share] = min(forwarded / total, 1.0)  # the sums are rounded in other orders
    for width, place in FORWARDED_WITHIN:
        soon = before(dwell, 0, n, width + 1)
        out[place] = min(amount[soon - 1] / total, 1.0) if soon else 0.0
    if n == 0:
        return
    out[OF.dwell_mean_s] = weighted / forwarded
    k = 0
    for share, place in DWELL_QUANTILES:
        while amount[k] < share * forwarded:
            k += 1
        out[place] = dwell[k] / SECOND
