"""What may be read of any wallet around one of its transfers.

A search goes from wallet to wallet along transfers, which are known by their places on the side
that it reads. Here are the place of the same transfer on the other side, and the wallet's transfers
before and after it; none of them is at the instant of the past or later.
"""

from features.kernel import before, inner_kernel
from features.past.cut import History, PastSide, held


@inner_kernel
def place_across(side: PastSide, place: int, other: PastSide) -> int:
    """Place on the other side of the transfer at a place of one side; -1 where it is dust there."""
    wallet, time, times = side.counterparty[place], side.time[place], other.time
    start, stop = held(other, wallet, side.as_of[0])
    across = before(times, start, stop, time)
    if across < stop and times[across] == time:
        rows, row = other.transfer, side.transfer[place]
        while across < stop and times[across] == time:
            if rows[across] == row:
                return across
            across += 1
    return -1


@inner_kernel
def earlier(side: PastSide, wallet: int, instant: int) -> History:
    """All transfers of a wallet on a side before an instant, none of them left out."""
    start, stop = held(side, wallet, side.as_of[0])
    end = before(side.time, start, stop, min(instant, side.as_of[0]))
    return History(start, end, end - start)


@inner_kernel
def later(side: PastSide, wallet: int, place: int) -> History:
    """All transfers of a wallet on a side from a place of its own on."""
    start, stop = held(side, wallet, side.as_of[0])
    end = before(side.time, place, stop, side.as_of[0])
    return History(place, end, end - start)
