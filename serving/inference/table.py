"""A table of wallets that a request holds, row by row as questions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from features.contracts.received import suggest
from features.errors import RiskError
from serving.mistakes import MistakesError
from serving.schemas.requests import ScoreRequest

WALLET, AS_OF, CHAIN = "wallet", "as_of", "chain"
MAX_ROWS = 10_000
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length.

    Parameters
    ----------
    columns : mapping of str to sequence
        ``wallet``; optional ``as_of``, ``chain``, and columns of context.
    rows : int
    place : callable
        Where the body holds a row's cell of a column, for messages.
    """

    columns: Mapping[str, Sequence[Any]]
    rows: int
    place: Callable[[int, str], Place]

    def __post_init__(self) -> None:
        if self.rows > MAX_ROWS:
            raise too_many(self.rows)


def too_many(rows: int) -> RiskError:
    """Error of a table that is too long for one request."""
    return RiskError(
        f"a request holds at most {MAX_ROWS} rows, received {rows}; POST /v1/jobs takes longer ones"
    )


def require_columns(columns: Sequence[str], context: Sequence[str]) -> None:
    """Check the names of a table's columns.

    Parameters
    ----------
    columns : sequence of str
    context : sequence of str
        Columns of the user's own that the model reads.

    Raises
    ------
    RiskError
        ``wallet`` is missing, a name comes twice, or nothing reads it.
    """
    allowed = (WALLET, AS_OF, CHAIN, *context)
    for at, name in enumerate(columns):
        if name not in allowed:
            raise RiskError(
                f"column {name[:100]!r} is none that is read{suggest(name[:100], allowed)}; "
                f"allowed: {', '.join(allowed)}"
            )
        if name in columns[:at]:
            raise RiskError(f"column {name!r} comes twice")
    if WALLET not in columns:
        raise RiskError(f"column 'wallet' is missing; received {', '.join(columns) or 'none'}")


def question(table: Table, row: int, common: Mapping[str, Any]) -> ScoreRequest:
    """Read one row.

    Parameters
    ----------
    table : Table
        Its columns are checked.
    row : int
    common : mapping
        Fields of a score request, and ``chain``, of rows that do not say otherwise.

    Raises
    ------
    MistakesError
        A cell is not what it must be; the places are those in the body.
    """
    cells = {name: absent(cells[row]) for name, cells in table.columns.items()}
    wallet, as_of, chain = (cells.pop(name, None) for name in (WALLET, AS_OF, CHAIN))
    asked = {"include": [], **common, "wallet": wallet}
    usual = asked.pop(CHAIN, None)
    chain = usual if chain is None else chain
    if chain is not None:
        asked["wallet"] = {"address": wallet, "chain": chain}
    if as_of is not None:
        asked["as_of"] = as_of
    if cells:
        asked["context"] = cells
    try:
        return ScoreRequest.model_validate(asked)
    except ValidationError as error:
        raise MistakesError(_placed(error, table, row), error.error_count()) from error


def cell_numbers(columns: Mapping[str, Sequence[str]]) -> dict[str, Sequence[Any]]:
    """Texts of a table as numbers in the user's own columns, where they are some."""
    plain = (WALLET, AS_OF, CHAIN)
    return {
        name: cells if name in plain else [_number(cell) for cell in cells]
        for name, cells in columns.items()
    }


def _number(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def refused(why: str, table: Table, row: int) -> MistakesError:
    """Say in which row a question was that cannot be answered."""
    told: ErrorDetails = {
        "type": "value_error", "loc": table.place(row, WALLET), "msg": why, "input": None,
    }  # fmt: skip
    return MistakesError([told], 1)


def absent(value: Any) -> Any:
    """None for what stands for no value in a table: nan, NaT, an empty text."""
    return None if value == "" or value != value else value


def _placed(error: ValidationError, table: Table, row: int) -> list[ErrorDetails]:
    placed: list[ErrorDetails] = []
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        named = [str(part) for part in one["loc"] if part in table.columns]
        placed.append({**one, "loc": table.place(row, named[-1] if named else WALLET)})
    return placed
