"""Columns of exported files as text: CSV, parquet and JSON lines in one form."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.contracts.times import UTC, parse_iso
from features.errors import SourceError
from features.sources.tables import batches, column_names

JSON = (".json", ".jsonl", ".ndjson")
_TEXT = pa.large_string()
_EXACT = 2.0**53  # integers above it are not all float64s


def header(path: Path) -> list[str]:
    """Names of a file's columns; none where it is empty, as an exporter's file of no rows is.

    Raises
    ------
    SourceError
        It cannot be read as what its suffix says.
    """
    if path.is_file() and path.stat().st_size == 0:
        return []
    if not is_json(path):
        return column_names(path)
    first = next(iter(_lines(path, 1)), {})
    return list(first)


def is_json(path: Path) -> bool:
    """Whether the suffix says JSON lines."""
    return path.name.lower().endswith(JSON)


def read_text(path: Path, places: Mapping[str, str]) -> pd.DataFrame:
    """Chosen columns as text: numbers in decimal, bytes in hex, lists joined by commas.

    Parameters
    ----------
    path : Path
    places : mapping of str to str
        Our name to the file's name.

    Raises
    ------
    SourceError
        The file is damaged, or a column is of a type that lost digits.
    """
    if is_json(path):
        rows = [[_text(row.get(name)) for name in places.values()] for row in _lines(path)]
        return pd.DataFrame(rows, columns=list(places), dtype="str")
    names = list(dict.fromkeys(places.values()))
    read = list(batches(path, names))
    table = pa.Table.from_batches(read) if read else None
    columns = {
        ours: pa.array([], _TEXT) if table is None else _as_text(path, name, table.column(name))
        for ours, name in places.items()
    }
    return pa.table(columns).to_pandas().astype("str")


def instants(path: Path, cells: pd.Series) -> pd.Series:
    """Times of texts: unix seconds, or ISO 8601, in UTC where no offset is said.

    Raises
    ------
    SourceError
        A text is neither.
    """
    seconds = pd.to_numeric(cells, errors="coerce")
    if seconds.notna().all():
        return pd.to_datetime(seconds, unit="s", utc=True).astype(UTC)
    local, offset = parse_iso(cells)
    wrong = (local.isna() | ~offset.isin(("", "UTC"))).to_numpy()
    if wrong.any():
        text = cells[wrong].iloc[0]
        raise SourceError(f"{path}: {text!r} is neither unix seconds nor an ISO 8601 time in UTC")
    times: pd.Series = local.dt.tz_localize("UTC").astype(UTC).set_axis(cells.index)
    return times


def _as_text(path: Path, name: str, cells: Any) -> Any:
    kind = cells.type
    if pa.types.is_floating(kind):
        held = np.asarray(cells.drop_null(), dtype=np.float64)
        if ((held != np.floor(held)) | (np.abs(held) >= _EXACT)).any():
            raise SourceError(f"{path}: {name} holds floats, which lost digits; it needs integers")
        return cells.cast(pa.int64()).cast(_TEXT)
    if pa.types.is_decimal(kind):  # with a scale, it would write 0 as 0E-9
        whole = pa.decimal128(38) if pa.types.is_decimal128(kind) else pa.decimal256(76)
        return cells.cast(whole).cast(_TEXT)
    if pa.types.is_timestamp(kind):
        return cells.cast(pa.timestamp("s", kind.tz), safe=False).cast(pa.int64()).cast(_TEXT)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pc.binary_join(cells.cast(pa.list_(pa.string())), ",").cast(_TEXT)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return _hex(cells)
    if pa.types.is_fixed_size_binary(kind):
        return _hex(cells)
    return cells.cast(_TEXT)


def _hex(cells: Any) -> Any:
    texts = [None if one is None else f"0x{one.hex()}" for one in cells.to_pylist()]
    return pa.array(texts, _TEXT)


def _lines(path: Path, most: int | None = None) -> list[dict[str, Any]]:
    """Objects of a file of JSON lines; numbers keep all their digits."""
    rows: list[dict[str, Any]] = []
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    row = json.loads(line, parse_float=str)
                    if not isinstance(row, dict):
                        raise SourceError(f"{path}: line {number} is no JSON object")
                    rows.append(row)
                if len(rows) == most:
                    break
    except (OSError, ValueError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{path}: cannot be read as JSON lines: {error}") from None
    return rows


def _text(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, Sequence) and not isinstance(cell, str):
        return ",".join(one if isinstance(one, str) else json.dumps(one) for one in cell)
    return str(cell)
