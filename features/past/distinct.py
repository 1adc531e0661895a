"""Distinct counterparties of one side of a row, in order of first appearance.

That order, unlike the order of wallet codes, is the same in every ledger that holds the same
transfers, so sums over it are too, to the last bit.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import Float64s, Int32s, Int64s, kernel
from features.kernel.hash_table import first_slot, table_mask
from features.ledger.slices import Side
from features.past.history import HISTORY_CAP

_TABLE = 1 << (2 * HISTORY_CAP - 1).bit_length()


class Distinct(NamedTuple):
    """Working memory for one side; entry ``k`` of the lists is the k-th counterparty to appear.

    Attributes
    ----------
    table : int32 array, open-addressing hash table of places in the lists plus 1, 0 where free
    code : int32 array
    count : int64 array, transfers with the counterparty
    value : float64 array, their sum
    first : int64 array, number of the first transfer with it, from 0
    last : int64 array, time of the latest
    """

    table: Int32s
    code: Int32s
    count: Int64s  # type: ignore[assignment]  # hides tuple.count, which nobody needs
    value: Float64s
    first: Int64s
    last: Int64s


@kernel
def empty_distinct() -> Distinct:
    """Working memory for the longest history a row may read."""
    return Distinct(
        np.empty(_TABLE, dtype=np.int32),
        np.empty(HISTORY_CAP, dtype=np.int32),
        np.empty(HISTORY_CAP, dtype=np.int64),
        np.empty(HISTORY_CAP),
        np.empty(HISTORY_CAP, dtype=np.int64),
        np.empty(HISTORY_CAP, dtype=np.int64),
    )


@kernel
def place_of(memory: Distinct, mask: int, code: int) -> int:
    """Slot of the table that holds ``code`` or is free for it."""
    slot = first_slot(code, mask)
    while memory.table[slot] and memory.code[memory.table[slot] - 1] != code:
        slot = (slot + 1) & mask
    return slot


@kernel
def collect(memory: Distinct, side: Side, first: int, end: int) -> tuple[int, int]:
    """Fill ``memory`` from a slice; returns the number of counterparties and the table's mask."""
    mask = table_mask(2 * (end - first))
    memory.table[: mask + 1] = 0
    fan = 0
    for i in range(first, end):
        code = side.counterparty[i]
        slot = place_of(memory, mask, code)
        if memory.table[slot] == 0:
            memory.code[fan], memory.count[fan], memory.value[fan] = code, 0, 0.0
            memory.first[fan] = i - first
            fan += 1
            memory.table[slot] = fan
        at = memory.table[slot] - 1
        memory.count[at] += 1
        memory.value[at] += side.amount[i]
        memory.last[at] = side.time[i]
    return fan, mask
