"""Arcs: the parts of a possible cycle from a wallet outward, and how two of them close it.

They grow forward along sendings or backward along receipts. On the backward side every time is
stored negated and an arc is read against the flow, so that both sides grow by the same rule: read
in its own direction an arc's times rise, or go down once and stay below the time of its first
transfer.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.kernel import DAY, Records, before, inner_kernel
from features.kernel.hash_table import first_slot
from features.past import History, PastSide, TracedPast, cut

LASTS = 7 * DAY  # from a cycle's first transfer to its last, at most
ALIKE = 0.5  # a cycle's smallest amount over its largest, at least
STARTS = 64  # a wallet's own transfers a side with which arcs start, the latest
N_BUCKETS = 256
_HALF = 3  # hops of the longest arc

# Records, not columns side by side: a kernel that is called with dozens of arrays spends most of
# its time on counting references to them.
ARC = np.dtype(
    [
        ("time", np.int64, _HALF),  # microseconds, negated on the backward side
        ("low", np.int64),  # earliest and latest of them
        ("high", np.int64),
        ("least", np.float64),  # smallest and largest amount
        ("most", np.float64),
        ("wallet", np.int32, _HALF),  # wallets reached
        ("transfer", np.int32, _HALF),  # rows of the ledger's log
        ("hops", np.int16),
        ("root", np.int16),  # place of its first transfer among the arcs of one hop
        ("following", np.int16),  # next arc of the same bucket, -1 after the last
    ],
    align=True,
)
Arc = Any  # one of the records
Int16s = npt.NDArray[np.int16]


class Way(NamedTuple):
    """One direction in which to leave a wallet.

    Attributes
    ----------
    given : TracedPast
    side : PastSide
        Outgoing for the forward direction, incoming for the backward one.
    wallet : int
        The wallet in question, its code.
    sign : int
        1 forward, -1 backward.
    """

    given: TracedPast
    side: PastSide
    wallet: int
    sign: int


class Hop(NamedTuple):
    """One transfer that an arc may go on with.

    ``wallet`` is where it leads, ``amount`` in whole units of the asset, ``time`` in microseconds,
    negated on the backward side.
    """

    wallet: int
    amount: float
    time: int


@inner_kernel
def start(way: Way, history: History, room: Records) -> tuple[int, bool]:
    """Fill ``room`` with the arcs of one hop, the latest first.

    Returns their number, and whether some of the wallet's history was left.
    """
    time, counterparty = way.side.time, way.side.counterparty
    transfer, amounts = way.side.transfer, way.side.amount
    n = 0
    for i in range(history.end - 1, history.first - 1, -1):
        amount = amounts[i]
        if counterparty[i] == way.wallet or amount == 0.0:
            continue
        if n == STARTS:
            return n, True
        arc = room[n]
        arc["hops"], arc["root"] = 1, n
        arc["wallet"][0], arc["transfer"][0] = counterparty[i], transfer[i]
        arc["time"][0] = arc["low"] = arc["high"] = way.sign * time[i]
        arc["least"] = arc["most"] = amount
        n += 1
    return n, history.total > history.end - history.first


@inner_kernel
def choices(way: Way, arc: Arc) -> tuple[int, int, int, int]:
    """Two runs of transfers whose times can continue an arc: [0, 1) earlier, [2, 3) later."""
    last, time = arc["hops"] - 1, way.side.time
    history = cut(way.side, arc["wallet"][last])
    begin, end = history.end - history.total, history.end
    a, b = arc["time"][0], arc["time"][last]
    if way.sign < 0:
        a, b = -b, -a
    if b < a:
        begin = before(time, begin, end, b + 1)
        end = before(time, begin, end, a)
        return begin, end, end, end
    begin = before(time, begin, end, b - LASTS)
    end = before(time, begin, end, a + LASTS + 1)
    middle = before(time, begin, end, a)
    return begin, middle, before(time, middle, end, b + 1), end


@inner_kernel
def extend(arc: Arc, hop: Hop, home: int, longer: Arc) -> bool:
    """Write an arc and then a hop to ``longer``, all but the hop's row, if that is an arc too.

    ``home`` is the wallet in question.
    """
    wallet, hops = hop.wallet, arc["hops"]
    if wallet == home:
        return False
    for k in range(hops):
        if arc["wallet"][k] == wallet:
            return False
    least, most = min(arc["least"], hop.amount), max(arc["most"], hop.amount)
    if least < ALIKE * most:
        return False
    for k in range(hops):
        longer["wallet"][k], longer["time"][k] = arc["wallet"][k], arc["time"][k]
        longer["transfer"][k] = arc["transfer"][k]
    longer["wallet"][hops], longer["time"][hops] = wallet, hop.time
    longer["low"], longer["high"] = min(arc["low"], hop.time), max(arc["high"], hop.time)
    longer["least"], longer["most"] = least, most
    longer["hops"], longer["root"] = hops + 1, arc["root"]
    return True


@inner_kernel
def duration(one: Arc, other: Arc) -> int:
    """Microseconds from the earliest to the latest transfer of two arcs of opposite ways."""
    length: int = max(one["high"], -other["low"]) + max(-one["low"], other["high"])
    return length


@inner_kernel
def fits(one: Arc, other: Arc) -> bool:
    """Whether one cycle can begin with one arc and end with the other, whichever is forward.

    It does where both end at one wallet; else it can only if no rule is broken yet.
    """
    least, most = min(one["least"], other["least"]), max(one["most"], other["most"])
    if least < ALIKE * most or duration(one, other) > LASTS:
        return False
    end, last = one["hops"] - 1, other["hops"] - 1
    # read around, times go down once: inside an arc, where the two meet, or at the wallet itself;
    # a tie at the latter two makes it twice
    downs = (
        int(one["time"][end] < one["time"][0])
        + int(other["time"][last] < other["time"][0])
        + int(one["time"][end] + other["time"][last] >= 0)
        + int(one["time"][0] + other["time"][0] <= 0)
    )
    if downs != 1:
        return False
    for a in range(end):
        for b in range(last):
            if one["wallet"][a] == other["wallet"][b]:
                return False
    return True


@inner_kernel
def fits_any(arc: Arc, others: Records) -> bool:
    """Whether an arc fits one of the other way."""
    m = 0
    while m < others.size and not fits(arc, others[m]):
        m += 1
    return m < others.size


@inner_kernel
def bucket_of(arc: Arc) -> int:
    """Bucket of the wallet where an arc ends."""
    wallet: int = arc["wallet"][arc["hops"] - 1]
    return first_slot(wallet, N_BUCKETS - 1)


@inner_kernel
def index(arcs: Records, buckets: Int16s) -> None:
    """Chain the arcs of each bucket; ``buckets`` gets the first of each, or -1."""
    for at in range(buckets.size):
        buckets[at] = -1
    for k in range(arcs.size):
        at = bucket_of(arcs[k])
        arcs[k]["following"] = buckets[at]
        buckets[at] = k
