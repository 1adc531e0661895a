"""Which transfers of a stretch stay, and in which order: copies of one meet in a stretch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from features.contracts.received import Received
from features.contracts.times import UTC
from features.contracts.transfers import Copies, OnError, note_conflicts
from features.errors import TransfersError
from features.kernel import Int32s, Int64s, Records, hash_order
from features.ledger.external.identity import Codes, Wallets
from features.ledger.external.store import Store
from features.ledger.external.taken import NUMBERS, taken_file
from features.ledger.external.texts import joined


@dataclass(frozen=True, slots=True)
class Context:
    """What a stretch of transfers is read with.

    Attributes
    ----------
    store : Store
    record : dtype
        Of its records.
    codes : Codes
        Of wallets.
    names : large_string array
        Of wallets, by code.
    assets : sequence of str
        By the numbers in records.
    received : tuple of str
        Optional columns that the transfers came with.
    name_row : callable
        How messages name a row.
    on_error : {"raise", "quarantine"}
    """

    store: Store
    record: npt.DTypeLike
    codes: Codes
    names: pa.LargeStringArray
    assets: Sequence[str]
    received: tuple[str, ...]
    name_row: Callable[[int], str]
    on_error: OnError


class Stretch(NamedTuple):
    """The transfers of one file, as they were taken in."""

    records: Records
    tx_id: pa.LargeStringArray


class Kept(NamedTuple):
    """What stays of a stretch.

    Attributes
    ----------
    order : int32 array, shape (kept,)
        Places in the stretch, in order of (hash of ``tx_id``, position).
    duplicates : int
        Copies with the same content.
    bad : DataFrame or None
        Copies with other content, each with its ``reason``, by row.
    assets : list of int
        Numbers of those that occur.
    told : sequence of str
        Of ``value`` and ``amount_usd`` those that any transfer has.
    """

    order: Int32s
    duplicates: int
    bad: pd.DataFrame | None
    assets: list[int]
    told: Sequence[str]


def read_stretch(store: Store, bucket: int, record: npt.DTypeLike) -> Stretch:
    """The transfers of a file."""
    in_records, in_text = taken_file(bucket)
    records = store.read(in_records, record)
    return Stretch(records, joined(records["length"], store.read(in_text, np.uint8)))


def kept_of(context: Context, bucket: int) -> Kept:
    """Find what stays of a stretch.

    Raises
    ------
    TransfersError
        A transfer came twice with different content, and that is not to be set aside.
    """
    stretch = read_stretch(context.store, bucket, context.record)
    records = stretch.records
    order = hash_order(records["hash"].copy(), records["position"].copy())
    out, duplicates, bad = _copies(context, stretch, order)
    if out.size:
        kept = np.ones(records.size, np.bool_)
        kept[out] = False
        order = order[kept[order]]
    stay = records[order] if out.size else records
    told = [
        name
        for name in ("value", "amount_usd")
        if name in context.received and not np.isnan(stay[name]).all()
    ]
    return Kept(order.astype(np.int32), duplicates, bad, np.unique(stay["asset"]).tolist(), told)


def _copies(
    context: Context, stretch: Stretch, order: Int64s
) -> tuple[Int64s, int, pd.DataFrame | None]:
    """Places of copies, how many have the same content, and the others as bad rows."""
    hashes, position = stretch.records["hash"][order], stretch.records["position"][order]
    equal = np.flatnonzero((hashes[1:] == hashes[:-1]) & (position[1:] == position[:-1]))
    suspects = np.unique(order[np.concatenate([equal, equal + 1])])
    if not suspects.size:
        return suspects, 0, None
    typed = _typed(context, stretch, suspects)
    rows = stretch.records["row"][suspects]
    received = Received(
        typed[list(context.received)], "transfers", TransfersError,
        lambda row: context.name_row(int(rows[row])),
    )  # fmt: skip
    found = Copies.among(typed, None)
    if found.later.size:
        note_conflicts(received, typed, found)
    if context.on_error == "raise":
        received.raise_problems()
    conflicts = received.bad()
    duplicates = int((~conflicts[found.later]).sum())
    bad = received.quarantined() if conflicts.any() else None
    if bad is not None:
        bad.index = pd.Index(rows[bad.index.to_numpy()])
    return suspects[found.later], duplicates, bad


def _typed(context: Context, stretch: Stretch, places: Int64s) -> pd.DataFrame:
    """Some transfers in the contract's columns."""
    records = stretch.records[places]
    ends = {}
    for end in ("sender", "recipient"):
        wallets = Wallets(records[end].copy(), records[f"{end}_check"].copy())
        ends[end] = context.names.take(context.codes.of(wallets)).to_pandas()
    columns: dict[str, Any] = {
        "tx_id": stretch.tx_id.take(places).to_pandas(),
        "position": records["position"].copy(),
        "timestamp": pd.Series(records["time"].copy().view("M8[us]")).dt.tz_localize(UTC.tz),
        **ends,
        "amount": records["amount"].copy(),
        "asset": pd.Series([context.assets[code] for code in records["asset"]], dtype="str"),
    }
    for name in ("block", *NUMBERS):
        if name in context.received:
            columns[name] = records[name].copy()
    return pd.DataFrame(columns)
