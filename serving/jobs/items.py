"""The items of a list, one question each, read from where it was left."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from features.errors import RiskError
from serving.bodies import SHORT_BYTES
from serving.inference.parquet import ParquetError, WalletParquet
from serving.inference.table import WALLET, Table, cell_numbers, question, require_columns
from serving.mistakes import MistakesError
from serving.schemas.requests import ScoreRequest

NDJSON, CSV, PARQUET = "application/x-ndjson", "text/csv", "application/vnd.apache.parquet"
MEDIA = (NDJSON, CSV, PARQUET)
MAX_ITEMS = 10_000_000
MOST_EMPTY = 1_000
AT_ONCE = 5_000  # rows that are counted at a stretch
_PIECE = 500  # rows of a table that are held at once
_SKIPPED = 65_536  # bytes of a line too long that are skipped at a stretch


class ListError(Exception):
    """The file is not what its media type says."""


class Item:
    """One item: what names it, and its question, which is checked when it is asked for."""

    __slots__ = ("_read", "wallet")

    def __init__(self, wallet: object, read: Callable[[], ScoreRequest]) -> None:
        self.wallet = wallet if isinstance(wallet, str) else None
        self._read = read

    @property
    def asked(self) -> ScoreRequest | MistakesError:
        """The question, or what is wrong with it."""
        try:
            return self._read()
        except MistakesError as error:
            return error
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            return MistakesError(found, error.error_count())


def count_items(path: Path, media: str, context: Sequence[str]) -> Iterator[int]:
    """Numbers of items that sum to that of all; the headings of tables are checked.

    Parameters
    ----------
    path : Path
    media : str
        One of ``MEDIA``.
    context : sequence of str
        Columns of the user's own that may be read.

    Raises
    ------
    ListError, RiskError
    """
    if media == PARQUET:
        yield _parquet(path, context).rows
        return
    with path.open("rb") as file:
        rows = _lines(file) if media == NDJSON else _rows(file, context)[1]
        empty = 0
        while some := [bool(row) for row in islice(rows, AT_ONCE)]:
            empty += some.count(False)
            if empty > MOST_EMPTY:  # who reads them on has nothing to answer meanwhile
                raise RiskError(f"the list has more than {MOST_EMPTY} empty lines")
            yield some.count(True)


def read_items(
    path: Path, media: str, context: Sequence[str], common: Mapping[str, Any], after: int
) -> Iterator[Item]:
    """Items in their order, without the first ``after``.

    ``common`` are fields of a score request for items that do not have them. Others as for
    :func:`count_items`, and what is raised.
    """
    if media == PARQUET:
        yield from islice(_of_parquet(path, context, common), after, None)
        return
    with path.open("rb") as file:
        if media == NDJSON:
            for line in islice(filter(None, _lines(file)), after, None):
                yield _of_line(line, common)
        else:
            names, rows = _rows(file, context)
            for row in islice(filter(None, rows), after, None):
                yield _of_row(names, row, common)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines, empty ones as such; of one that is too long the beginning, longer than any may be."""
    while line := file.readline(SHORT_BYTES + 1):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(_SKIPPED)
        yield b"" if line.isspace() else line


def _of_line(line: bytes, common: Mapping[str, Any]) -> Item:
    if len(line) > SHORT_BYTES:
        return Item(None, _raising(f"Item should have at most {SHORT_BYTES} bytes"))
    try:
        content = from_json(line)
    except ValueError as error:
        return Item(None, _raising(f"Item is no JSON: {error}"))
    if isinstance(content, str):
        content = {WALLET: content}
    if not isinstance(content, dict):
        return Item(None, _raising("Item should be a wallet's address, or an object"))
    named = content.get(WALLET)
    wallet = named.get("address") if isinstance(named, dict) else named
    asked = {**common, **content}
    return Item(
        wallet,
        lambda: ScoreRequest.model_validate_json(to_json(asked, inf_nan_mode="constants")),
    )


def _rows(file: BinaryIO, context: Sequence[str]) -> tuple[list[str], Iterator[list[str]]]:
    rows = csv.reader(_text(file), strict=True)
    names = next(_told(rows), [])
    require_columns([name for name in names if name], context)
    return names, _told(rows)


def _text(file: BinaryIO) -> Iterator[str]:
    for number, line in enumerate(iter(lambda: file.readline(SHORT_BYTES), b"")):
        try:
            yield line.decode("utf-8-sig" if number == 0 else "utf-8")
        except UnicodeDecodeError as error:
            raise ListError(f"the list is no CSV in UTF-8: {error.reason}") from error


def _told(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error as error:
        raise ListError(f"the list is no CSV: {error}") from error


def _of_row(names: Sequence[str], row: Sequence[str], common: Mapping[str, Any]) -> Item:
    at = names.index(WALLET)
    wallet = row[at] if at < len(row) else None
    if len(row) != len(names):
        return Item(wallet, _raising(f"Item should have {len(names)} cells, as the heading has"))
    cells = {name: [cell] for name, cell in zip(names, row, strict=True) if name}
    return _of_table(Table(cell_numbers(cells), 1, lambda _, name: (name,)), 0, common)


def _of_parquet(path: Path, context: Sequence[str], common: Mapping[str, Any]) -> Iterator[Item]:
    try:
        for piece in _parquet(path, context).pieces(_PIECE):
            table = Table(piece, len(piece[WALLET]), lambda _, name: (name,))
            for row in range(table.rows):
                yield _of_table(table, row, common)
    except ParquetError as error:
        raise ListError(f"the list is no parquet: {error}") from error


def _of_table(table: Table, row: int, common: Mapping[str, Any]) -> Item:
    return Item(table.columns[WALLET][row], lambda: question(table, row, common))


def _parquet(path: Path, context: Sequence[str]) -> WalletParquet:
    try:
        return WalletParquet(path, context)
    except ParquetError as error:
        raise ListError(f"the list is no parquet: {error}") from error


def _raising(message: str) -> Callable[[], ScoreRequest]:
    def read() -> ScoreRequest:
        told = {"type": "value_error", "loc": (), "msg": message, "input": None}
        raise MistakesError([told], 1)  # type: ignore[list-item]

    return read


def require_some(total: int) -> None:
    """Raise RiskError for a list without items, or with too many."""
    if not 0 < total <= MAX_ITEMS:
        raise RiskError(f"a list has 1 to {MAX_ITEMS} items, received {total}")
