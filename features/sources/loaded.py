"""The pieces of several files, put together."""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa

from features.contracts.received import Problem
from features.errors import SourceError
from features.sources.cells import Cells
from features.sources.lines import Lines
from features.sources.pieces import TRANSFERS, empty_piece
from features.sources.room import require_room
from features.sources.tables import is_csv

LINE, ROW = "line", "row"  # how the index of bad rows counts


@dataclass(slots=True)
class Loaded:
    """The pieces of several files as one frame that remembers where its rows come from."""

    tables: list[pa.Table] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    n_rows: int = 0
    held: int = 0  # bytes
    paths: list[Path] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)  # row of the frame at which each file begins
    lines: list[Lines] = field(default_factory=list)  # of each file

    def add(self, cells: Cells, piece: pa.Table) -> None:
        """Take in the next piece of a file, and what could not be read in it."""
        if self.tables and piece.column_names != self.tables[0].column_names:
            raise SourceError(
                f"{cells.path}: has the columns {', '.join(piece.column_names)}, but "
                f"{self.paths[0]} has {', '.join(self.tables[0].column_names)}; load them apart"
            )
        if not cells.start:
            self.paths.append(cells.path)
            self.lines.append(Lines(cells.path))
            self.starts.append(self.n_rows)
        begin = self.starts[-1]
        self.problems += [Problem(p.reason, p.rows + begin, p.shown) for p in cells.problems]
        self.held += piece.nbytes
        require_room(cells.path, self.held)
        self.tables.append(piece)
        self.n_rows += len(piece)

    def frame(self) -> pd.DataFrame:
        """All rows; the pieces are let go."""
        tables, self.tables = self.tables or [empty_piece(TRANSFERS.required)], []
        # the tables are let go column by column, so that the text is in memory only once
        return pa.concat_tables(tables).to_pandas(split_blocks=True, self_destruct=True)

    def place(self, row: int) -> tuple[int, int]:
        """Number of a row's file, and of the row in it."""
        at = bisect.bisect_right(self.starts, row) - 1
        return at, row - self.starts[at]

    def row_name(self, row: int) -> str:
        """Name a row by its file, and its line or number."""
        at, own = self.place(row)
        return f"{self.paths[at]} {self.lines[at].name(own)}"

    def index(self, rows: Sequence[int]) -> pd.MultiIndex:
        """Index of rows by file and line, or by file and row where not all files have lines."""
        by_line = all(is_csv(path) for path in self.paths)
        places = [self.place(row) for row in rows]
        numbers = [self.lines[at].number(row) if by_line else row for at, row in places]
        names = [str(self.paths[at]) for at, _ in places]
        return pd.MultiIndex.from_arrays([names, numbers], names=["file", LINE if by_line else ROW])
