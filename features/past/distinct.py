"""Distinct counterparties of one side of a row, in order of first appearance.

That order, unlike the order of wallet codes, is the same in every ledger that holds the same
transfers, so sums over it are too, to the last bit.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import (
    Float64s,
    Int32s,
    Int64s,
    empty_table,
    inner_kernel,
    kernel,
    slot_of,
    table_mask,
)
from features.past.cut import HISTORY_CAP, History, PastSide

_SLOTS = 1 << (2 * HISTORY_CAP - 1).bit_length()


class Distinct(NamedTuple):
    """Working memory for one side; entry ``k`` of the lists is the k-th counterparty to appear.

    Attributes
    ----------
    table : int32 array, hash table of places in the lists, see :func:`slot_of`
    code : int32 array, shape (HISTORY_CAP,), keys of the table
    count : int64 array, shape (HISTORY_CAP,), transfers with the counterparty
    value : float64 array, shape (HISTORY_CAP,), their sum, whole units of the asset
    first : int64 array, shape (HISTORY_CAP,), number of the first transfer with it, from 0
    last : int64 array, shape (HISTORY_CAP,), time of the latest, microseconds since 1970 UTC
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
        empty_table(_SLOTS),
        np.empty(HISTORY_CAP, dtype=np.int32),
        np.empty(HISTORY_CAP, dtype=np.int64),
        np.empty(HISTORY_CAP),
        np.empty(HISTORY_CAP, dtype=np.int64),
        np.empty(HISTORY_CAP, dtype=np.int64),
    )


@inner_kernel
def collect(memory: Distinct, side: PastSide, history: History) -> tuple[int, int]:
    """Fill ``memory`` from what is read of a side.

    Returns
    -------
    fan, mask : int
        Number of different counterparties; size less 1 of the table.
    """
    table, code, count, value = memory.table, memory.code, memory.count, memory.value
    met, last = memory.first, memory.last
    counterparty, amount, time = side.counterparty, side.amount, side.time
    mask = table_mask(2 * (history.end - history.first))
    for slot in range(mask + 1):
        table[slot] = 0
    fan = 0
    for i in range(history.first, history.end):
        slot = slot_of(table, code, mask, counterparty[i])
        at = table[slot] - 1
        if at < 0:
            at = fan
            fan += 1
            code[at], count[at], value[at] = counterparty[i], 0, 0.0
            met[at] = i - history.first
            table[slot] = fan
        count[at] += 1
        value[at] += amount[i]
        last[at] = time[i]
    return fan, mask
