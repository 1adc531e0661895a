"""Meet in the middle: all cycles through a wallet, the shortest first."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features._numba import kernel
from features.cycle_paths import (
    ANCHORS,
    HUB,
    N_BUCKETS,
    PATH,
    Int16s,
    Path,
    Paths,
    bucket_of,
    choices,
    extend,
    fits,
    fits_any,
    index,
    span,
    start,
)
from features.slices import Float64s, Int32s, Int64s, Side, Sides

LONGEST = 6
WIDTH = 128  # paths kept of each length of two hops and more
N_COLUMNS = LONGEST + 3
_AMOUNT, _SHARE, _FASTEST, _TRUNCATED = range(LONGEST - 1, N_COLUMNS)


class Found(NamedTuple):
    """What a row's search writes.

    Attributes
    ----------
    line : float64 array, the columns
    closed : bool array, shape (ANCHORS,), receipts that closed a cycle
    proof : int64 array, shape (m, LONGEST + 1)
        Of the first m cycles: duration in microseconds, then the transfers in order of time, -1
        after the last.
    """

    line: Float64s
    closed: npt.NDArray[np.bool_]
    proof: Int64s


@kernel
def _prove(ahead: Path, back: Path, line: Int64s) -> None:
    """Write a cycle: its duration and its transfers, the earliest first."""
    i, length = ahead["hops"], ahead["hops"] + back["hops"]
    transfers, times = np.empty(LONGEST, dtype=np.int64), np.empty(LONGEST, dtype=np.int64)
    for hop in range(length):
        if hop < i:
            transfers[hop], times[hop] = ahead["transfer"][hop], ahead["time"][hop]
        else:
            transfers[hop] = back["transfer"][length - 1 - hop]
            times[hop] = -back["time"][length - 1 - hop]
    origin = np.argmin(times[:length])
    line[0], line[1:] = span(ahead, back), -1
    for hop in range(length):
        line[1 + hop] = transfers[(origin + hop) % length]


@kernel
def _close(path: Path, others: Paths, buckets: Int16s, sign: int, found: Found) -> None:
    """Count the cycles that a path closes with paths of the other side that end where it ends."""
    line = found.line
    wallet = path["wallet"][path["hops"] - 1]
    m = np.int64(buckets[bucket_of(wallet)])
    while m >= 0:
        other = others[m]
        m = np.int64(other["following"])
        if other["wallet"][other["hops"] - 1] != wallet or not fits(path, other):
            continue
        ahead, back = (path, other) if sign > 0 else (other, path)
        n = int(line[:_AMOUNT].sum())
        if n < found.proof.shape[0]:
            _prove(ahead, back, found.proof[n])
        line[path["hops"] + other["hops"] - 2] += 1.0
        line[_AMOUNT] += min(path["least"], other["least"])
        line[_FASTEST] = min(line[_FASTEST], span(path, other) / 1e6)
        found.closed[back["root"]] = True


@kernel
def _grow(
    side: Side, amounts: Float64s, code: int, as_of: int, sign: int, paths: Paths, n_paths: int,
    others: Paths, n_others: int, longer: Paths, buckets: Int16s, found: Found,
) -> int:  # fmt: skip
    """Continue paths by one hop and close what can be closed; returns how many can go on."""
    width = longer.size - 1
    n = 0
    index(others, n_others, buckets)
    for k in range(n_paths):
        path = paths[k]
        if not fits_any(path, others, n_others):
            continue
        first, middle, resume, end = choices(side, path, as_of, sign)
        if end - resume + middle - first > HUB:
            continue
        for i in range(end - 1, first - 1, -1):
            if middle <= i < resume or not extend(path, side, amounts, i, sign, code, longer[n]):
                continue
            _close(longer[n], others, buckets, sign, found)
            if width > 0 and fits_any(longer[n], others, n_others):
                if n == width:
                    found.line[_TRUNCATED] = 1.0
                else:
                    n += 1
    return n


@kernel
def find_cycles(sides: Sides, codes: Int32s, as_of: Int64s, proof: Int64s, out: Float64s) -> None:
    """Search the cycles of each row."""
    incoming, outgoing, amounts = sides
    ahead_1, back_1 = np.empty(ANCHORS, dtype=PATH), np.empty(ANCHORS, dtype=PATH)
    ahead_2, back_2 = np.empty(WIDTH + 1, dtype=PATH), np.empty(WIDTH + 1, dtype=PATH)
    ahead_3, back_3 = np.empty(WIDTH + 1, dtype=PATH), np.empty(1, dtype=PATH)
    buckets, closed = np.empty(N_BUCKETS, dtype=np.int16), np.empty(ANCHORS, dtype=np.bool_)
    for row in range(codes.size):
        code, instant, line = codes[row], as_of[row], out[row]
        line[:] = 0.0
        line[_FASTEST] = np.inf
        closed[:] = False
        found = Found(line, closed, proof)
        n_out, more_out = start(outgoing, amounts, code, instant, 1, ahead_1)
        n_in, more_in = start(incoming, amounts, code, instant, -1, back_1)
        if n_out > 0 and n_in > 0:
            line[_TRUNCATED] = more_out or more_in
            index(back_1, n_in, buckets)
            for k in range(n_out):
                _close(ahead_1[k], back_1, buckets, 1, found)
            n_2 = _grow(outgoing, amounts, code, instant, 1, ahead_1, n_out, back_1, n_in, ahead_2, buckets, found)
            if n_2 > 0:
                m_2 = _grow(incoming, amounts, code, instant, -1, back_1, n_in, ahead_2, n_2, back_2, buckets, found)
                if m_2 > 0:
                    n_3 = _grow(outgoing, amounts, code, instant, 1, ahead_2, n_2, back_2, m_2, ahead_3, buckets, found)
                    if n_3 > 0:
                        _grow(incoming, amounts, code, instant, -1, back_2, m_2, ahead_3, n_3, back_3, buckets, found)
        received, returned = 0.0, 0.0
        for k in range(n_in):
            received += back_1[k]["least"]
            returned += back_1[k]["least"] if closed[k] else 0.0
        line[_SHARE] = returned / received if n_in > 0 else np.nan
        if line[_FASTEST] == np.inf:
            line[_FASTEST] = np.nan
