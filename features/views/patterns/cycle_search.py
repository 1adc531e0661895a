"""Meet in the middle: the cycles through a wallet, the shortest first.

A cycle of ``L`` transfers is a forward path of ``L - L // 2`` hops and a backward path of
``L // 2`` hops that end at one wallet, so that it is met once. Paths of one side grow only as long
as one of the other side fits them, which spares most reads of other wallets.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.kernel import Float64s, Int32s, Int64s, kernel
from features.ledger.slices import Sides
from features.views.patterns.cycle_paths import (
    ANCHORS,
    N_BUCKETS,
    PATH,
    Int16s,
    Path,
    Paths,
    Way,
    bucket_of,
    choices,
    extend,
    fits,
    fits_any,
    index,
    span,
    start,
)

LONGEST = 6
# A row's cost is bounded by what may go on at each hop. Chance matches multiply from hop to hop,
# so the third asks for a quieter wallet than the second.
HUBS = (256, 128)  # most transfers to choose from of a wallet passed at the second hop, the third
WIDTH = 128  # most paths of two hops, and of three, that are kept
TESTS = 1 << 18  # most comparisons of longer paths with those of the other side, about 1 ms
MOST = 1000  # cycles of a length; wallets that pay each other often make any number of them
COUNTS = slice(0, LONGEST - 1)
AMOUNT, SHARE, FASTEST, TRUNCATED = range(LONGEST - 1, LONGEST + 3)


class Memory(NamedTuple):
    """Working memory of a search.

    Attributes
    ----------
    ahead_1, ahead_2, ahead_3, back_1, back_2, back_3 : Paths
        Forward and backward paths of one, two and three hops, each with room for a candidate.
    busy : Paths
        Forward paths of one hop to a wallet that is not passed through.
    buckets : int16 array
        The paths that others can meet, by the wallet where they end.
    """

    ahead_1: Paths
    ahead_2: Paths
    ahead_3: Paths
    back_1: Paths
    back_2: Paths
    back_3: Paths
    busy: Paths
    buckets: Int16s


class Found(NamedTuple):
    """What a search finds.

    Attributes
    ----------
    line : float64 array
        The columns of the row.
    closing : bool array, shape (ANCHORS,)
        The receipts that close a cycle.
    proof : int64 array, shape (m, 1 + LONGEST)
        Of the first m cycles: microseconds from first to last transfer, then the transfers in order
        of time, -1 after the last.
    money : float64 array, shape (m,)
        What goes round in them.
    """

    line: Float64s
    closing: npt.NDArray[np.bool_]
    proof: Int64s
    money: Float64s


@kernel
def _empty_memory() -> Memory:
    return Memory(
        np.empty(ANCHORS, dtype=PATH),
        np.empty(WIDTH + 1, dtype=PATH),
        np.empty(WIDTH + 1, dtype=PATH),
        np.empty(ANCHORS, dtype=PATH),
        np.empty(WIDTH + 1, dtype=PATH),
        np.empty(1, dtype=PATH),
        np.empty(ANCHORS, dtype=PATH),
        np.empty(N_BUCKETS, dtype=np.int16),
    )


@kernel
def _prove(ahead: Path, back: Path, proof: Int64s) -> None:
    """Write a cycle's duration and its transfers, the earliest first."""
    hops = ahead["hops"]
    length = hops + back["hops"]
    transfers, times = np.empty(length, dtype=np.int64), np.empty(length, dtype=np.int64)
    for hop in range(hops):
        transfers[hop], times[hop] = ahead["transfer"][hop], ahead["time"][hop]
    for hop in range(hops, length):
        at = length - 1 - hop
        transfers[hop], times[hop] = back["transfer"][at], -back["time"][at]
    origin = np.argmin(times)
    proof[0], proof[1:] = span(ahead, back), -1
    for hop in range(length):
        proof[1 + hop] = transfers[(origin + hop) % length]


@kernel
def _close(path: Path, others: Paths, buckets: Int16s, forward: bool, found: Found) -> None:
    """Count the cycles of a path and those of the other side that end at the same wallet."""
    line, last = found.line, path["hops"] - 1
    length = path["hops"] + others[0]["hops"]
    m = np.int64(buckets[bucket_of(path)])
    while m >= 0 and line[length - 2] < MOST:
        other = others[m]
        m = np.int64(other["following"])
        if other["wallet"][other["hops"] - 1] != path["wallet"][last] or not fits(path, other):
            continue
        ahead, back = (path, other) if forward else (other, path)
        n = int(line[COUNTS].sum())
        if n < found.proof.shape[0]:
            _prove(ahead, back, found.proof[n])
            found.money[n] = min(path["least"], other["least"])
        line[length - 2] += 1.0
        line[AMOUNT] += min(path["least"], other["least"])
        line[FASTEST] = min(line[FASTEST], span(path, other) / 1e6)
        found.closing[back["root"]] = True
    if line[length - 2] == MOST:
        line[TRUNCATED] = 1.0


@kernel
def _grow(
    way: Way, paths: Paths, n_paths: int, others: Paths, n_others: int, longer: Paths,
    busy: Paths, buckets: Int16s, found: Found,
) -> tuple[int, int]:  # fmt: skip
    """Add a hop to paths and close what meets one of ``others``.

    Returns how many can go on in ``longer``, and how many at a busy wallet were kept in ``busy``.
    """
    n, n_busy, width, hub = 0, 0, longer.size - 1, HUBS[paths[0]["hops"] - 1]
    tests = 0
    index(others, n_others, buckets)
    for k in range(n_paths):
        path = paths[k]
        if not fits_any(path, others, n_others):
            continue
        first, middle, resume, end = choices(way, path)
        if middle - first + end - resume > hub:
            found.line[TRUNCATED] = 1.0
            if n_busy < busy.size:
                busy[n_busy] = path
                n_busy += 1
            continue
        for i in range(end - 1, first - 1, -1):
            if middle <= i < resume or not extend(way, path, i, longer[n]):
                continue
            tests += n_others
            if tests > TESTS:
                found.line[TRUNCATED] = 1.0
                return n, n_busy
            _close(longer[n], others, buckets, way.sign > 0, found)
            if n == width:
                found.line[TRUNCATED] = max(found.line[TRUNCATED], width > 0)
            elif fits_any(longer[n], others, n_others):
                n += 1
    return n, n_busy


@kernel
def _search(forth: Way, back: Way, n_out: int, n_in: int, memory: Memory, found: Found) -> None:
    """All lengths in turn, as long as both sides have paths."""
    ahead_1, ahead_2, ahead_3, back_1, back_2, back_3, busy, buckets = memory
    none = busy[:0]
    index(back_1, n_in, buckets)
    for k in range(n_out):
        _close(ahead_1[k], back_1, buckets, True, found)
    n_2, n_busy = _grow(forth, ahead_1, n_out, back_1, n_in, ahead_2, busy, buckets, found)
    if n_busy > 0:  # cycles of three past these wallets can be met from the other side
        _grow(back, back_1, n_in, busy, n_busy, back_3, none, buckets, found)
    if n_2 == 0:
        return
    m_2, _ = _grow(back, back_1, n_in, ahead_2, n_2, back_2, none, buckets, found)
    if m_2 == 0:
        return
    n_3, _ = _grow(forth, ahead_2, n_2, back_2, m_2, ahead_3, none, buckets, found)
    if n_3 > 0:
        _grow(back, back_2, m_2, ahead_3, n_3, back_3, none, buckets, found)


@kernel
def find_cycles(
    sides: Sides, codes: Int32s, as_of: Int64s, proof: Int64s, money: Float64s, out: Float64s
) -> None:
    """Fill the rows of ``out``; the cycles of the last row go to ``proof``, as many as it holds."""
    memory, closing = _empty_memory(), np.empty(ANCHORS, dtype=np.bool_)
    for row in range(codes.size):
        line = out[row]
        line[:], closing[:] = 0.0, False
        line[FASTEST] = np.inf
        forth = Way(sides.outgoing, codes[row], as_of[row], 1)
        back = Way(sides.incoming, codes[row], as_of[row], -1)
        n_out, more_out = start(forth, memory.ahead_1)
        n_in, more_in = start(back, memory.back_1)
        if n_out > 0 and n_in > 0:
            line[TRUNCATED] = more_out or more_in
            _search(forth, back, n_out, n_in, memory, Found(line, closing, proof, money))
        received, returned = 0.0, 0.0
        for k in range(n_in):
            amount = memory.back_1[k]["least"]
            received += amount
            returned += amount if closing[k] else 0.0
        line[SHARE] = returned / received if n_in > 0 else np.nan
        if n_in + n_out == 0:
            line[AMOUNT] = np.nan
        if line[FASTEST] == np.inf:
            line[FASTEST] = np.nan
