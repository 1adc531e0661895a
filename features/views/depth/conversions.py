"""What of a wallet's transfers is no conversion.

A transaction in which a wallet gives and takes is a conversion up to the lesser of the two sums: it
gave one asset for another, or got its change back. What it had before it has after, so that value
is not followed through whom it dealt with. What one sum exceeds the other by is an ordinary
receipt or sending.
"""

from features.kernel import Float64s, UInt64s
from features.past import PastSide, before, inner_kernel
from features.past.cut import held
from features.views.depth.around import Around


@inner_kernel
def end_of_transaction(side: PastSide, tx_hash: UInt64s, place: int, end: int) -> int:
    """Place after the last transfer of the transaction that the one at a place is of."""
    times, transfer = side.time, side.transfer
    time, transaction = times[place], tx_hash[transfer[place]]
    after = place + 1
    while after < end and times[after] == time and tx_hash[transfer[after]] == transaction:
        after += 1
    return after


@inner_kernel
def in_transaction(
    side: PastSide, tx_hash: UInt64s, wallet: int, time: int, transaction: int
) -> tuple[int, int]:
    """Places ``[first, end)`` of a wallet's transfers of a transaction, given by its hash."""
    times, transfer = side.time, side.transfer
    start, stop = held(side, wallet, side.as_of[0])
    first = before(times, start, stop, time)
    while first < stop and times[first] == time and tx_hash[transfer[first]] != transaction:
        first += 1
    if first == stop or times[first] != time:
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
def kept_of(
    near: PastSide, far: PastSide, tx_hash: UInt64s, wallet: int, found: Around, kept: Float64s
) -> None:
    """Fill what of each transfer on the near side is no conversion, from ``kept[0]`` on.

    Of transfers to itself it is nothing.
    """
    amount, other = near.amount, near.counterparty
    first, i, j = found.near_first, found.near_first, found.far_first
    for place in range(first, found.near_end):
        kept[place - first] = amount[place] if other[place] != wallet else 0.0
    while i < found.near_end and j < found.far_end:
        here, there = near.time[i], far.time[j]
        if here == there:
            mine, theirs = tx_hash[near.transfer[i]], tx_hash[far.transfer[j]]
            if mine == theirs:
                i_end = end_of_transaction(near, tx_hash, i, found.near_end)
                j_end = end_of_transaction(far, tx_hash, j, found.far_end)
                whole = sum_of(near, i, i_end, wallet)
                rest = max(whole - sum_of(far, j, j_end, wallet), 0.0)
                for place in range(i, i_end):
                    kept[place - first] *= rest / whole if whole > 0.0 else 0.0
                i, j = i_end, j_end
            elif mine < theirs:
                i += 1
            else:
                j += 1
        elif here < there:
            i += 1
        else:
            j += 1
