"""From columns of transfers to the arrays of a ledger."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.kernel import kernel, text_hashes
from features.ledger.names import Names
from features.ledger.slices import Log, Slices


class Columns(NamedTuple):
    """Distinct transfers in any order; one entry a transfer.

    Attributes
    ----------
    tx_id : large_string array
    time : int64 array, microseconds since 1970 UTC
    sender, recipient : int32 arrays of wallet codes
    amount : float64 array, whole units of the asset
    position : int32 array
    """

    tx_id: pa.LargeStringArray
    time: npt.NDArray[np.int64]
    sender: npt.NDArray[np.int32]
    recipient: npt.NDArray[np.int32]
    amount: npt.NDArray[np.float64]
    position: npt.NDArray[np.int32]


def lay_out(asset: str, wallets: Names, columns: Columns) -> dict[str, Any]:
    """The fields of a :class:`features.Ledger` that holds these transfers."""
    hashes = text_hashes(columns.tx_id)
    rows = np.argsort(hashes)  # three times as fast as a lexsort, which is stable
    _order_ties(hashes[rows], columns.position, rows)
    hashes = hashes[rows]
    row = np.empty(rows.size, dtype=np.int32)
    row[rows] = np.arange(rows.size, dtype=np.int32)
    # rows are in order of (hash, position), which completes the order of slices
    in_time = _in_time(columns.time, row)
    time = columns.time[in_time]
    outgoing = Log(
        time,
        columns.sender[in_time],
        columns.recipient[in_time],
        row[in_time],
        columns.amount[in_time],
    )
    incoming = outgoing._replace(owner=outgoing.counterparty, counterparty=outgoing.owner)
    return {
        "asset": asset,
        "wallets": wallets,
        "transactions": Names(columns.tx_id.take(rows), hashes),
        "incoming": Slices.build(incoming, len(wallets)),
        "outgoing": Slices.build(outgoing, len(wallets)),
        "sender": columns.sender[rows],
        "position": columns.position[rows],
        "tx_hash": hashes,
        "n_transfers": time.size,
        "last_time": int(time[-1]) if time.size else None,
    }


def _in_time(time: npt.NDArray[np.int64], row: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Order by (time, row); quick where the transfers are in order of time already."""
    if (np.diff(time) < 0).any():
        return np.lexsort((row, time))
    order = np.arange(time.size)
    _order_ties(time, row, order)
    return order


@kernel
def _order_ties(
    key: npt.NDArray[Any], second: npt.NDArray[np.int32], order: npt.NDArray[np.int64]
) -> None:
    """Sort the runs of ``order`` in which the ascending ``key`` is equal by ``second[order]``."""
    start = 0
    for i in range(1, key.size + 1):
        if i == key.size or key[i] != key[start]:
            if i - start > 1:
                order[start:i] = order[start:i][np.argsort(second[order[start:i]])]
            start = i
