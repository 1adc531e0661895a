"""Tables of known wallets, parquet or CSV: where no label says what one is, its category does."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from features.contracts import labels
from features.errors import SourceError
from features.sources.cells import Cells
from features.sources.labels.listed import Entry, Listed, Said, said
from features.sources.pieces import Contract, whole
from features.sources.writing import PLAINLY, Writing

_OTHERS = tuple(c for c in (*labels.REQUIRED, *labels.OPTIONAL) if c != "wallet")


@dataclass(frozen=True, slots=True)
class ListTable:
    """How to read a table; see :func:`features.sources.files.read_labels`."""

    columns: Mapping[str, str] | None = None
    label: str | None = None
    writing: Writing = PLAINLY


def read_table(path: Path, options: ListTable) -> Listed:
    """Read a table with a column of wallets, and any others of the label contract.

    Raises
    ------
    SourceError
        The file cannot be read, lacks a column, or has a cell that cannot be read.
    """
    cells = Cells(path, options.writing)
    named = options.columns or {}
    # a column that holds something else by the map is not taken by its name, too
    others = tuple(c for c in _OTHERS if c in named or c not in named.values())
    table = whole(cells, Contract(("wallet",), others), named, {"label": options.label})
    rows: list[dict[str, Any]] = table.to_pylist()
    listed = Listed()
    for row in rows:
        if not _text(row, "wallet"):
            listed.left_out["without an address"] += 1
        else:
            listed.entries.append(_entry(path, row))
    return listed


def _entry(path: Path, row: Mapping[str, Any]) -> Entry:
    category = _text(row, "category")
    found, label = said([category] if category else []), _text(row, "label")
    if label and label not in (*labels.LABELS, labels.NONE):
        raise SourceError(
            f"{path}: label {label!r} of {row['wallet']} is none of illicit, licit, none"
        )
    confidence = row.get("confidence")
    return Entry(
        row["wallet"], Said(found.category, label or found.label),
        _text(row, "original") or category, part=_text(row, "source"),
        confidence=1.0 if confidence is None or pd.isna(confidence) else float(confidence),
        known_at=_time(row, "known_at"), until=_time(row, "until"),
    )  # fmt: skip


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    text = "" if value is None or pd.isna(value) else str(value).strip()
    return "" if text == labels.UNSPECIFIED else text


def _time(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None or pd.isna(value) else str(pd.Timestamp(value).isoformat())
