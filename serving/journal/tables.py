"""The tables of a journal, and how transfers become their rows."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import sqlalchemy as sa

from features import Transfer
from features.ledger import microseconds
from serving.sql import NUMBER

New: TypeAlias = pd.DataFrame | Sequence[Transfer]  # as the ledger's two checks return them

METADATA = sa.MetaData()

# entries of both kinds are numbered in one sequence, in the order of their acknowledgement
TRANSFERS = sa.Table(
    "transfers",
    METADATA,
    sa.Column("seq", NUMBER, primary_key=True),
    sa.Column("tx_id", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("timestamp_us", sa.BigInteger, nullable=False),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("amount", sa.Double, nullable=False),
    sa.Column("asset", sa.Text, nullable=False),
    sa.Column("value", sa.Double),  # in the ledger's unit of account; null: none was given
    sa.Column("received_at_us", sa.BigInteger, nullable=False),
)
RETRACTIONS = sa.Table(
    "retractions",
    METADATA,
    sa.Column("seq", NUMBER, primary_key=True),
    sa.Column("tx_id", sa.Text, nullable=False, index=True),
    sa.Column("received_at_us", sa.BigInteger, nullable=False),
)
# what was taken out of the transfers because the ledger says otherwise
CONTRADICTIONS = sa.Table(
    "contradictions",
    METADATA,
    sa.Column("id", NUMBER, primary_key=True),
    sa.Column("tx_id", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("journal_version", sa.Text, nullable=False),  # JSON
    sa.Column("ledger_version", sa.Text),  # JSON; null: the ledger had retracted it
    sa.Column("seen_at_us", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Text, nullable=False),  # open, or whose version was kept
    sa.Column("resolved_at_us", sa.BigInteger),
)
# the journal's identity, its ledger's, and how far it was folded into that
FACTS = sa.Table(
    "facts",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),  # JSON
)


# one transfer as it leaves the journal
_COLUMNS: list[tuple[str, pa.DataType]] = [
    ("tx_id", pa.large_string()),
    ("position", pa.int32()),
    ("timestamp", pa.timestamp("us", tz="UTC")),
    ("sender", pa.large_string()),
    ("recipient", pa.large_string()),
    ("amount", pa.float64()),
    ("asset", pa.large_string()),
    ("value", pa.float64()),
]
TRANSFER_SCHEMA = pa.schema(_COLUMNS)


class JournalError(RuntimeError):
    """The journal cannot be read or written now."""


def utc(microseconds: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pd.DatetimeIndex:
    """Microseconds since 1970 as datetime64[us, UTC]."""
    return pd.DatetimeIndex(microseconds.view("datetime64[us]")).tz_localize("UTC")


def transfer_rows(transfers: New, *, first: int, received_at_us: int) -> list[dict[str, Any]]:
    """Rows of :data:`TRANSFERS`, numbered from ``first``."""
    names = ["tx_id", "position", "sender", "recipient", "amount", "asset"]
    if isinstance(transfers, pd.DataFrame):
        times = microseconds(transfers["timestamp"]).tolist()
        rows = list(zip(*(transfers[name].tolist() for name in names), strict=True))
        worth = _values(transfers)
    else:
        times = [one.microseconds for one in transfers]
        rows = [tuple(getattr(one, name) for name in names) for one in transfers]
        worth = [one.value for one in transfers]
    columns = ["seq", *names, "value", "timestamp_us", "received_at_us"]
    return [
        dict(zip(columns, [seq, *row, value, when, received_at_us], strict=True))
        for seq, (row, value, when) in enumerate(zip(rows, worth, times, strict=True), start=first)
    ]


def _values(transfers: pd.DataFrame) -> list[float | None]:
    """Values of a frame as it came, none where it does not say one."""
    if "value" not in transfers:
        return [None] * len(transfers)
    return [None if np.isnan(value) else value for value in transfers["value"].tolist()]


def transfer_batch(found: Sequence[sa.Row[Any]]) -> pa.RecordBatch:
    """Transfers of rows, in the columns of :func:`features.check_transfers`."""
    columns = dict(zip(TRANSFERS.columns.keys(), zip(*found, strict=True), strict=True))
    columns["timestamp"] = columns["timestamp_us"]
    arrays = [pa.array(columns[field.name], type=field.type) for field in TRANSFER_SCHEMA]
    return pa.RecordBatch.from_arrays(arrays, schema=TRANSFER_SCHEMA)
