"""From columns of transfers to the arrays of a ledger."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.names import Names, text_hashes
from features.slices import Log, Slices


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
    rows = np.lexsort((columns.position, hashes))
    hashes = hashes[rows]
    time, sender, recipient = columns.time[rows], columns.sender[rows], columns.recipient[rows]
    # rows are in order of (hash, position), so a stable sort by time completes the order of slices
    in_time = np.argsort(time, kind="stable")
    row = in_time.astype(np.int32)
    outgoing = Log(time[in_time], sender[in_time], recipient[in_time], row)
    incoming = outgoing._replace(owner=outgoing.counterparty, counterparty=outgoing.owner)
    return {
        "asset": asset,
        "wallets": wallets,
        "transactions": Names(columns.tx_id.take(rows), hashes),
        "incoming": Slices.build(incoming, len(wallets)),
        "outgoing": Slices.build(outgoing, len(wallets)),
        "amount": columns.amount[rows],
        "sender": sender,
        "position": columns.position[rows],
        "tx_hash": hashes,
        "n_transfers": time.size,
        "last_time": int(time[in_time[-1]]) if time.size else None,
    }
