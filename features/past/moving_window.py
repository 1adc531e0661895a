"""Where the window of each row lies in its wallet's slice, and where its blocks meet.

Blocks begin every ``width`` after the first transfer of the slice, so that a window meets one
beginning and a shift of all times changes nothing; and every ``HISTORY_CAP`` transfers, so that the
same holds where a window was cut to that number.
"""

import numpy as np
import numpy.typing as npt

from features.kernel import Int32s, Int64s, before, kernel
from features.ledger.slices import Side
from features.past.history import HISTORY_CAP

Places = npt.NDArray[np.int64]  # shape (rows, 4)
FIRST, END, ONE, TWO = 0, 1, 2, 3
_NEVER = -(1 << 62)
_NEAR = 8  # a consecutive row moves on by about one transfer


@kernel
def _ahead(time: Int64s, first: int, end: int, instant: int) -> int:
    """:func:`features.past.history.before`, quick where the place is near ``first``."""
    near = min(first + _NEAR, end)
    place = before(time, first, near, instant)
    return place if place < near else before(time, near, end, instant)


@kernel
def locate(side: Side, codes: Int32s, as_of: Int64s, width: int, places: Places) -> None:
    """Find ``[as_of - width, as_of)``, at most the latest ``HISTORY_CAP`` transfers, of each row.

    Sets the first place and the end of each window, and the one or two places, in order, at which
    blocks meet inside it. Consecutive rows of one wallet are found from each other.
    """
    time, starts, counts = side.time, side.start, side.count
    code, last, start, stop, first, end = -1, 0, 0, 0, 0, 0
    boundary, timed = _NEVER, 0
    for row in range(codes.size):
        instant = as_of[row]
        if codes[row] != code or instant < last:
            code = codes[row]
            start = starts[code] if code >= 0 else 0
            stop = start + counts[code] if code >= 0 else 0
            first, end, boundary = start, start, _NEVER
        last = instant
        end = _ahead(time, end, stop, instant)
        first = _ahead(time, max(first, end - HISTORY_CAP), end, instant - width)
        places[row, FIRST], places[row, END] = first, end
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
        places[row, ONE] = min(timed, counted) if timed > first else counted
        places[row, TWO] = max(timed, counted)
