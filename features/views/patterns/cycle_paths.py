"""Paths from one wallet, forward along sendings or backward along receipts, and how they close.

On the backward side every time is stored negated and a path is read against the flow, so that both
sides grow by the same rule: read in its own direction a path's times rise, or go down once and stay
below the time of its first transfer.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.kernel import DAY, before, kernel
from features.kernel.hash_table import first_slot
from features.ledger.slices import Side
from features.past.history import cut

WINDOW = 7 * DAY  # from a cycle's first transfer to its last
NEAR = 0.5  # a cycle's smallest amount over its largest, at least
ANCHORS = 64  # a wallet's own transfers a side from which paths start, the latest
N_BUCKETS = 256
_HALF = 3  # hops of the longest path

# One path. Records, not columns side by side: a kernel that is called with dozens of arrays spends
# most of its time on counting references to them.
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
Path = Any  # one entry of Paths
Paths = npt.NDArray[np.void]
Int16s = npt.NDArray[np.int16]


class Way(NamedTuple):
    """One direction in which to leave a wallet.

    Attributes
    ----------
    side : Side
        Outgoing for the forward direction, incoming for the backward one.
    code : int
        The wallet in question.
    as_of : int
        Microseconds since 1970 UTC; only transfers before it are read, of every wallet.
    sign : int
        1 forward, -1 backward.
    """

    side: Side
    code: int
    as_of: int
    sign: int


@kernel
def start(way: Way, paths: Paths) -> tuple[int, bool]:
    """Fill the paths of one hop, the latest first; returns their number and if some were left."""
    side = way.side
    first, end, n_all = cut(side, way.code, way.as_of)
    n = 0
    for i in range(end - 1, first - 1, -1):
        amount = side.amount[i]
        if side.counterparty[i] == way.code or amount == 0.0:
            continue
        if n == ANCHORS:
            return n, True
        path = paths[n]
        path["hops"], path["root"] = 1, n
        path["wallet"][0], path["transfer"][0] = side.counterparty[i], side.transfer[i]
        path["time"][0] = path["low"] = path["high"] = way.sign * side.time[i]
        path["least"] = path["most"] = amount
        n += 1
    return n, n_all > end - first


@kernel
def choices(way: Way, path: Path) -> tuple[int, int, int, int]:
    """Two runs of transfers whose times can continue a path: [0, 1) earlier, [2, 3) later."""
    last, time = path["hops"] - 1, way.side.time
    _, end, n_all = cut(way.side, path["wallet"][last], way.as_of)
    begin = end - n_all
    a, b = path["time"][0], path["time"][last]
    if way.sign < 0:
        a, b = -b, -a
    if b < a:
        begin = before(time, begin, end, b + 1)
        end = before(time, begin, end, a)
        return begin, end, end, end
    begin = before(time, begin, end, b - WINDOW)
    end = before(time, begin, end, a + WINDOW + 1)
    middle = before(time, begin, end, a)
    return begin, middle, before(time, middle, end, b + 1), end


@kernel
def extend(way: Way, path: Path, i: int, longer: Path) -> bool:
    """Write a path and then transfer ``i`` to ``longer``, if that is a path too."""
    wallet, hops = way.side.counterparty[i], path["hops"]
    if wallet == way.code:
        return False
    for hop in range(hops):
        if path["wallet"][hop] == wallet:
            return False
    transfer = way.side.transfer[i]
    amount, time = way.side.amount[i], way.sign * way.side.time[i]
    least, most = min(path["least"], amount), max(path["most"], amount)
    if least < NEAR * most:
        return False
    for hop in range(hops):
        longer["wallet"][hop], longer["time"][hop] = path["wallet"][hop], path["time"][hop]
        longer["transfer"][hop] = path["transfer"][hop]
    longer["wallet"][hops], longer["time"][hops], longer["transfer"][hops] = wallet, time, transfer
    longer["low"], longer["high"] = min(path["low"], time), max(path["high"], time)
    longer["least"], longer["most"] = least, most
    longer["hops"], longer["root"] = hops + 1, path["root"]
    return True


@kernel
def span(one: Path, other: Path) -> int:
    """Microseconds from the earliest to the latest transfer of two paths of opposite ways."""
    length: int = max(one["high"], -other["low"]) + max(-one["low"], other["high"])
    return length


@kernel
def fits(one: Path, other: Path) -> bool:
    """Whether one cycle can begin with one path and end with the other, whichever is forward.

    It does where both end at one wallet; else it can only if no rule is broken yet.
    """
    least, most = min(one["least"], other["least"]), max(one["most"], other["most"])
    if least < NEAR * most or span(one, other) > WINDOW:
        return False
    end, far = one["hops"] - 1, other["hops"] - 1
    # read around, times go down once: inside a path, where the two meet, or at the wallet itself;
    # a tie at the latter two makes it twice
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
    """Whether a path fits one of the first ``n`` of the other way."""
    m = 0
    while m < n and not fits(path, others[m]):
        m += 1
    return m < n


@kernel
def bucket_of(path: Path) -> int:
    """Bucket of the wallet where a path ends."""
    wallet: int = path["wallet"][path["hops"] - 1]
    return first_slot(wallet, N_BUCKETS - 1)


@kernel
def index(paths: Paths, n: int, buckets: Int16s) -> None:
    """Chain the first ``n`` paths of each bucket; ``buckets`` gets the first of each, or -1."""
    buckets[:] = -1
    for k in range(n):
        at = bucket_of(paths[k])
        paths[k]["following"] = buckets[at]
        buckets[at] = k
