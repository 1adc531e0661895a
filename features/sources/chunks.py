"""Tables in chunks of rows, read ahead by a thread; what was read before is passed over.

A chunk is of one file. What a file said before a place, such as the offset of its times, is noted
with each chunk, so that reading can go on from there after the process died.
"""

import bisect
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pandas as pd
import pyarrow as pa

from features.contracts.received import Problem
from features.errors import SourceError
from features.sources.cells import Cells
from features.sources.lines import Lines
from features.sources.loaded import LINE, ROW
from features.sources.pieces import TRANSFERS, pieces, raise_unreadable
from features.sources.tables import is_csv
from features.sources.writing import Writing

CHUNK_ROWS = 1 << 18
_T = TypeVar("_T")


@dataclass(slots=True)
class Place:
    """How far files are read, for JSON.

    Attributes
    ----------
    file : int
        Number of the file.
    rows : int
        Of that file, that are read.
    starts : list of int
        Row at which each file begins, counted through all.
    columns : list of str
        Of every file.
    offsets, signs : dict
        As in :class:`features.sources.cells.Cells`.
    """

    file: int = 0
    rows: int = 0
    starts: list[int] = field(default_factory=lambda: [0])
    columns: list[str] = field(default_factory=list)
    offsets: dict[str, Any] = field(default_factory=dict)
    signs: dict[str, Any] = field(default_factory=dict)

    @property
    def all_rows(self) -> int:
        """Rows that are read of all files."""
        return self.starts[-1] + self.rows


class Chunk(NamedTuple):
    """Some rows of a file.

    Attributes
    ----------
    frame : DataFrame
        In the types of the contract.
    first : int
        Number of its first row, counted through all files.
    problems : list of Problem
        Cells that could not be read, by row of the frame.
    place : Place
        Behind it.
    """

    frame: pd.DataFrame
    first: int
    problems: list[Problem]
    place: Place


class Tables:
    """Names rows of several tables by their number through all.

    Parameters
    ----------
    paths : sequence of Path
    shown : mapping of str to str
        What messages call files whose name is ours.
    """

    def __init__(self, paths: Sequence[Path], shown: Mapping[str, str]) -> None:
        self.paths, self._shown = paths, shown
        self._lines = [Lines(path) for path in paths]
        self.starts: list[int] = [0]

    def row_name(self, row: int) -> str:
        """Name a row by its file, and its line or number."""
        at, own = self._place(row)
        return f"{self._name(at)} {self._lines[at].name(own)}"

    def index(self, rows: Sequence[int]) -> pd.MultiIndex:
        """Index of rows by file and line, or by file and row where not all files have lines."""
        by_line = all(is_csv(path) for path in self.paths)
        places = [self._place(row) for row in rows]
        numbers = [self._lines[at].number(row) if by_line else row for at, row in places]
        names = [self._name(at) for at, _ in places]
        return pd.MultiIndex.from_arrays([names, numbers], names=["file", LINE if by_line else ROW])

    def _place(self, row: int) -> tuple[int, int]:
        at = bisect.bisect_right(self.starts, row) - 1
        return at, row - self.starts[at]

    def _name(self, at: int) -> str:
        path = str(self.paths[at])
        return self._shown.get(path, path)


def chunks(
    paths: Sequence[Path],
    plain: Mapping[str, Any],
    writing: Writing,
    before: Place,
    *,
    strict: bool,
) -> Iterator[Chunk]:
    """Read tables from a place on.

    Parameters
    ----------
    paths : sequence of Path
    plain : mapping
        ``columns`` and ``asset``, as :func:`features.sources.files.load_transfers` takes them.
    writing : Writing
    before : Place
    strict : bool
        Raise where a cell cannot be read.

    Raises
    ------
    SourceError
        As :func:`features.sources.files.load_transfers`.
    """
    place = before
    for number in range(before.file, len(paths)):
        if number > place.file:
            place = Place(number, 0, [*place.starts, place.all_rows], place.columns)
        cells = Cells(paths[number], writing)
        cells.offsets = {name: tuple(one) for name, one in place.offsets.items()}
        cells.signs = {name: tuple(one) for name, one in place.signs.items()}
        held: list[pa.Table] = []
        problems: list[Problem] = []
        read = pieces(
            cells, TRANSFERS, plain.get("columns"), {"asset": plain.get("asset")}, after=place.rows
        )
        for piece in read:
            if strict:
                raise_unreadable(cells)
            _same_columns(paths, number, place, piece)
            held.append(piece)
            problems += cells.problems
            if sum(map(len, held)) >= CHUNK_ROWS:
                chunk = _chunk(held, problems, place, cells)
                held, problems, place = [], [], chunk.place
                yield chunk
        if held:
            chunk = _chunk(held, problems, place, cells)
            place = chunk.place
            yield chunk


def _chunk(held: list[pa.Table], problems: list[Problem], before: Place, cells: Cells) -> Chunk:
    table = pa.concat_tables(held)
    own = [Problem(one.reason, one.rows - before.rows, one.shown) for one in problems]
    behind = Place(
        before.file, before.rows + len(table), before.starts, table.column_names,
        dict(cells.offsets), dict(cells.signs),
    )  # fmt: skip
    return Chunk(table.to_pandas(), before.all_rows, own, behind)


def _same_columns(paths: Sequence[Path], number: int, place: Place, piece: pa.Table) -> None:
    if place.columns and piece.column_names != place.columns:
        raise SourceError(
            f"{paths[number]}: has the columns {', '.join(piece.column_names)}, but "
            f"{paths[0]} has {', '.join(place.columns)}; load them apart"
        )


def ahead(source: Iterator[_T]) -> Iterator[_T]:
    """Read the next one in a thread while the one at hand is worked on."""
    end = object()
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, source, end)
        while True:
            one: Any = following.result()
            if one is end:
                return
            following = pool.submit(next, source, end)
            yield one
