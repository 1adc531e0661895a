"""The transfer contract: one row is one movement of one asset from a sender to a recipient.

``(tx_id, position)`` identifies a transfer. A second identical copy is ignored and counted; a copy
with other content is a mistake. A transfer of a wallet to itself and an amount of zero are allowed.
"""

from typing import Literal, overload

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from features.contracts.received import Problem, Received, show
from features.contracts.text import as_text
from features.errors import TransfersError
from features.kernel import text_hashes

REQUIRED = ("tx_id", "timestamp", "sender", "recipient", "amount", "asset")
OPTIONAL = ("position", "amount_usd", "block", "fee")
MAX_AMOUNT = 1e60  # so that sums of fourth powers stay finite
MAX_POSITION = 2**31 - 1
MAX_BLOCK = 2**63 - 1

OnError = Literal["raise", "quarantine"]
Rows = npt.NDArray[np.int64]


@overload
def check_transfers(frame: pd.DataFrame, on_error: Literal["raise"] = ...) -> pd.DataFrame: ...
@overload
def check_transfers(
    frame: pd.DataFrame, on_error: Literal["quarantine"]
) -> tuple[pd.DataFrame, pd.DataFrame]: ...
def check_transfers(
    frame: pd.DataFrame, on_error: OnError = "raise"
) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
    """Check transfers against their contract and bring them into its types and order.

    Parameters
    ----------
    frame : DataFrame, shape (n, columns)
        Strings ``tx_id``, ``sender``, ``recipient``, ``asset`` of 1 to 256 characters;
        ``timestamp``, datetimes with a time zone or ISO 8601 texts with an offset, one offset a
        column; ``amount`` in whole units of the asset, finite, from 0 to 1e60. Optional: integers
        ``position`` (which transfer of the transaction, 0 if absent) and ``block``; ``amount_usd``
        and ``fee``, from 0 to 1e60, nan where unknown. No other columns. The index does not matter.
    on_error : {"raise", "quarantine"}
        What happens to bad rows. A missing, unknown or wrongly typed column raises either way.

    Returns
    -------
    transfers : DataFrame
        ``tx_id`` str, ``position`` int32, ``timestamp`` datetime64[us, UTC], ``sender`` str,
        ``recipient`` str, ``amount`` float64, ``asset`` str, and the optional columns received;
        in order of (timestamp, block, row). ``attrs["duplicates"]`` counts ignored copies.
    bad : DataFrame
        Only with "quarantine": the bad rows as received, with ``reason``, indexed by row number.
        Of conflicting copies all but the first are bad.

    Raises
    ------
    TransfersError
        The frame breaks the contract; the message names rule, rows and values.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "tx_id": ["b", "a", "a"], "sender": ["w1", "w1", "w1"], "recipient": ["w2", "w3", "w3"],
    ...     "timestamp": pd.to_datetime(["2024-01-02", "2024-01-01", "2024-01-01"], utc=True),
    ...     "amount": [2, 1, 1], "asset": "ETH"})
    >>> transfers = check_transfers(frame)
    >>> transfers[["tx_id", "position", "amount"]].to_dict("records")
    [{'tx_id': 'a', 'position': 0, 'amount': 1.0}, {'tx_id': 'b', 'position': 0, 'amount': 2.0}]
    >>> transfers.attrs["duplicates"]
    1
    """
    return check_received(Received(frame, "transfers", TransfersError), on_error)


def check_received(
    received: Received, on_error: OnError
) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
    """Check as :func:`check_transfers` does, for a reader that names rows in its own way."""
    if on_error not in ("raise", "quarantine"):
        raise received.fail(f"on_error must be 'raise' or 'quarantine', received {on_error!r}")
    received.check_columns(REQUIRED, OPTIONAL)
    typed = _typed(received)
    later, first = _copies(typed, np.flatnonzero(~received.bad()))
    if later.size:
        _note_conflicts(received, typed, later, first)
    if on_error == "raise":
        received.raise_problems()
    left_out = received.bad()
    duplicates = later[~left_out[later]]
    left_out[duplicates] = True
    good = _ordered(typed.loc[~left_out] if left_out.any() else typed)
    good.attrs["duplicates"] = duplicates.size
    return good if on_error == "raise" else (good, received.quarantined())


def _typed(received: Received) -> pd.DataFrame:
    frame = received.frame
    position = np.zeros(len(frame), dtype=np.int64)
    if "position" in frame:
        position = received.counts("position", highest=MAX_POSITION)
    columns = {
        "tx_id": received.names("tx_id"),
        "position": position.astype(np.int32),
        "timestamp": received.times("timestamp"),
        "sender": received.names("sender"),
        "recipient": received.names("recipient"),
        "amount": received.numbers("amount", highest=MAX_AMOUNT),
        "asset": received.names("asset"),
    }
    if "amount_usd" in frame:
        columns["amount_usd"] = received.numbers(
            "amount_usd", highest=MAX_AMOUNT, missing_allowed=True
        )
    if "block" in frame:
        columns["block"] = received.counts("block", highest=MAX_BLOCK)
    if "fee" in frame:
        columns["fee"] = received.numbers("fee", highest=MAX_AMOUNT, missing_allowed=True)
    return pd.DataFrame(columns)


def _copies(typed: pd.DataFrame, rows: Rows) -> tuple[Rows, Rows]:
    """Those of ``rows`` whose (tx_id, position) occurred before, and where it occurred first."""
    tx_id, position = typed["tx_id"], typed["position"].to_numpy()
    if rows.size < len(typed):
        tx_id, position = tx_id.iloc[rows], position[rows]
    mixed = position.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    hashes = pd.Series(text_hashes(as_text(pa.array(tx_id))) ^ mixed)
    suspects = rows[hashes.duplicated(keep=False).to_numpy()]  # equal hashes; equal text decides
    if not suspects.size:
        return suspects, suspects
    keys = typed.iloc[suspects].groupby(["tx_id", "position"], sort=False)
    _, opening, member = np.unique(keys.ngroup(), return_index=True, return_inverse=True)
    first = suspects[opening[member]]
    again = first != suspects
    return suspects[again], first[again]


def _note_conflicts(received: Received, typed: pd.DataFrame, later: Rows, first: Rows) -> None:
    copy, original = (typed.iloc[rows].reset_index(drop=True) for rows in (later, first))
    differs = ((copy != original) & ~(copy.isna() & original.isna())).to_numpy()
    at = np.flatnonzero(differs.any(axis=1))
    if not at.size:
        return
    column = differs[at].argmax(axis=1).tolist()
    shown = [
        f"({show(copy['tx_id'].iloc[i])}, {copy['position'].iloc[i]}) is in "
        f"{received.name_row(int(first[i]))} with {copy.columns[c]} "
        f"{show(original.iloc[i, c]) or 'none'}, here {show(copy.iloc[i, c]) or 'none'}"
        for i, c in zip(at.tolist(), column, strict=True)
    ]
    reason = "(tx_id, position) repeats with other content"
    if "position" not in received.frame:
        reason += " and no position column tells transfers of one tx_id apart"
    received.problems.append(Problem(reason, later[at], shown))


def _ordered(typed: pd.DataFrame) -> pd.DataFrame:
    time = typed["timestamp"].to_numpy(dtype="datetime64[us]").view(np.int64)
    block = typed["block"].to_numpy() if "block" in typed else np.zeros(len(typed), dtype=np.int64)
    step = np.diff(time)
    if ((step > 0) | ((step == 0) & (np.diff(block) >= 0))).all():
        return typed.reset_index(drop=True)
    order = np.lexsort((block, time))
    # column by column, without the second copy of all text that DataFrame.take makes
    return pd.DataFrame({name: typed[name].array.take(order) for name in typed}, copy=False)
