"""The transfers of one side of a row that patterns are made of.

Transfers of zero and of a wallet to itself are part of no pattern.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.kernel import Float64s, kernel
from features.kernel.hash_table import table_mask
from features.ledger.slices import Side
from features.past.distinct import Distinct, place_of
from features.past.history import HISTORY_CAP, cut

Record = Any  # one entry of the records
Records = npt.NDArray[np.void]

OWN_TRANSFER = np.dtype(
    [
        ("time", np.int64),  # microseconds since 1970 UTC
        ("amount", np.float64),
        ("counterparty", np.int32),
        ("number", np.int32),  # of the counterparty, in order of first appearance
        ("transfer", np.int32),  # row in the ledger's log
    ],
    align=True,
)  # one array, since a kernel pays for every array that it is passed


class Extent(NamedTuple):
    """What was read: transfers of a pattern, different counterparties, all, and their sum."""

    n: int
    fan: int
    n_all: int
    total: float


@kernel
def put_value(pair: Float64s, value: float, part: float, extent: Extent) -> None:
    """Write an amount, and ``part`` over the sum of a side; nan where the side has none."""
    pair[0] = value if extent.n_all else np.nan
    pair[1] = part / extent.total if extent.total > 0.0 else np.nan


@kernel
def empty_own() -> Records:
    """Working memory for one side: the longest history a row may read, in the ledger's order."""
    return np.empty(HISTORY_CAP, dtype=OWN_TRANSFER)


@kernel
def read_own(own: Records, memory: Distinct, side: Side, code: int, as_of: int) -> Extent:
    """Fill ``own`` with one side of a row's history."""
    first, end, n_all = cut(side, code, as_of)
    mask = table_mask(2 * (end - first))
    memory.table[: mask + 1] = 0
    n, fan, total = 0, 0, 0.0
    for i in range(first, end):
        other, transfer = side.counterparty[i], side.transfer[i]
        amount = side.amount[i]
        total += amount
        if other == code or amount == 0.0:
            continue
        slot = place_of(memory, mask, other)
        if memory.table[slot] == 0:
            memory.code[fan] = other
            fan += 1
            memory.table[slot] = fan
        own[n].time, own[n].counterparty, own[n].number = (
            side.time[i],
            other,
            memory.table[slot] - 1,
        )
        own[n].amount, own[n].transfer = amount, transfer
        n += 1
    return Extent(n, fan, n_all, total)
