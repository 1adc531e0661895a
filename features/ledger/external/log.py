"""The log of a build: rows in order, and both ends of each dealt out to stretches of wallets."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from features.contracts.prices import Priced, Prices, values_by
from features.errors import LedgerError
from features.kernel import Float64s, Int32s, Int64s, Records
from features.ledger.assets import Assets
from features.ledger.external.copies import Context, Stretch, read_stretch
from features.ledger.external.identity import Wallets
from features.ledger.external.naming import MOST_TRANSFERS
from features.ledger.external.store import Store
from features.ledger.external.taken import taken_file
from features.ledger.external.texts import TextFile
from features.ledger.slices import dealt
from features.ledger.values import values

END = np.dtype([
    ("time", np.int64), ("amount", np.float64), ("owner", np.int32), ("counterparty", np.int32),
    ("row", np.int32),
])  # fmt: skip
SENT, RECEIVED = "sent", "received"


class Pricing(NamedTuple):
    """Prices in the unit of account, and how old one may be."""

    prices: Prices
    max_age: pd.Timedelta


@dataclass(frozen=True, slots=True)
class Laying:
    """What rows are laid out with.

    Attributes
    ----------
    context : Context
    assets : Assets
        What the ledger is of: those of no row.
    final : int32 array
        Code in the ledger of each number of an asset.
    pricing : Pricing, optional
    n_wallets, stretches : int
        Of wallets, and of the files that their transfers are dealt out to.
    """

    context: Context
    assets: Assets
    final: Int32s
    pricing: Pricing | None
    n_wallets: int
    stretches: int


class Rows(NamedTuple):
    """Rows of a stretch, in order.

    Attributes
    ----------
    records : records as they were taken in
    tx_id : large_string array
    value : float64 array, in the unit of account
    sender, recipient : int32 arrays of codes
    priced : Priced, optional
    """

    records: Records
    tx_id: pa.LargeStringArray
    value: Float64s
    sender: Int32s
    recipient: Int32s
    priced: Priced | None


def rows_of(laying: Laying, bucket: int, order: Int32s) -> Rows:
    """The rows of a stretch.

    Raises
    ------
    LedgerError, TransfersError
        A value contradicts the ledger, or becomes too large by its price.
    """
    context = laying.context
    stretch = read_stretch(context.store, bucket, context.record)
    records, tx_id = stretch.records[order], stretch.tx_id.take(order)
    value, priced = records["amount"].copy(), None
    if not laying.assets.plain:
        value, priced = _valued(laying, Stretch(records, tx_id))
    sender, recipient = (
        context.codes.of(Wallets(records[end].copy(), records[f"{end}_check"].copy()))
        for end in ("sender", "recipient")
    )
    return Rows(records, tx_id, value, sender, recipient, priced)


def _valued(laying: Laying, rows: Stretch) -> tuple[Float64s, Priced | None]:
    """Value of each row, and where they come from if there are prices."""
    context, records = laying.context, rows.records
    coded = pa.DictionaryArray.from_arrays(
        pa.array(records["asset"].copy()), pa.array(context.assets, pa.large_string())
    )
    columns: dict[str, Any] = {
        "tx_id": rows.tx_id.to_pandas(),
        "position": records["position"].copy(),
        "timestamp": pd.Series(records["time"].copy().view("M8[us]")).dt.tz_localize("UTC"),
        "amount": records["amount"].copy(),
        "asset": coded.cast(pa.large_string()).to_pandas(),
    }
    for name in ("value", "amount_usd"):
        if name in context.received:
            columns[name] = records[name].copy()
    frame, priced = pd.DataFrame(columns), None
    if laying.pricing is not None:
        prices, max_age = laying.pricing
        value, priced = values_by(frame, prices, laying.assets.unit, max_age)
        frame = frame.drop(columns=["amount_usd"], errors="ignore").assign(value=value)
    return values(frame, laying.assets), priced


def keep_rows(laying: Laying, bucket: int, rows: Rows) -> None:
    """Add rows to the log, and their ends to the files of their wallets.

    Raises
    ------
    LedgerError
        There are more than a ledger can number.
    """
    store, records = laying.context.store, rows.records
    before = n_rows(store)
    if before + records.size > MOST_TRANSFERS:
        raise LedgerError(f"more than {MOST_TRANSFERS} transfers; a ledger cannot number them")
    tx_ids_of(store).append(rows.tx_id)
    store.append_array("tx_hash.npy", records["hash"])
    store.append_array("position.npy", records["position"])
    store.append_array("sender.npy", rows.sender)
    if not laying.assets.plain:
        store.append_array("asset.npy", laying.final[records["asset"]])
        store.append_array("amount.npy", records["amount"])
    ends = np.empty(records.size, END)
    ends["time"], ends["amount"] = records["time"], rows.value
    ends["row"] = np.arange(before, before + records.size)
    for kind, owner, other in (
        (SENT, rows.sender, rows.recipient),
        (RECEIVED, rows.recipient, rows.sender),
    ):
        ends["owner"], ends["counterparty"] = owner, other
        _deal(laying, kind, ends)
    for name in taken_file(bucket):
        store.drop(name)


def _deal(laying: Laying, kind: str, ends: Records) -> None:
    """Add ends to the files of their owners, in order of row."""
    owner = ends["owner"].astype(np.int64)
    stretch = (owner * laying.stretches // laying.n_wallets).astype(np.int32)
    count = np.bincount(stretch, minlength=laying.stretches)
    order = np.empty(owner.size, np.int64)
    order[dealt(stretch, count)] = np.arange(owner.size)
    dealt_out, edges = ends[order], np.concatenate([[0], np.cumsum(count)])
    for at in np.flatnonzero(count).tolist():
        laying.context.store.append(f"{kind}.{at}", dealt_out[edges[at] : edges[at + 1]])


def stretch_edges(n_wallets: int, stretches: int) -> Int64s:
    """Codes at which stretches of wallets begin, and their end, shape (stretches + 1,)."""
    return -(-np.arange(stretches + 1) * n_wallets // stretches)


def n_rows(store: Store) -> int:
    """Rows of the log so far."""
    return tx_ids_of(store).count


def tx_ids_of(store: Store) -> TextFile:
    """Ids of transactions, by row."""
    return TextFile(store, "tx_ids")
