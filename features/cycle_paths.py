"""Paths from one wallet, forward along sendings or backward along receipts, and how they close.

On the backward side every time is stored negated and a path is read against the flow, so that both
sides grow by the same rule: read in its own direction a path's times rise, or go down once and stay
below the time of its first transfer.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from features._numba import kernel
from features.columns import DAY
from features.history import before, cut
from features.slices import Float64s, Side

WINDOW = 7 * DAY  # from a cycle's first transfer to its last
NEAR = 0.5  # a cycle's smallest amount over its largest, at least
ANCHORS = 32  # a wallet's own transfers a side from which paths start, the latest
HUB = 64  # a wallet with more transfers to choose from is not passed through
N_BUCKETS = 256
_HALF = 3

# One path. A record, not columns side by side: a kernel that is called with many arrays spends its
# time on counting references to them.
PATH = np.dtype(
    [
        ("time", np.int64, _HALF),  # microseconds, negated on the backward side
        ("low", np.int64),  # earliest and latest of them
        ("high", np.int64),
        ("least", np.float64),  # smallest and largest amount
        ("most", np.float64),
        ("wallet", np.int32, _HALF),  # wallets reached
        ("transfer", np.int32, _HALF),  # rows of the ledger's log
        ("hops", np.int16),
        ("root", np.int16),  # place of its first transfer among the paths of one hop
        ("following", np.int16),  # next path of the same bucket, -1 after the last
    ],
    align=True,
)
Int16s = npt.NDArray[np.int16]
Path = Any
Paths = npt.NDArray[np.void]


@kernel
def start(
    side: Side, amounts: Float64s, code: int, as_of: int, sign: int, paths: Paths
) -> tuple[int, bool]:
    """Fill the paths of one hop, the latest first; returns their number and if some were left."""
    first, end, n_all = cut(side, code, as_of)
    n = 0
    for i in range(end - 1, first - 1, -1):
        amount = amounts[side.transfer[i]]
        if side.counterparty[i] == code or amount == 0.0:
            continue
        if n == ANCHORS:
            return n, True
        path = paths[n]
        path["hops"], path["root"] = 1, n
        path["wallet"][0], path["transfer"][0] = side.counterparty[i], side.transfer[i]
        path["time"][0] = path["low"] = path["high"] = sign * side.time[i]
        path["least"] = path["most"] = amount
        n += 1
    return n, n_all > end - first


@kernel
def choices(side: Side, path: Path, as_of: int, sign: int) -> tuple[int, int, int, int]:
    """Two runs of transfers whose times can continue a path, the earlier ones first."""
    last = path["hops"] - 1
    _, end, n_all = cut(side, path["wallet"][last], as_of)
    begin = end - n_all
    a, b = path["time"][0], path["time"][last]
    if sign < 0:
        a, b = -b, -a
    if b < a:
        begin = before(side.time, begin, end, b + 1)
        end = before(side.time, begin, end, a)
        return begin, end, end, end
    begin = before(side.time, begin, end, b - WINDOW)
    end = before(side.time, begin, end, a + WINDOW + 1)
    middle = before(side.time, begin, end, a)
    return begin, middle, before(side.time, middle, end, b + 1), end


@kernel
def extend(
    path: Path, side: Side, amounts: Float64s, i: int, sign: int, code: int, longer: Path
) -> bool:
    """Write a path and then transfer ``i`` to ``longer``, if that is a path too."""
    wallet, hops = side.counterparty[i], path["hops"]
    if wallet == code:
        return False
    for hop in range(hops):
        if path["wallet"][hop] == wallet:
            return False
    amount = amounts[side.transfer[i]]
    least, most = min(path["least"], amount), max(path["most"], amount)
    if least < NEAR * most:
        return False
    time = sign * side.time[i]
    for hop in range(hops):
        longer["wallet"][hop], longer["time"][hop] = path["wallet"][hop], path["time"][hop]
        longer["transfer"][hop] = path["transfer"][hop]
    longer["wallet"][hops], longer["time"][hops] = wallet, time
    longer["transfer"][hops] = side.transfer[i]
    longer["low"], longer["high"] = min(path["low"], time), max(path["high"], time)
    longer["least"], longer["most"] = least, most
    longer["hops"], longer["root"] = hops + 1, path["root"]
    return True


@kernel
def span(one: Path, other: Path) -> int:
    """Microseconds from the earliest to the latest transfer of two paths of opposite sides."""
    return max(one["high"], -other["low"]) + max(-one["low"], other["high"])


@kernel
def fits(one: Path, other: Path) -> bool:
    """Whether two paths of opposite sides can belong to one cycle."""
    least, most = min(one["least"], other["least"]), max(one["most"], other["most"])
    if least < NEAR * most or span(one, other) > WINDOW:
        return False
    end, far = one["hops"] - 1, other["hops"] - 1
    # read around, times must go down once; a tie where the sides meet counts twice
    downs = (
        int(one["time"][end] < one["time"][0])
        + int(other["time"][far] < other["time"][0])
        + int(one["time"][end] + other["time"][far] >= 0)
        + int(one["time"][0] + other["time"][0] <= 0)
    )
    if downs != 1:
        return False
    for a in range(end):
        for b in range(far):
            if one["wallet"][a] == other["wallet"][b]:
                return False
    return True


@kernel
def fits_any(path: Path, others: Paths, n: int) -> bool:
    """Whether a path fits one of the first ``n`` of the other side."""
    for m in range(n):
        if fits(path, others[m]):
            return True
    return False


@kernel
def bucket_of(code: int) -> int:
    """Bucket of a wallet."""
    return int((code * np.int64(0x9E3779B1) >> 8) & (N_BUCKETS - 1))


@kernel
def index(paths: Paths, n: int, buckets: Int16s) -> None:
    """Sort ``n`` paths into buckets by the wallet they end at."""
    buckets[:] = -1
    for k in range(n):
        path = paths[k]
        at = bucket_of(path["wallet"][path["hops"] - 1])
        path["following"] = buckets[at]
        buckets[at] = k
