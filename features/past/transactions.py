"""Transfers of one wallet that are of one transaction.

On a side they lie together: at one instant a slice is in order of the hashes of transactions.
"""

from features.kernel import UInt64s, before, inner_kernel
from features.past.cut import History, PastSide, TracedPast, held

MOST = 0.5  # of a sum: what is above is the greater part


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
    times, transfer = side.time, side.transfer
    start, stop = held(side, wallet, side.as_of[0])
    first = before(times, start, stop, time)
    # most wallets have nothing else at the instant, and the hash of a row is far away in memory
    if first == stop or times[first] != time or time >= side.as_of[0]:
        return first, first
    transaction = tx_hash[row]
    while first < stop and times[first] == time and tx_hash[transfer[first]] < transaction:
        first += 1
    if first == stop or times[first] != time or tx_hash[transfer[first]] != transaction:
        return first, first
    return first, end_of_transaction(side, tx_hash, first, stop)


@inner_kernel
def sum_of(side: PastSide, first: int, end: int, wallet: int) -> float:
    """Sum of a wallet's transfers, but for those to itself."""
    total = 0.0
    for place in range(first, end):
        if side.counterparty[place] != wallet:
            total += side.amount[place]
    return total


@inner_kernel
def mostly_settled(given: TracedPast, wallet: int, time: int, row: int, received: bool) -> bool:
    """Whether a wallet gave (or got) back most of what it moved in the transaction of a row.

    ``received`` says by which side of the wallet: what it received there was mostly given on
    there, as by a router or a pool, or what it sent there was mostly repaid, as of whoever swaps.
    ``time`` is that of the row, in microseconds since 1970 UTC.
    """
    past, tx_hash = given.past, given.tx_hash
    near, far = (past.incoming, past.outgoing) if received else (past.outgoing, past.incoming)
    first, end = in_transaction(far, tx_hash, wallet, time, row)
    if first == end:
        return False
    back = sum_of(far, first, end, wallet)
    whole = sum_of(near, *in_transaction(near, tx_hash, wallet, time, row), wallet)
    return bool(whole > 0.0 and back > MOST * whole)


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
