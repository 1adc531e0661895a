"""Cells of a file in the types of a contract: text to numbers, unix and ISO times to UTC.

A cell that cannot be read becomes missing and is noted with its text; a column whose type or time
zone is unclear raises, since guessing would be wrong for every row.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.contracts.received import Problem, show
from features.contracts.times import EARLIEST, LATEST, local_to_utc, parse_iso
from features.errors import SourceError
from features.sources.lines import Lines
from features.sources.numbers import INTEGER, NO_SIGN, Read, counted, read_numbers
from features.sources.room import Column, decoded
from features.sources.writing import PER_SECOND, PLAINLY, Writing

UTC_US = pa.timestamp("us", "UTC")
UNIX_TEXT = r"^-?[0-9]{5,}$"  # no ISO 8601 time looks like this
_KINDS = {
    **dict.fromkeys(("timestamp", "known_at", "until", "as_of"), "time"),
    **dict.fromkeys(("amount", "value", "amount_usd", "fee", "price", "confidence"), "number"),
    **dict.fromkeys(("position", "block"), "integer"),
}
_WHOLE = len("2019-01-01T00:00:00Z")
_SCALED = ("amount", "fee")  # counted in the unit that is said


@dataclass(slots=True)
class Cells:
    """Turns the columns of one file into contract types, batch after batch.

    Parameters
    ----------
    path : Path
        For messages.
    writing : Writing
        How times and numbers are written.
    """

    path: Path
    writing: Writing = PLAINLY
    start: int = 0  # row number of the batch at hand
    problems: list[Problem] = field(default_factory=list)  # of the batch at hand
    offsets: dict[str, tuple[str, str]] = field(default_factory=dict)  # column -> offset, where
    signs: dict[str, tuple[str, int]] = field(default_factory=dict)  # column -> currency, row
    _lines: Lines | None = None

    def name(self, row: int) -> str:
        """Name a row: by its line where the file has lines."""
        if self._lines is None:
            self._lines = Lines(self.path)
        return self._lines.name(row)

    def convert(self, column: str, cells: Column) -> Column:
        """Convert one column of the batch at hand to the type the contract gives ``column``."""
        cells = decoded(self.path, cells)
        is_text = (pa.types.is_string, pa.types.is_string_view, pa.types.is_null)
        if any(check(cells.type) for check in is_text):
            cells = cells.cast(pa.large_string())
        kind = _KINDS.get(column, "name")
        try:
            cells.validate(full=True)  # parquet may hold text that is no UTF-8
            if kind == "time":
                return self._times(column, cells)
            if kind == "name":
                return self._names(column, cells)
            return self._numbers(column, cells, whole=kind == "integer")
        except SourceError:
            raise
        except ValueError as error:  # Arrow's and pandas' own
            raise SourceError(f"{self.path}: {column}: {str(error).splitlines()[0]}") from None

    def _names(self, column: str, cells: Column) -> Column:
        if not (pa.types.is_large_string(cells.type) or pa.types.is_integer(cells.type)):
            raise self._wrong_type(column, cells, "text or integers")
        return cells.cast(pa.large_string())

    def _numbers(self, column: str, cells: Column, *, whole: bool) -> Column:
        if pa.types.is_large_string(cells.type):
            return self._integers(column, cells) if whole else self._number_texts(column, cells)
        exact = pa.types.is_integer(cells.type) or pa.types.is_decimal(cells.type)
        if not (exact or pa.types.is_floating(cells.type)):
            raise self._wrong_type(column, cells, "numbers")
        if whole:
            return cells.cast(pa.int64())
        if column not in _SCALED or not self.writing.digits:
            return cells.cast(pa.float64(), safe=False)
        if exact:
            return self._number_texts(column, cells.cast(pa.large_string()))
        read = counted(cells.cast(pa.float64(), safe=False), self.writing)
        self._note_mistakes(column, cells, read)
        return read.numbers

    def _number_texts(self, column: str, cells: Column) -> Column:
        read = read_numbers(cells, self.writing, scaled=column in _SCALED)
        self._note_mistakes(column, cells, read)
        self._one_sign(column, cells, read.signs)
        return read.numbers

    def _note_mistakes(self, column: str, cells: Column, read: Read) -> None:
        for mistake, bad in read.mistakes.items():
            self._note(f"{column} {mistake}", cells, bad)

    def _one_sign(self, column: str, cells: Column, signs: Any) -> None:
        """Note cells in another currency than the first one that the file names."""
        named = np.flatnonzero(np.asarray(pc.not_equal(signs, NO_SIGN)))
        if not named.size:
            return
        opening = int(named[0])
        first, row = self.signs.setdefault(column, (str(signs[opening]), self.start + opening))
        other: Any = pc.and_(
            pc.not_equal(signs, NO_SIGN), pc.not_equal(signs, pa.scalar(first, pa.large_string()))
        )
        if pc.any(other).as_py():
            self._note(f"{column} is not in {first}, as in {self.name(row)}", cells, other)

    def _integers(self, column: str, cells: Column, what: str = "an integer") -> Column:
        text = pc.utf8_trim_whitespace(cells)
        try:
            return text.cast(pa.int64())
        except pa.ArrowInvalid:
            readable = pc.match_substring_regex(text, INTEGER)
            self._note(f"{column} is not {what}", cells, pc.invert(readable))
            known: Column = pc.if_else(readable, text, None)
            return known.cast(pa.int64())

    def _times(self, column: str, cells: Column) -> Column:
        unit = self.writing.time_unit
        if pa.types.is_large_string(cells.type):
            if unit is None:
                return self._texts(column, cells)
            cells = self._integers(column, cells, f"a unix time in {unit}")
        if pa.types.is_integer(cells.type):
            return self._unix_times(column, cells)
        if pa.types.is_date(cells.type):
            cells = cells.cast(pa.timestamp("us"))
        if not pa.types.is_timestamp(cells.type):
            raise self._wrong_type(column, cells, "times")
        coarser = cells.type.unit != "ns"  # nanoseconds are cut off, overflow raises
        if cells.type.tz is not None:
            return cells.cast(UTC_US, safe=coarser)
        if self.writing.timezone is None:
            raise self._no_zone(column, "its times")
        local: Any = cells.cast(pa.timestamp("us"), safe=coarser)
        return self._of_zone(column, cells, local.to_pandas(), self.writing.timezone)

    def _unix_times(self, column: str, cells: Column) -> Column:
        unit = self.writing.time_unit
        if unit is None:
            example = cells.drop_null()
            raise self._no_unit(column, f" such as {example[0].as_py()}" if len(example) else "")
        cells = cells.cast(pa.int64())
        low, high = (
            pa.scalar(int(limit.timestamp()) * PER_SECOND[unit]) for limit in (EARLIEST, LATEST)
        )
        inside = pc.and_(pc.greater_equal(cells, low), pc.less(cells, high))
        reason = f"{column} is no unix time in {unit} between {EARLIEST.date()} and {LATEST.date()}"
        self._note(reason, cells, pc.invert(inside))
        known: Column = pc.if_else(inside, cells, None)
        return known.cast(pa.timestamp(unit, "UTC")).cast(UTC_US)

    def _texts(self, column: str, cells: Column) -> Column:
        trimmed = pc.utf8_trim_whitespace(cells)
        times = _times_of_utc(trimmed)
        if times is not None:
            self._one_offset(column, pd.Series([str(trimmed[0])]), pd.Series(["UTC"]))
            read: Column = times
            return read
        unix = cells.filter(pc.match_substring_regex(trimmed, UNIX_TEXT))
        if len(unix):
            raise self._no_unit(column, f" such as {unix[0].as_py()}")
        texts: pd.Series = trimmed.to_pandas().astype("str")
        local, offset = parse_iso(texts)
        unreadable = local.isna() & texts.notna()
        self._note(f"{column} is not an ISO 8601 time", cells, pa.array(unreadable))
        return self._of_zone(column, cells, local, self._one_offset(column, texts, offset))

    def _of_zone(self, column: str, cells: Column, local: pd.Series, zone: str) -> Column:
        """Wall clock times in UTC; those that the zone skips or has twice are noted."""
        times, skipped, twice = local_to_utc(local, zone)
        put = f"{column} is %s in {zone}, whose clock was put %s over it"
        self._note(put % ("no time", "forward"), cells, pa.array(skipped))
        self._note(put % ("two times", "back"), cells, pa.array(twice))
        # pandas 3 warns where Arrow reads a column with a time zone: hand over the bare instants
        return pa.array(times.dt.tz_localize(None), type=pa.timestamp("us")).cast(UTC_US)

    def _one_offset(self, column: str, texts: pd.Series, offset: pd.Series) -> str:
        rows = np.flatnonzero((offset.notna() & ~offset.duplicated()).to_numpy())
        for row in rows.tolist():
            zone, text = str(offset.iloc[row]), str(texts.iloc[row])
            seen, there = self.offsets.get(column, (zone, ""))
            if zone != seen or not there:
                where = f"{self.name(self.start + row)} has {zone or 'none'} ({text!r})"
                if zone != seen:
                    raise SourceError(f"{self.path}: {column} mixes UTC offsets: {there}; {where}")
                self.offsets[column] = zone, where
            if not zone and self.writing.timezone is None:
                raise self._no_zone(column, f"{self.name(self.start + row)} ({text!r})")
        zone = self.offsets.get(column, ("UTC", ""))[0]
        return zone or str(self.writing.timezone)

    def _note(self, reason: str, cells: Column, bad: Column) -> None:
        rows = np.flatnonzero(np.asarray(bad.fill_null(False)))
        if rows.size:
            shown = [show(value) for value in cells.take(rows).to_pylist()]
            self.problems.append(Problem(reason, rows + self.start, shown))

    def _no_unit(self, column: str, example: str) -> SourceError:
        return SourceError(
            f"{self.path}: {column} holds integers{example}; "
            f"say their time unit: {', '.join(PER_SECOND)}"
        )

    def _no_zone(self, column: str, what: str) -> SourceError:
        return SourceError(
            f"{self.path}: {column} names no UTC offset in {what}; say the time zone, such as UTC"
        )

    def _wrong_type(self, column: str, cells: Column, wanted: str) -> SourceError:
        return SourceError(f"{self.path}: {column} must hold {wanted}, received {cells.type}")


def _times_of_utc(texts: Any) -> Any:
    """Instants of texts that all are written as most are, 2019-01-01T00:00:00Z; else None.

    Arrow takes a twentieth of the time of :func:`features.contracts.times.parse_iso`, and other
    texts as well, which a length of twenty characters leaves out.
    """
    if not len(texts) or texts.null_count:
        return None
    shortest = pc.min(pc.binary_length(texts)).as_py()
    if shortest < _WHOLE or not pc.all(pc.ends_with(texts, "Z")).as_py():
        return None
    try:
        return texts.cast(UTC_US)
    except pa.ArrowInvalid:
        return None
