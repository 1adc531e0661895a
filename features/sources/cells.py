"""Cells of a file in the types of a contract: text to numbers, unix and ISO times to UTC.

A cell that cannot be read becomes missing and is noted with its text; a column whose type or time
zone is unclear raises, since guessing would be wrong for every row.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.contracts.received import Problem, show
from features.contracts.times import EARLIEST, LATEST, parse_iso, to_utc
from features.errors import SourceError
from features.sources.room import Column, decoded

TimeUnit = Literal["s", "ms", "us"]
PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
INTEGER = r"^-?[0-9]{1,18}$"

UTC_US = pa.timestamp("us", "UTC")
UNIX_TEXT = r"^-?[0-9]{5,}$"  # no ISO 8601 time looks like this
_KINDS = {
    **dict.fromkeys(("timestamp", "known_at", "as_of"), "time"),
    **dict.fromkeys(("amount", "value", "amount_usd", "fee", "price", "confidence"), "number"),
    **dict.fromkeys(("position", "block"), "integer"),
}


@dataclass(slots=True)
class Cells:
    """Turns the columns of one file into contract types, batch after batch.

    Parameters
    ----------
    path : Path
        For messages.
    time_unit : {"s", "ms", "us"}, optional
        Unit of integer times, which count from 1970-01-01 UTC.
    timezone : str, optional
        Zone of times that name none, such as "UTC".
    """

    path: Path
    time_unit: TimeUnit | None
    timezone: str | None
    start: int = 0  # row number of the batch at hand
    problems: list[Problem] = field(default_factory=list)  # of the batch at hand
    offsets: dict[str, tuple[str, str]] = field(default_factory=dict)  # column -> offset, where

    def __post_init__(self) -> None:
        if self.time_unit is not None and self.time_unit not in PER_SECOND:
            allowed = ", ".join(PER_SECOND)
            raise SourceError(f"time unit must be one of {allowed}, received {self.time_unit!r}")
        if self.timezone is not None:
            try:
                ZoneInfo(self.timezone)
            except (KeyError, ValueError, OSError):
                raise SourceError(f"unknown time zone {self.timezone!r}; try 'UTC'") from None

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
            return self._numbers(column, cells, pa.float64() if kind == "number" else pa.int64())
        except SourceError:
            raise
        except ValueError as error:  # Arrow's and pandas' own; such as a time that a zone skips
            raise SourceError(f"{self.path}: {column}: {str(error).splitlines()[0]}") from None

    def _names(self, column: str, cells: Column) -> Column:
        if not (pa.types.is_large_string(cells.type) or pa.types.is_integer(cells.type)):
            raise self._wrong_type(column, cells, "text or integers")
        return cells.cast(pa.large_string())

    def _numbers(self, column: str, cells: Column, wanted: pa.DataType) -> Column:
        real = pa.types.is_float64(wanted)
        if pa.types.is_large_string(cells.type):
            if real:
                return self._cast(column, cells, "a number", NUMBER, wanted)
            return self._cast(column, cells, "an integer", INTEGER, wanted)
        numeric = pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type)
        if not (numeric or pa.types.is_decimal(cells.type)):
            raise self._wrong_type(column, cells, "numbers")
        return cells.cast(wanted, safe=not real)

    def _cast(
        self, column: str, cells: Column, what: str, grammar: str, wanted: pa.DataType
    ) -> Column:
        text = pc.utf8_trim_whitespace(cells)
        try:
            return text.cast(wanted)
        except pa.ArrowInvalid:
            readable = pc.match_substring_regex(text, grammar)
            self._note(f"{column} is not {what}", cells, pc.invert(readable))
            known: Column = pc.if_else(readable, text, None)
            return known.cast(wanted)

    def _times(self, column: str, cells: Column) -> Column:
        if pa.types.is_large_string(cells.type):
            if self.time_unit is None:
                return self._texts(column, cells)
            what = f"a unix time in {self.time_unit}"
            cells = self._cast(column, cells, what, INTEGER, pa.int64())
        if pa.types.is_integer(cells.type):
            return self._unix_times(column, cells)
        if pa.types.is_date(cells.type):
            cells = cells.cast(pa.timestamp("us"))
        if not pa.types.is_timestamp(cells.type):
            raise self._wrong_type(column, cells, "times")
        coarser = cells.type.unit != "ns"  # nanoseconds are cut off, overflow raises
        if cells.type.tz is not None:
            return cells.cast(UTC_US, safe=coarser)
        if self.timezone is None:
            raise self._no_zone(column, "its times")
        local: Any = cells.cast(pa.timestamp("us"), safe=coarser)
        aware: Column = pc.assume_timezone(local, self.timezone)
        return aware.cast(UTC_US)

    def _unix_times(self, column: str, cells: Column) -> Column:
        unit = self.time_unit
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
        unix = cells.filter(pc.match_substring_regex(trimmed, UNIX_TEXT))
        if len(unix):
            raise self._no_unit(column, f" such as {unix[0].as_py()}")
        texts: pd.Series = trimmed.to_pandas().astype("str")
        local, offset = parse_iso(texts)
        unreadable = local.isna() & texts.notna()
        self._note(f"{column} is not an ISO 8601 time", cells, pa.array(unreadable))
        zone = self._one_offset(column, texts, offset)
        # pandas 3 warns where Arrow reads a column with a time zone: hand over the bare instants
        instants = to_utc(local, zone).dt.tz_localize(None)
        return pa.array(instants, type=pa.timestamp("us")).cast(UTC_US)

    def _one_offset(self, column: str, texts: pd.Series, offset: pd.Series) -> str:
        rows = np.flatnonzero((offset.notna() & ~offset.duplicated()).to_numpy())
        for row in rows.tolist():
            zone, text = str(offset.iloc[row]), str(texts.iloc[row])
            where = f"row {self.start + row} has {zone or 'none'} ({text!r})"
            seen, there = self.offsets.setdefault(column, (zone, where))
            if zone != seen:
                raise SourceError(f"{self.path}: {column} mixes UTC offsets: {there}; {where}")
            if not zone and self.timezone is None:
                raise self._no_zone(column, f"row {self.start + row} ({text!r})")
        zone = self.offsets.get(column, ("UTC", ""))[0]
        return zone or str(self.timezone)

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
