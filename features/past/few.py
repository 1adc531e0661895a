"""The few transfers that any wallet has within a span of time, or none where they are many.

A search that goes from wallet to wallet looks a short time ahead or back at each. Where a wallet
has many transfers in that time some fit by chance, so a search does not go through it.
"""

from features.kernel import Int64s, before, inner_kernel
from features.past.cut import PastSide, held

_LOOKED_AT = 4  # transfers one by one, before the end is searched for


@inner_kernel
def few_between(side: PastSide, wallet: int, since: int, until: int, most: int) -> tuple[int, int]:
    """Places ``[first, end)`` of a wallet's transfers of ``since <= time < until``, up to the cut.

    Parameters
    ----------
    side : PastSide
    wallet : int, code of one that the ledger knows
    since, until : int, microseconds since 1970 UTC
    most : int
        Where there are more transfers than that, the answer is that there are none.
    """
    start, stop = held(side, wallet, side.as_of[0])
    first = before(side.time, start, stop, since)
    return first, _end(side.time, first, stop, min(until, side.as_of[0]), most)


@inner_kernel
def is_before(side: PastSide, wallet: int, place: int, until: int) -> bool:
    """Whether a wallet has a transfer at a place, up to the cut, that is before an instant."""
    _, stop = held(side, wallet, side.as_of[0])
    return bool(place < stop and side.time[place] < min(until, side.as_of[0]))


@inner_kernel
def _end(time: Int64s, first: int, stop: int, until: int, most: int) -> int:
    """End of what comes from ``first`` on before ``until``; ``first`` where it is too much."""
    if first + most < stop:
        if time[first + most] < until:
            return first
        stop = first + most
    near = min(stop, first + _LOOKED_AT)
    for end in range(first, near):  # most wallets have fewer
        if time[end] >= until:
            return end
    return before(time, near, stop, until)
