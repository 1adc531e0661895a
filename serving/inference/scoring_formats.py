"""Bodies that MLflow's scoring server takes: four formats of JSON, CSV and parquet."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, TypeGuard

from pydantic_core import from_json
from starlette.exceptions import HTTPException

from features.errors import RiskError
from serving.bodies import KEYS
from serving.inference.parquet import ParquetError, WalletParquet
from serving.inference.table import (
    MAX_ROWS,
    WALLET,
    Place,
    Table,
    cell_numbers,
    require_columns,
    too_many,
)

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")
PARAMS = "params"


def read_body(body: bytes, media: str, context: Sequence[str]) -> tuple[Table, Mapping[str, Any]]:
    """Read a body of one of the media types; beside the table its ``params``.

    ``context`` names columns of the user's own that the model reads.

    Raises
    ------
    HTTPException
        415: it is of another type; 400: it is not what its type says.
    RiskError
        It is no table of wallets.
    """
    params: Mapping[str, Any] = {}
    if media == JSON:
        table, params = _of_json(body)
    elif media == CSV:
        table = _of_csv(body)
    elif media == PARQUET:
        table = _of_parquet(body, context)
    else:
        types = ", ".join((JSON, CSV, PARQUET))
        raise HTTPException(415, f"the body must be one of {types}, by Content-Type")
    require_columns([*table.columns], context)
    return table, params


def _of_json(body: bytes) -> tuple[Table, Mapping[str, Any]]:
    try:
        content = from_json(body)
    except ValueError as error:
        raise HTTPException(400, f"the body is no JSON: {error}") from error
    formats = [name for name in FORMATS if isinstance(content, dict) and name in content]
    if len(formats) != 1 or len(content) > 1 + (PARAMS in content):
        raise RiskError(
            f"the body must be an object with exactly one of {', '.join(FORMATS)}, and params if "
            "there are any"
        )
    (name,) = formats
    params = content.get(PARAMS) or {}
    if not isinstance(params, dict):
        raise RiskError("params must be an object")
    if name == "dataframe_split":
        return _split(content[name]), params
    if name == "dataframe_records":
        return _records(name, content[name]), params
    return _tensors(name, content[name]), params


def _split(given: Any) -> Table:
    fields = {"columns", "data", "index"}
    columns = given.get("columns") if isinstance(given, dict) else None
    data = given.get("data") if isinstance(given, dict) else None
    if not (_texts(columns) and isinstance(data, list) and set(given) <= fields):
        raise RiskError("dataframe_split must be an object of columns (texts) and data (rows)")
    if any(not isinstance(row, list) or len(row) != len(columns) for row in data):
        raise RiskError(f"dataframe_split: every row must be a list of {len(columns)} cells")
    at = {name: number for number, name in enumerate(columns)}
    _once(columns)
    cells = {name: [row[at[name]] for row in data] for name in columns}
    return Table(cells, len(data), lambda row, name: ("dataframe_split", "data", row, at[name]))


def _records(given_as: str, given: Any) -> Table:
    if not isinstance(given, list) or any(not isinstance(one, dict) for one in given):
        raise RiskError(f"{given_as} must be a list of objects")
    if len(given) > MAX_ROWS:
        raise too_many(len(given))
    names = dict.fromkeys(chain.from_iterable(given))
    if len(names) > KEYS:  # every row has a cell of every name
        raise RiskError(f"{given_as}: at most {KEYS} columns, received {len(names)}")
    cells = {name: [one.get(name) for one in given] for name in names}
    return Table(cells or {WALLET: []}, len(given), lambda row, name: (given_as, row, name))


def _tensors(given_as: str, given: Any) -> Table:
    """Wallets as texts, records, or columns by name."""

    def of_column(row: int, name: str) -> Place:
        return (given_as, name, row)

    if _texts(given):
        return Table({WALLET: given}, len(given), lambda row, _: (given_as, row))
    if isinstance(given, list):
        return _records(given_as, given)
    if not isinstance(given, dict):
        raise RiskError(f"{given_as} must be a list of wallets or of objects, or columns by name")
    cells = {name: one if isinstance(one, list) else [one] for name, one in given.items()}
    lengths = {len(one) for one in cells.values()}
    if len(lengths) > 1:
        raise RiskError(f"{given_as}: columns must be equally long, received {sorted(lengths)}")
    return Table(cells, max(lengths, default=0), of_column)


def _of_csv(body: bytes) -> Table:
    try:
        text = body.decode("utf-8-sig")
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        names, cells = next(rows, []), _cells(rows)
    except (UnicodeDecodeError, csv.Error) as error:
        raise HTTPException(400, f"the body is no CSV in UTF-8: {error}") from error
    if any(len(row) != len(names) for row in cells):
        raise RiskError(f"CSV: every row must have {len(names)} cells, as its heading has")
    _once(names)
    # a frame's index is written as a first column without a name
    columns = {name: [row[at] for row in cells] for at, name in enumerate(names) if name}
    return Table(cell_numbers(columns), len(cells), _of_row)


def _cells(rows: Iterable[list[str]]) -> list[list[str]]:
    found: list[list[str]] = []
    for number, row in enumerate(rows):
        if row:
            found.append(row)
        if number >= 2 * MAX_ROWS:  # empty lines take time, too
            raise RiskError(f"CSV: more than {2 * MAX_ROWS} lines, most of them empty")
        if len(found) > MAX_ROWS:
            raise too_many(len(found))
    return found


def _of_parquet(body: bytes, context: Sequence[str]) -> Table:
    try:
        file = WalletParquet(body, context)
        if file.rows > MAX_ROWS:
            raise too_many(file.rows)
        pieces = [*file.pieces(MAX_ROWS)]  # none of an empty file
    except ParquetError as error:
        raise HTTPException(400, f"the body is no parquet: {error}") from error
    columns = {name: [*chain.from_iterable(one[name] for one in pieces)] for name in file.names}
    return Table(columns, file.rows, _of_row)


def _of_row(row: int, name: str) -> Place:
    return ("rows", row, name)


def _texts(given: Any) -> TypeGuard[list[str]]:
    return isinstance(given, list) and bool(given) and all(isinstance(one, str) for one in given)


def _once(names: Sequence[str]) -> None:
    for name, count in Counter(filter(None, names)).items():
        if count > 1:
            raise RiskError(f"column {name[:100]!r} comes twice")
