"""Rows of a CSV file by the line on which an editor shows them."""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from features.sources.tables import delimiter, is_csv, readable

_BEFORE = -2  # the header is row -1


class Lines:
    """Names rows of a file: of a CSV file by its line, of any other by its number from 0.

    A cell may hold line breaks, and empty lines hold no row, so that a row's line is found by
    reading up to it, only when it is asked for. Rows that are asked for in order are found in one
    reading.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._of_csv = is_csv(path)
        self._lines: Iterator[int] = iter(())
        self._row, self._line = _BEFORE, 0

    def name(self, row: int) -> str:
        """``line 7``, or ``row 5``."""
        return f"line {self.number(row)}" if self._of_csv else f"row {row}"

    def number(self, row: int) -> int:
        """Line of a row of a CSV file, from 1; its own number in other files."""
        if not self._of_csv:
            return row
        if row < self._row or self._row == _BEFORE:
            self._row, self._lines = _BEFORE, self._read()
        while self._row < row:
            self._line = next(self._lines)
            self._row += 1
        return self._line

    def _read(self) -> Iterator[int]:
        """Line on which each row begins, the header's first."""
        opened: Any = gzip.open if self._path.name.lower().endswith(".gz") else open
        with (
            readable(self._path, "CSV"),
            opened(self._path, "rt", encoding="utf-8-sig", errors="replace", newline="") as text,
        ):
            reader = csv.reader(text, delimiter=delimiter(self._path))
            before = 0
            for row in reader:
                if row:
                    yield before + 1
                before = reader.line_num
