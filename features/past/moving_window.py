"""Where the window of each row lies in its wallet's slice, and where its blocks meet.

Blocks begin every ``width`` after the first transfer of the slice, so that a window meets one
beginning and a shift of all times changes nothing; and every ``HISTORY_CAP`` transfers, so that the
same holds where a window was cut to that number.
"""

import numpy as np

from features.kernel import Int32s, Int64s, Records, before, inner_kernel
from features.past.cut import HISTORY_CAP, PastSide, held

WINDOW = np.dtype(
    [
        ("first", np.int64),  # the window is places [first, end) of the side
        ("end", np.int64),
        ("left", np.int64),  # places in it at which blocks meet, left <= right; unset in an empty
        ("right", np.int64),  # window, and equal where blocks meet once
    ]
)
_NEVER = -(1 << 62)
_FIRST_LOOK = 8  # transfers; a consecutive row moves on by about one


@inner_kernel
def _ahead(time: Int64s, first: int, end: int, instant: int) -> int:
    """:func:`features.kernel.before`, quick where the place is near ``first``."""
    near = min(first + _FIRST_LOOK, end)
    place = before(time, first, near, instant)
    return place if place < near else before(time, near, end, instant)


@inner_kernel
def locate(side: PastSide, wallets: Int32s, instants: Int64s, width: int, windows: Records) -> None:
    """Find ``[instant - width, instant)``, at most the latest ``HISTORY_CAP`` transfers, of rows.

    Consecutive rows of one wallet are found from each other, so all rows are asked at once: their
    instants are compared here, and that of ``side`` is not.

    Parameters
    ----------
    side : PastSide
    wallets, instants : int32 and int64 array, shape (n,), those of a past
    width : int, microseconds
    windows : records of type ``WINDOW``, shape (n,), to be filled
    """
    time = side.time
    wallet, last, start, stop, first, end = -1, 0, 0, 0, 0, 0
    boundary, timed = _NEVER, 0
    for row in range(wallets.size):
        instant, window = instants[row], windows[row]
        if wallets[row] != wallet or instant < last:
            wallet = wallets[row]
            first, end, start, boundary = 0, 0, 0, _NEVER
        last = instant
        opened = start
        start, stop = held(side, wallet, instant) if wallet >= 0 else (0, 0)
        if start != opened:
            boundary = _NEVER
        first, end = max(first, start), max(end, start)
        end = _ahead(time, end, stop, instant)
        first = _ahead(time, max(first, end - HISTORY_CAP), end, instant - width)
        window.first, window.end = first, end
        if first == end:
            continue
        latest = time[start] + (instant - time[start]) // width * width
        if boundary != latest:
            boundary = latest
            timed = before(time, first, end, boundary)
        timed = max(timed, first)
        counted = start + (end - start) // HISTORY_CAP * HISTORY_CAP
        if counted <= first:
            counted = timed
        window.left = min(timed, counted) if timed > first else counted
        window.right = max(timed, counted)
