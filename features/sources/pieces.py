"""A file in the columns of one contract, piece by piece."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from features.contracts import labels, spine, transfers
from features.contracts.received import suggest
from features.errors import SourceError
from features.sources.cells import UTC_US, Cells
from features.sources.room import require_room
from features.sources.tables import batches, column_names

# exports call other things "value", such as wei: it is read by its own name only where amount is
_BESIDE = {"value": "amount"}
Constants = Mapping[str, str | pd.Timestamp | None]


@dataclass(frozen=True, slots=True)
class Contract:
    """Column names that a reader looks for."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every name, required ones first."""
        return (*self.required, *self.optional)


TRANSFERS = Contract(transfers.REQUIRED, transfers.OPTIONAL)
LABELS = Contract(labels.REQUIRED, labels.OPTIONAL)
SPINE = Contract(spine.REQUIRED)


def pieces(
    cells: Cells,
    contract: Contract,
    columns: Mapping[str, str] | None,
    constants: Constants,
    *,
    after: int = 0,
) -> Iterator[pa.Table]:
    """Convert a file into tables in contract types; ``cells.problems`` tells what was unreadable.

    Parameters
    ----------
    cells : Cells
        Of the file.
    contract : Contract
    columns : mapping of str to str, optional
        Contract name to the file's name.
    constants : mapping
        Values for columns that the file lacks; None stands for no value.
    after : int
        Rows that are passed over, up to the end of a piece.

    Raises
    ------
    SourceError
        The file cannot be read or lacks a column, or the map names something that does not exist.
    """
    given = {name: constant(name, value) for name, value in constants.items() if value is not None}
    places = column_places(cells.path, contract, columns or {}, given)
    for batch in batches(cells.path, list(dict.fromkeys(places.values()))):
        cells.problems = []
        if cells.start < after:
            cells.start += len(batch)
            continue
        table: dict[str, pa.Array[Any]] = {
            name: cells.convert(name, batch.column(place)) for name, place in places.items()
        }
        table |= {name: pa.repeat(value, len(batch)) for name, value in given.items()}
        yield pa.table({name: table[name] for name in contract.columns if name in table})
        cells.start += len(batch)


def whole(
    cells: Cells, contract: Contract, columns: Mapping[str, str] | None, constants: Constants
) -> pa.Table:
    """All pieces of a file as one table; raises as :func:`pieces`, and for a cell, too."""
    tables, held = [], 0
    for piece in pieces(cells, contract, columns, constants):
        raise_unreadable(cells)
        held += piece.nbytes
        require_room(cells.path, held)
        tables.append(piece)
    return pa.concat_tables(tables or [empty_piece(contract.required)])


def empty_piece(columns: Sequence[str]) -> pa.Table:
    """Give a table without rows; its types do not matter, checks accept any of an empty column."""
    return pa.table({name: pa.array([], type=pa.large_string()) for name in columns})


def raise_unreadable(cells: Cells) -> None:
    """Raise if the piece at hand has cells that could not be read."""
    if cells.problems:
        lines = "; ".join(problem.describe(cells.name) for problem in cells.problems)
        raise SourceError(f"{cells.path}: {lines}")


def check_map(columns: Mapping[str, str], allowed: Sequence[str]) -> None:
    """Raise unless every mapped name belongs to the contract."""
    for name in columns:
        if name not in allowed:
            raise SourceError(
                f"column map: unknown name {name!r}{suggest(name, allowed)}; "
                f"allowed: {', '.join(allowed)}"
            )


def column_places(
    path: Path, contract: Contract, columns: Mapping[str, str], given: Mapping[str, object]
) -> dict[str, str]:
    """Find the file's column for each name of the contract; raises as :func:`pieces` does.

    ``given`` are the values of columns that the file is said to lack.
    """
    check_map(columns, contract.columns)
    held = column_names(path)
    # a column that is mapped is what the map says, even if it has another name of the contract
    taken = {*columns.values(), *(name for name, other in _BESIDE.items() if other in columns)}
    free = [name for name in contract.columns if name in held and name not in taken]
    places = dict(zip(free, free, strict=True)) | dict(columns)
    for name, place in places.items():
        if place not in held:
            raise SourceError(
                f"{path}: no column {place!r} for {name}{suggest(place, held)}; "
                f"received: {', '.join(held)}"
            )
        if held.count(place) > 1:
            raise SourceError(f"{path}: column {place!r} occurs more than once")
        if name in given:
            raise SourceError(f"{path}: {name} is given, but the file's column {place!r} holds it")
    missing = [n for n in contract.required if n not in places and n not in given]
    if missing:
        raise SourceError(
            f"{path}: no column for {', '.join(missing)}; received: {', '.join(held)}; "
            f"map names that differ (--map), such as {missing[0]}=column"
        )
    return places


def constant(name: str, value: str | pd.Timestamp) -> Any:
    """Value of a column that a file lacks, as an Arrow scalar."""
    if isinstance(value, str):
        return pa.scalar(value, type=pa.large_string())
    if value.tzinfo is None:
        raise SourceError(f"{name} needs a time zone, received {value}")
    return pa.scalar(value.tz_convert("UTC").to_pydatetime(), type=UTC_US)
