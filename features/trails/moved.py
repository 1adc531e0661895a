"""Transfers as the ledger tells them, by their rows in its log."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.kernel import Float64s, Int32s, Int64s, before, inner_kernel
from features.ledger import Ledger
from features.ledger.side import Side


class Moved(NamedTuple):
    """What the ledger holds of some transfers, an entry each.

    Attributes
    ----------
    tx_id, sender, recipient, asset : list of str
    position : int32 array
    time : int64 array, microseconds since 1970 UTC
    amount : float64 array, whole units of the asset
    value : float64 array, in the ledger's unit of account
    unit : str
        Of account; empty in a plain ledger, where amounts are values.
    """

    tx_id: list[str]
    position: Int32s
    time: Int64s
    sender: list[str]
    recipient: list[str]
    amount: Float64s
    asset: list[str]
    value: Float64s
    unit: str


def moved(ledger: Ledger, rows: Int64s) -> Moved:
    """Read transfers by their rows in the ledger's log, in this order and as often as named."""
    sender = ledger.sender[rows]
    places = _places(ledger.outgoing.side, sender, rows)
    value, assets = ledger.outgoing.amount[places], ledger.assets
    return Moved(
        tx_id=ledger.transactions.texts(rows),
        position=ledger.position[rows],
        time=ledger.outgoing.time[places],
        sender=ledger.wallets.texts(sender),
        recipient=ledger.wallets.texts(ledger.outgoing.counterparty[places]),
        amount=value if assets.plain else assets.amount[rows],
        asset=[assets.unit] * rows.size if assets.plain else assets.names.texts(assets.code[rows]),
        value=value,
        unit="" if assets.plain else assets.unit,
    )


def joined(parts: Sequence[npt.NDArray[Any]], kind: type[np.generic]) -> npt.NDArray[Any]:
    """Arrays one after the other; an empty one of this type where there are none."""
    return np.concatenate([np.empty(0, kind), *parts])


def _places(outgoing: Side, sender: Int32s, rows: Int64s) -> Int64s:
    """Where the senders' slices hold these transfers."""
    distinct, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    by_sender = np.argsort(sender[first], kind="stable")
    places = np.empty(distinct.size, dtype=np.int64)
    found = np.empty(distinct.size, dtype=np.int64)
    _find(outgoing, sender[first][by_sender], distinct[by_sender], found)
    places[by_sender] = found
    return places[inverse]


@inner_kernel
def _find(outgoing: Side, sender: Int32s, rows: Int64s, places: Int64s) -> None:
    """Read each sender's slice once, the latest first; its ``rows`` are one ascending run."""
    first = 0
    while first < rows.size:
        end = first + 1
        while end < rows.size and sender[end] == sender[first]:
            end += 1
        start, missing = outgoing.start[sender[first]], end - first
        for place in range(start + outgoing.count[sender[first]] - 1, start - 1, -1):
            at = before(rows, first, end, outgoing.transfer[place])
            if at < end and rows[at] == outgoing.transfer[place]:
                places[at] = place
                missing -= 1
                if missing == 0:
                    break
        first = end
