"""The windows ``[as_of - width, as_of)`` that views look through."""

import numpy as np

from features.kernel import DAY, HOUR, Float64s, inner_kernel
from features.past.cut import History, PastSide

WINDOWS = {"1h": HOUR, "1d": DAY, "7d": 7 * DAY, "30d": 30 * DAY}  # microseconds, narrowest first
WIDTHS = np.array(list(WINDOWS.values()), dtype=np.int64)


@inner_kernel
def window_sums(side: PastSide, history: History, sums: Float64s) -> float:
    """Sum of what is read of a side; ``sums``, shape (windows,), gets that of each window.

    The newest are added first, so that a window's sum is a partial sum of the whole.
    """
    time, amount, as_of = side.time, side.amount, side.as_of[0]
    total, window = 0.0, 0
    for i in range(history.end - 1, history.first - 1, -1):
        while window < WIDTHS.size and time[i] < as_of - WIDTHS[window]:
            sums[window] = total
            window += 1
        total += amount[i]
    sums[window:] = total
    return total
