"""The transfer contract: one row is one movement of one asset from a sender to a recipient.

``(tx_id, position)`` identifies a transfer. A second identical copy is ignored and counted; a copy
with other content is a mistake. A transfer of a wallet to itself and an amount of zero are allowed.
"""

from typing import Literal, NamedTuple, Self, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.contracts.addresses import assets, wallets
from features.contracts.checked import Checked, trusted
from features.contracts.received import Problem, Received, show
from features.contracts.text import Texts, as_chunks
from features.contracts.times import AHEAD
from features.contracts.transaction_ids import transaction_ids
from features.errors import TransfersError
from features.kernel import Int32s, UInt64s, hash_order, text_hashes

REQUIRED = ("tx_id", "timestamp", "sender", "recipient", "amount", "asset")
OPTIONAL = ("position", "value", "amount_usd", "block", "fee")
MAX_AMOUNT = 1e60  # so that sums of fourth powers stay finite
MAX_POSITION = 2**31 - 1
MAX_BLOCK = 2**63 - 1

OnError = Literal["raise", "quarantine"]
Rows = npt.NDArray[np.int64]


class IdOrder(NamedTuple):
    """Transfers by the hash of their ``tx_id``, then by position.

    Attributes
    ----------
    hashes : uint64 array, shape (n,), of each transfer's ``tx_id``
    rows : int64 array, shape (n,), in that order
    """

    hashes: UInt64s
    rows: Rows

    @classmethod
    def of(cls, tx_id: Texts, position: Int32s) -> Self:
        """Find the order of transfers."""
        hashes = text_hashes(as_chunks(tx_id))
        return cls(hashes, hash_order(hashes, position))


class Transfers(Checked):
    """Checked transfers."""

    _id_order: IdOrder | None = None

    @classmethod
    def sealed(
        cls, frame: pd.DataFrame, by_id: IdOrder | None, chain: str | None = None
    ) -> "Transfers":
        """:meth:`seal`, with the order by id where it is known."""
        sealed = cls.seal(frame, chain)
        object.__setattr__(sealed, "_id_order", by_id)
        return sealed

    @property
    def id_order(self) -> IdOrder:
        """Their order by id: the check found it, if no transfer was left out."""
        if self._id_order is None:
            return IdOrder.of(self["tx_id"], self["position"].to_numpy())
        return self._id_order


@overload
def check_transfers(
    frame: pd.DataFrame, on_error: Literal["raise"] = ..., *, chain: str | None = ...
) -> Transfers: ...
@overload
def check_transfers(
    frame: pd.DataFrame, on_error: Literal["quarantine"], *, chain: str | None = ...
) -> tuple[Transfers, pd.DataFrame]: ...
def check_transfers(
    frame: pd.DataFrame, on_error: OnError = "raise", *, chain: str | None = None
) -> Transfers | tuple[Transfers, pd.DataFrame]:
    """Check transfers against their contract and bring them into its types and order.

    What is checked already is handed back.

    Parameters
    ----------
    frame : DataFrame, shape (n, columns)
        Strings ``tx_id``, ``sender``, ``recipient``, ``asset`` of 1 to 256 characters, the first
        in one spelling (:mod:`features.contracts.transaction_ids`);
        ``timestamp``, datetimes with a time zone or ISO 8601 texts with an offset, one offset a
        column; ``amount`` in whole units of the asset, finite, from 0 to 1e60. Optional: integers
        ``position`` (which transfer of the transaction, 0 if absent) and ``block``; ``value``, in
        the ledger's unit of account, or in its place ``amount_usd``, which says that the unit is
        USD; ``fee``; these from 0 to 1e60, nan where unknown. No other columns. The index does not
        matter.
    on_error : {"raise", "quarantine"}
        What happens to bad rows. A missing, unknown or wrongly typed column raises either way.
    chain : str, optional
        Whose addresses the wallets are, a name of ``features.contracts.addresses.CHAINS``: each is
        brought into its canonical spelling, and what is none makes a bad row. Without it names are
        free, but hexadecimal addresses of Ethereum still get one spelling.

    Returns
    -------
    transfers : Transfers
        A DataFrame; ``tx_id`` str, ``position`` int32, ``timestamp`` datetime64[us, UTC],
        ``sender`` str, ``recipient`` str, ``amount`` float64, ``asset`` str, and the optional
        columns received; in order of (timestamp, block, row). ``attrs["duplicates"]`` counts
        ignored copies.
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
    if on_error == "raise" and trusted(frame, Transfers, chain):
        return frame
    return check_received(Received(frame, "transfers", TransfersError, chain=chain), on_error)


def check_received(
    received: Received, on_error: OnError
) -> Transfers | tuple[Transfers, pd.DataFrame]:
    """Check as :func:`check_transfers` does, for a reader that names rows in its own way."""
    if on_error not in ("raise", "quarantine"):
        raise received.fail(f"on_error must be 'raise' or 'quarantine', received {on_error!r}")
    typed = typed_rows(received)
    bad = received.bad()
    found = Copies.among(typed, np.flatnonzero(~bad) if bad.any() else None)
    if found.later.size:
        note_conflicts(received, typed, found)
    if on_error == "raise":
        received.raise_problems()
    left_out = received.bad()
    duplicates = found.later[~left_out[found.later]]
    left_out[duplicates] = True
    whole = not left_out.any()
    kept, by_id = (typed, found.order) if whole else (typed.loc[~left_out], None)
    good = _ordered(kept, by_id, received.chain)
    good.attrs["duplicates"] = duplicates.size
    return good if on_error == "raise" else (good, received.quarantined())


def typed_rows(received: Received) -> pd.DataFrame:
    """All rows in the contract's types, as received; what is wrong with some is noted.

    Raises
    ------
    TransfersError
        A column is missing, unknown or of the wrong type.
    """
    received.check_columns(REQUIRED, OPTIONAL)
    frame = received.frame
    if {"value", "amount_usd"} <= set(frame):
        raise received.fail("value and amount_usd both say what a transfer was worth; keep one")
    position = np.zeros(len(frame), dtype=np.int64)
    if "position" in frame:
        position = received.counts("position", highest=MAX_POSITION)
    timestamp = received.times("timestamp")
    _note_future(received, timestamp)
    columns = {
        "tx_id": transaction_ids(received.names("tx_id"), received.chain),
        "position": position.astype(np.int32),
        "timestamp": timestamp,
        "sender": wallets(received, "sender"),
        "recipient": wallets(received, "recipient"),
        "amount": received.numbers("amount", highest=MAX_AMOUNT),
        "asset": assets(received),
    }
    if "block" in frame:
        columns["block"] = received.counts("block", highest=MAX_BLOCK)
    for name in ("value", "amount_usd", "fee"):
        if name in frame:
            columns[name] = received.numbers(name, highest=MAX_AMOUNT, missing_allowed=True)
    return pd.DataFrame(columns)


def _note_future(received: Received, times: pd.Series) -> None:
    latest = received.not_after
    if latest is not None and len(times) and times.max() > latest:
        reason = f"timestamp is later than now, {latest - AHEAD:%Y-%m-%d %H:%M} UTC"
        received.note(reason, (times > latest).to_numpy(), "timestamp")


class Copies(NamedTuple):
    """Rows whose (tx_id, position) occurred before, and where each occurred first."""

    later: Rows
    first: Rows
    order: IdOrder  # of the rows that were looked at

    @classmethod
    def among(cls, typed: pd.DataFrame, rows: Rows | None) -> Self:
        """Find the copies among some rows of a table, or among all."""
        looked_at = typed if rows is None else typed.iloc[rows]
        position = looked_at["position"].to_numpy()
        order = IdOrder.of(looked_at["tx_id"], position)
        hashes, position = order.hashes[order.rows], position[order.rows]
        equal = np.flatnonzero((hashes[1:] == hashes[:-1]) & (position[1:] == position[:-1]))
        if not equal.size:
            return cls(equal, equal, order)
        # equal hashes make a suspect; equal text decides
        suspects = np.unique(order.rows[np.concatenate([equal, equal + 1])])
        suspects = suspects if rows is None else rows[suspects]
        keys = typed.iloc[suspects].groupby(["tx_id", "position"], sort=False)
        _, opening, member = np.unique(keys.ngroup(), return_index=True, return_inverse=True)
        first = suspects[opening[member]]
        again = first != suspects
        return cls(suspects[again], first[again], order)


def note_conflicts(received: Received, typed: pd.DataFrame, found: Copies) -> None:
    """Note the copies whose content is not that of the first."""
    later, first = found.later, found.first
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


def _ordered(typed: pd.DataFrame, by_id: IdOrder | None, chain: str | None) -> Transfers:
    time = typed["timestamp"].to_numpy(dtype="datetime64[us]").view(np.int64)
    block = typed["block"].to_numpy() if "block" in typed else np.zeros(len(typed), dtype=np.int64)
    step = np.diff(time)
    if ((step > 0) | ((step == 0) & (np.diff(block) >= 0))).all():
        return Transfers.sealed(typed.reset_index(drop=True), by_id, chain)
    order = np.lexsort((block, time))
    # column by column, without the second copy of all text that DataFrame.take makes
    columns = {name: typed[name].array.take(order) for name in typed}
    if by_id is not None:
        place = np.empty(order.size, dtype=np.int64)
        place[order] = np.arange(order.size)
        by_id = IdOrder(by_id.hashes[order], place[by_id.rows])
    return Transfers.sealed(pd.DataFrame(columns, copy=False), by_id, chain)
