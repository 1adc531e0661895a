"""Transfers of one wallet that are of one transaction.

On a side they lie together: at one instant a slice is in order of the hashes of transactions.
"""

from features.kernel import UInt64s, inner_kernel
from features.past.around import earlier
from features.past.cut import History, PastSide


@inner_kernel
def end_of_transaction(side: PastSide, tx_hash: UInt64s, place: int, end: int) -> int:
    """Place after the last transfer, before ``end``, of the transaction of the one at a place."""
    times, transfer = side.time, side.transfer
    time, transaction = times[place], tx_hash[transfer[place]]
    after = place + 1
    while after < end and times[after] == time and tx_hash[transfer[after]] == transaction:
        after += 1
    return after


@inner_kernel
def in_transaction(
    side: PastSide, tx_hash: UInt64s, wallet: int, time: int, row: int
) -> tuple[int, int]:
    """Places ``[first, end)`` of a wallet's transfers of the transaction of a row of the log.

    ``time`` is that of the row, in microseconds since 1970 UTC.
    """
    transfer, transaction = side.transfer, tx_hash[row]
    first, stop = earlier(side, wallet, time).end, earlier(side, wallet, time + 1).end
    while first < stop and tx_hash[transfer[first]] < transaction:
        first += 1
    if first == stop or tx_hash[transfer[first]] != transaction:
        return first, first
    return first, end_of_transaction(side, tx_hash, first, stop)


@inner_kernel
def next_in_both(
    near: PastSide, far: PastSide, tx_hash: UInt64s, on_near: History, on_far: History
) -> tuple[int, int]:
    """First places of the next transaction of which a wallet has transfers on both sides.

    They are the ends of the two histories where there is none.
    """
    i, j = on_near.first, on_far.first
    while i < on_near.end and j < on_far.end:
        here, there = near.time[i], far.time[j]
        mine, theirs = tx_hash[near.transfer[i]], tx_hash[far.transfer[j]]
        if here == there and mine == theirs:
            return i, j
        if here < there or (here == there and mine < theirs):
            i += 1
        else:
            j += 1
    return on_near.end, on_far.end
