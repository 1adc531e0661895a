"""Meet in the middle: the cycles through a wallet, the shortest first.

A cycle of ``L`` transfers is a forward arc of ``L - L // 2`` hops and a backward arc of ``L // 2``
hops that end at one wallet, so that it is met once. Arcs of one side grow only as long as one of
the other side fits them, which spares most reads of other wallets.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.kernel import Int64s, Records, inner_kernel, kernel
from features.past.transactions import mostly_settled
from features.views.patterns.cycle_arcs import (
    ARC,
    N_BUCKETS,
    STARTS,
    Arc,
    Hop,
    Int16s,
    Way,
    bucket_of,
    choices,
    duration,
    extend,
    fits,
    fits_any,
    index,
)

LENGTHS = range(2, 7)  # transfers of a cycle
LONGEST = LENGTHS[-1]
# A row's cost is bounded by what may go on at each hop. Chance matches multiply from hop to hop,
# so the third asks for a quieter wallet than the second.
BUSY = (256, 128)  # most transfers to choose from of a wallet passed at the second hop, the third
ARCS_KEPT = 128  # most of two hops, and of three
CYCLES_COUNTED = 1000  # of a length; wallets that pay each other often make any number of them
_COMPARISONS = 1 << 18  # most of longer arcs with those of the other side, about 1 ms

_SUMMARY = np.dtype(
    [
        ("value", np.float64),  # sum of what goes round, whole units of the asset
        ("fastest", np.int64),  # least microseconds from first to last transfer
        ("cut_short", np.int64),  # 1 if a cap cut the search short
    ]
)
_CYCLE = np.dtype(
    [
        ("money", np.float64),  # what goes round, whole units of the asset
        ("lasts", np.int64),  # microseconds from the first transfer to the last
        ("length", np.int64),
        ("transfer", np.int64, LONGEST),  # rows of the ledger's log in order of time
    ]
)


class Found(NamedTuple):
    """What a search finds.

    Attributes
    ----------
    n : int64 array, shape (LONGEST + 1,), number of cycles by length
    summary : records, shape (1,)
    closing : bool array, shape (STARTS,), the receipts that close a cycle
    cycle : records, shape (m,), the first m cycles
    """

    n: Int64s
    summary: Records
    closing: npt.NDArray[np.bool_]
    cycle: Records


@kernel
def empty_arcs(n: int) -> Records:
    """Room for so many arcs and a candidate."""
    return np.empty(n + 1, dtype=ARC)


def empty_cycles(n: int) -> Records:
    """Room for so many cycles."""
    return np.empty(n, dtype=_CYCLE)


@kernel
def empty_buckets() -> Int16s:
    """Room for the arcs that others can meet, by the wallet where they end."""
    return np.empty(N_BUCKETS, dtype=np.int16)


@kernel
def empty_found(cycle: Records) -> Found:
    """Room for what is found; :func:`forget_found` resets it."""
    return Found(
        np.empty(LONGEST + 1, dtype=np.int64),
        np.empty(1, dtype=_SUMMARY),
        np.empty(STARTS, dtype=np.bool_),
        cycle,
    )


@inner_kernel
def forget_found(found: Found) -> None:
    """Nothing is found yet."""
    for length in range(found.n.size):
        found.n[length] = 0
    for receipt in range(found.closing.size):
        found.closing[receipt] = False
    summary = found.summary[0]
    summary.value, summary.fastest, summary.cut_short = 0.0, np.iinfo(np.int64).max, 0


@inner_kernel
def cycles_in_all(found: Found) -> int:
    """Cycles of all lengths."""
    total = 0
    for n in found.n:
        total += n
    return total


@inner_kernel
def _time(ahead: Arc, back: Arc, hop: int) -> int:
    """Time of a transfer of the cycle that two arcs make, counted from the wallet's own."""
    if hop < ahead["hops"]:
        return int(ahead["time"][hop])
    return -int(back["time"][ahead["hops"] + back["hops"] - 1 - hop])


@inner_kernel
def _row(ahead: Arc, back: Arc, hop: int) -> int:
    """Row in the ledger's log of a transfer of the cycle, counted as in :func:`_time`."""
    if hop < ahead["hops"]:
        return int(ahead["transfer"][hop])
    return int(back["transfer"][ahead["hops"] + back["hops"] - 1 - hop])


@inner_kernel
def _swapped(way: Way, ahead: Arc, back: Arc) -> bool:
    """Whether a transfer of a cycle is one of a swap, of whoever sent or whoever received it."""
    sender, length = way.wallet + 0, ahead["hops"] + back["hops"]
    for hop in range(length):
        time, row = _time(ahead, back, hop), _row(ahead, back, hop)
        recipient = way.wallet + 0  # a sum is an int64, where codes are int32
        if hop < ahead["hops"]:
            recipient = ahead["wallet"][hop] + 0
        elif hop < length - 1:
            recipient = back["wallet"][length - 2 - hop] + 0
        if mostly_settled(way.given, sender, time, row, False):
            return True
        if mostly_settled(way.given, recipient, time, row, True):
            return True
        sender = recipient
    return False


@inner_kernel
def _prove(ahead: Arc, back: Arc, cycle: Any) -> None:
    """Write a cycle, its earliest transfer first."""
    hops = ahead["hops"]
    length = hops + back["hops"]
    origin, earliest = 0, ahead["time"][0]
    for hop in range(1, length):
        time = _time(ahead, back, hop)
        if time < earliest:
            origin, earliest = hop, time
    cycle["money"], cycle["lasts"] = min(ahead["least"], back["least"]), duration(ahead, back)
    cycle["length"] = length
    for hop in range(length):
        cycle["transfer"][hop] = _row(ahead, back, (origin + hop) % length)


@inner_kernel
def close(arc: Arc, others: Records, buckets: Int16s, way: Way, found: Found) -> None:
    """Count the cycles of an arc and those of the other side that end at the same wallet."""
    last, length = arc["hops"] - 1, arc["hops"] + others[0]["hops"]
    m = np.int64(buckets[bucket_of(arc)])
    if m < 0:
        return
    n, summary = found.n, found.summary
    while m >= 0 and n[length] < CYCLES_COUNTED:
        other = others[m]
        m = np.int64(other["following"])
        if other["wallet"][other["hops"] - 1] != arc["wallet"][last] or not fits(arc, other):
            continue
        ahead, back = (arc, other) if way.sign > 0 else (other, arc)
        if _swapped(way, ahead, back):
            continue
        noted = cycles_in_all(found)
        if noted < found.cycle.size:
            _prove(ahead, back, found.cycle[noted])
        n[length] += 1
        summary[0].value += min(arc["least"], other["least"])
        summary[0].fastest = min(summary[0].fastest, duration(arc, other))
        found.closing[back["root"]] = True
    if n[length] == CYCLES_COUNTED:
        summary[0].cut_short = 1


@inner_kernel
def close_all(arcs: Records, others: Records, buckets: Int16s, way: Way, found: Found) -> None:
    """Count the cycles of forward arcs and those of the other side."""
    index(others, buckets)
    for k in range(arcs.size):
        close(arcs[k], others, buckets, way, found)


@inner_kernel
def grow(
    way: Way, arcs: Records, others: Records, longer: Records, busy: Records, buckets: Int16s,
    found: Found,
) -> tuple[int, int]:  # fmt: skip
    """Add a hop to arcs and close what meets one of ``others``.

    Returns how many can go on in ``longer``, and how many at a busy wallet were kept in ``busy``.
    """
    counterparty, amount = way.side.counterparty, way.side.amount
    time, transfer, hops = way.side.time, way.side.transfer, arcs[0]["hops"]
    n, n_busy, width, most, comparisons = 0, 0, longer.size - 1, BUSY[hops - 1], 0
    index(others, buckets)
    for k in range(arcs.size):
        arc = arcs[k]
        if not fits_any(arc, others):
            continue
        first, middle, resume, end = choices(way, arc)
        if middle - first + end - resume > most:
            found.summary[0].cut_short = 1
            if n_busy < busy.size:
                busy[n_busy] = arc
                n_busy += 1
            continue
        for i in range(end - 1, first - 1, -1):
            if middle <= i < resume:
                continue
            hop = Hop(counterparty[i], amount[i], way.sign * time[i])
            if not extend(arc, hop, way.wallet, longer[n]):
                continue
            longer[n]["transfer"][hops] = transfer[i]
            comparisons += others.size
            if comparisons > _COMPARISONS:
                found.summary[0].cut_short = 1
                return n, n_busy
            close(longer[n], others, buckets, way, found)
            if n == width:
                if width > 0:
                    found.summary[0].cut_short = 1
            elif fits_any(longer[n], others):
                n += 1
    return n, n_busy
