"""Distinct counterparties of moving windows of one side, at constant cost a transfer.

A transfer counts when no later one of its window has its counterparty, so that a window moves by
marking the transfer that a new one repeats, and by looking at the mark of one that leaves.
"""

import numpy as np
import numpy.typing as npt

from features.kernel import Int32s, Int64s, kernel
from features.kernel.hash_table import first_slot, table_mask
from features.past.history import HISTORY_CAP
from features.past.moving_window import END, FIRST, Places

Marks = npt.NDArray[np.uint8]
_RING = 1 << HISTORY_CAP.bit_length()  # a window has a mark for every transfer of it
_TABLE = 4 * _RING


@kernel
def moving_fans(counterparty: Int32s, places: Places, fans: Int64s) -> None:
    """Fill ``fans`` with the number of different counterparties in the window of each row.

    A window that does not lie ahead of that of the row before is counted anew.
    """
    keys = np.empty(_TABLE, dtype=np.int32)
    latest = np.empty(_TABLE, dtype=np.int64)  # place of the key's latest transfer plus 1, 0: free
    repeated = np.empty(_RING, dtype=np.uint8)
    first, end, fan, used, mask = 0, 0, 0, 0, -1
    for row in range(fans.size):
        wanted, stop = places[row, FIRST], places[row, END]
        if wanted < first or stop < end or wanted >= end:
            first, end, fan, used, mask = wanted, wanted, 0, 0, -1
        while first < wanted:
            fan -= repeated[first & (_RING - 1)] == 0
            first += 1
        while end < stop:
            if 2 * used > mask:
                mask = table_mask(4 * (end - first + 1))
                used = _rebuild(keys, latest, mask, counterparty, first, end)
            slot = _slot(keys, latest, mask, counterparty[end])
            same = latest[slot] - 1
            if same >= first:
                repeated[same & (_RING - 1)] = 1
            else:
                fan += 1
            used += same < 0
            repeated[end & (_RING - 1)] = 0
            end += 1
            keys[slot], latest[slot] = counterparty[end - 1], end
        fans[row] = fan


@kernel
def _slot(keys: Int32s, latest: Int64s, mask: int, code: int) -> int:
    """Slot of the table that holds ``code`` or is free for it."""
    slot = first_slot(code, mask)
    while latest[slot] and keys[slot] != code:
        slot = (slot + 1) & mask
    return slot


@kernel
def _rebuild(
    keys: Int32s, latest: Int64s, mask: int, counterparty: Int32s, first: int, end: int
) -> int:
    """Make the table of ``[first, end)``; returns the number of slots in use."""
    latest[: mask + 1] = 0
    used = 0
    for i in range(first, end):
        slot = _slot(keys, latest, mask, counterparty[i])
        used += latest[slot] == 0
        keys[slot], latest[slot] = counterparty[i], i + 1
    return used
