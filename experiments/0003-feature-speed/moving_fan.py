"""Distinct counterparties of moving windows of one side, at constant cost a transfer.

A transfer counts when no later one of its window has its counterparty, so that a window moves by
marking the transfer that a new one repeats, and by looking at the mark of one that leaves.
"""

import numpy as np

from features.kernel import Int32s, Int64s, Records, slot_of, table_mask
from features.kernel.hash_table import SECRET, keep_secret
from features.past import HISTORY_CAP, kernel

_RING = 1 << HISTORY_CAP.bit_length()  # a window has a mark for every transfer of it
_SLOTS = 4 * _RING


@kernel
def moving_fans(counterparty: Int32s, windows: Records, fans: Int64s) -> None:
    """Count the different counterparties in the window of each row.

    A window that does not lie ahead of that of the row before is counted anew.

    Parameters
    ----------
    counterparty : int32 array, that of a side
    windows : records of type ``features.past.moving_window.WINDOW``, shape (n,)
    fans : int64 array, shape (n,), to be filled
    """
    # hash table of places in counterparty: the latest transfer of each wallet, plus 1
    latest = np.empty(_SLOTS + SECRET, dtype=np.int64)
    keep_secret(latest)
    repeated = np.empty(_RING, dtype=np.uint8)
    first, end, fan, used, mask = 0, 0, 0, 0, -1
    for row in range(fans.size):
        wanted, stop = windows[row].first, windows[row].end
        if wanted < first or stop < end or wanted >= end:
            first, end, fan, used, mask = wanted, wanted, 0, 0, -1
        while first < wanted:
            fan -= repeated[first & (_RING - 1)] == 0
            first += 1
        while end < stop:
            if 2 * used > mask:
                mask = table_mask(4 * (end - first + 1))
                used = _rebuild(latest, mask, counterparty, first, end)
            slot = slot_of(latest, counterparty, mask, counterparty[end])
            same = latest[slot] - 1
            if same >= first:
                repeated[same & (_RING - 1)] = 1
            else:
                fan += 1
            used += same < 0
            repeated[end & (_RING - 1)] = 0
            end += 1
            latest[slot] = end
        fans[row] = fan


@kernel
def _rebuild(latest: Int64s, mask: int, counterparty: Int32s, first: int, end: int) -> int:
    """Make the table of ``[first, end)``; returns the number of slots in use."""
    for slot in range(mask + 1):
        latest[slot] = 0
    used = 0
    for i in range(first, end):
        slot = slot_of(latest, counterparty, mask, counterparty[i])
        used += latest[slot] == 0
        latest[slot] = i + 1
    return used
