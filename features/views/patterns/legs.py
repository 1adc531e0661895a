"""Legs: the transfers of one side of a wallet that patterns are made of.

Transfers of zero and of a wallet to itself are part of no pattern.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import Records, inner_kernel, kernel, slot_of
from features.kernel.hash_table import table_mask
from features.past import HISTORY_CAP, History, PastSide
from features.past.distinct import Distinct

_LEG = np.dtype(
    [
        ("time", np.int64),  # microseconds since 1970 UTC
        ("amount", np.float64),  # whole units of the asset
        ("counterparty", np.int32),  # code of the wallet
        ("number", np.int32),  # of the counterparty, in order of first appearance
        ("transfer", np.int32),  # row in the ledger's log
    ],
    align=True,
)  # one array, since a kernel pays for every array that it is passed


class Legs(NamedTuple):
    """One side of a wallet as a row reads it.

    Attributes
    ----------
    leg : records, shape (n,), the oldest first
    fan : int, different counterparties
    read : int, transfers read, those that are no legs among them
    value : float, sum of all of those, whole units of the asset
    """

    leg: Records
    fan: int
    read: int
    value: float


@kernel
def empty_legs() -> Records:
    """Room for the longest history that a row may read."""
    return np.empty(HISTORY_CAP, dtype=_LEG)


@kernel
def read_legs(
    room: Records, distinct: Distinct, side: PastSide, history: History, wallet: int
) -> Legs:
    """Fill ``room`` with the legs of one side of a wallet; ``distinct`` numbers counterparties."""
    counterparties, amounts = side.counterparty, side.amount
    times, transfers, table = side.time, side.transfer, distinct.table
    mask = table_mask(2 * (history.end - history.first))
    for slot in range(mask + 1):
        table[slot] = 0
    n, fan, value = 0, 0, 0.0
    for i in range(history.first, history.end):
        other, amount = counterparties[i], amounts[i]
        value += amount
        if other == wallet or amount == 0.0:
            continue
        slot = slot_of(distinct.table, distinct.code, mask, other)
        if table[slot] == 0:
            distinct.code[fan] = other
            fan += 1
            table[slot] = fan
        leg = room[n]
        leg.time, leg.amount, leg.transfer = times[i], amount, transfers[i]
        leg.counterparty, leg.number = other, table[slot] - 1
        n += 1
    return Legs(room[:n], fan, history.end - history.first, value)


@inner_kernel
def measured(legs: Legs, value: float, part: float) -> tuple[float, float]:
    """An amount, and ``part`` over the sum of a side; nan where the side has none."""
    return (value if legs.read else np.nan), (part / legs.value if legs.value > 0.0 else np.nan)
