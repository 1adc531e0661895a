"""What the checks of transfers, labels and spines share.

Two kinds of mistake are kept apart. A column that is missing, unknown or of the wrong type is a
mistake of the whole frame and always raises. A cell that breaks a rule is a mistake of its row,
which the caller may quarantine instead. Rows are numbered from 0 as received, whatever the index.
"""

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.contracts.text import as_chunks
from features.contracts.times import EARLIEST, LATEST, UTC, local_to_utc, microseconds, parse_iso
from features.errors import RiskError

MAX_NAME = 256  # characters of a wallet, transaction id or other name
EXAMPLES = 3
_FIRST, _END = EARLIEST.value // 1000, LATEST.value // 1000  # microseconds since 1970

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


def row_name(row: int) -> str:
    """Name a row of a frame in a message."""
    return f"row {row}"


@dataclass(frozen=True, slots=True)
class Problem:
    """Rows that break one rule.

    Parameters
    ----------
    reason : str
        Which rule, such as "amount is negative".
    rows : int64 array, shape (n,)
    shown : list of str, length n
        What each of the rows holds instead.
    """

    reason: str
    rows: Rows
    shown: list[str]

    def describe(self, name_row: Callable[[int], str] = row_name) -> str:
        """One line: the rule, how many rows break it, and the first of them."""
        first = zip(self.rows[:EXAMPLES].tolist(), self.shown[:EXAMPLES], strict=True)
        named = "; ".join(_joined(name_row(row), shown) for row, shown in first)
        more = "; ..." if self.rows.size > EXAMPLES else ""
        return f"{self.reason} in {count(self.rows.size, 'row')} ({named}{more})"


def count(n: int, noun: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def show(value: object) -> str:
    """Short form of a value for a message; nothing for a missing one."""
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return ""
    plain = value.item() if isinstance(value, np.generic) else value
    text = str(plain) if isinstance(plain, datetime) else repr(plain)
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text) - 2} characters)"


def suggest(name: str, allowed: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for a near miss, else nothing."""
    close = difflib.get_close_matches(name, list(allowed), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


@dataclass(slots=True)
class Received:
    """A frame under check: hands out its columns in contract types and collects what is wrong.

    Parameters
    ----------
    frame : DataFrame
        Never changed.
    what : str
        Name of the contract, opens every message.
    error : type
        The RiskError to raise.
    name_row : callable
        How messages name a row.
    chain : str, optional
        Whose addresses its wallets are, see :mod:`features.contracts.addresses`.
    not_after : Timestamp, optional
        Transfers of a later time are bad rows.
    """

    frame: pd.DataFrame
    what: str
    error: type[RiskError]
    name_row: Callable[[int], str] = row_name
    problems: list[Problem] = field(default_factory=list)
    chain: str | None = None
    not_after: pd.Timestamp | None = None

    def check_columns(self, required: Sequence[str], optional: Sequence[str] = ()) -> None:
        """Raise unless the frame has the required columns and no unknown ones.

        What another library holds as Arrow data, such as polars and duckdb, is taken over.
        """
        if not isinstance(self.frame, pd.DataFrame) and hasattr(self.frame, "__arrow_c_stream__"):
            self.frame = pa.table(self.frame).to_pandas()
        if not isinstance(self.frame, pd.DataFrame):
            raise self.fail(f"expected a DataFrame, received {type(self.frame).__name__}")
        received = list(self.frame.columns)
        missing = [name for name in required if name not in received]
        unknown = [name for name in received if name not in (*required, *optional)]
        twice = sorted({str(name) for name in received if received.count(name) > 1})
        if twice:
            raise self.fail(f"column {', '.join(twice)} occurs more than once")
        if missing:
            raise self.fail(
                f"missing {_named(missing, unknown)}; received: {', '.join(map(str, received))}"
            )
        if unknown:
            absent = [name for name in (*required, *optional) if name not in received]
            extra = f"; optional: {', '.join(optional)}" if optional else ""
            raise self.fail(
                f"unknown {_named(unknown, absent)}; required: {', '.join(required)}{extra}"
            )
        self.frame = self.frame.reset_index(drop=True)

    def fail(self, message: str) -> RiskError:
        """Build the error to raise, opened by the name of the contract."""
        return self.error(f"{self.what}: {message}")

    def note(self, reason: str, bad: Mask, column: str) -> None:
        """Collect the rows of ``bad`` as breaking the rule ``reason``."""
        if bad.any():
            rows = np.flatnonzero(bad)
            shown = [show(value) for value in self.frame[column].iloc[rows].tolist()]
            self.problems.append(Problem(reason, rows, shown))

    def names(self, column: str, *, default: str | None = None) -> pd.Series:
        """Read a column of non-empty strings, as ``str``; ``default`` stands in for missing."""
        values = self._strings(column)
        text = as_chunks(values)
        sizes: Any = pc.min_max(pc.binary_length(text))
        shortest, longest = (sizes[which].as_py() for which in ("min", "max"))
        if not text.null_count and shortest and longest <= MAX_NAME:
            return values  # no row needs to be looked at: a character is a byte or more
        missing = values.isna().to_numpy()
        if default is not None and missing.any():
            values, missing = values.fillna(default), np.zeros(len(values), dtype=np.bool_)
        length = values.str.len().fillna(1).to_numpy()
        self.note(f"{column} is missing", missing, column)
        self.note(f"{column} is empty", length == 0, column)
        self.note(f"{column} is longer than {MAX_NAME} characters", length > MAX_NAME, column)
        return values

    def numbers(
        self, column: str, *, highest: float, missing_allowed: bool = False
    ) -> npt.NDArray[np.float64]:
        """Read a column of finite numbers in [0, highest], as float64; missing ones are nan."""
        values = self.frame[column]
        known = pd.api.types.is_numeric_dtype(values.dtype) and values.dtype.kind not in "bc"
        if not (known or values.empty or (missing_allowed and values.isna().all())):
            raise self._wrong_type(column, "numbers")
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        missing = np.isnan(numbers)
        if not missing_allowed:
            self.note(f"{column} is missing or nan", missing, column)
        infinite = np.isinf(numbers)
        self.note(f"{column} is infinite", infinite, column)
        self.note(f"{column} is negative", (numbers < 0) & ~infinite, column)
        self.note(f"{column} is above {highest:g}", (numbers > highest) & ~infinite, column)
        return numbers

    def counts(self, column: str, *, highest: int) -> npt.NDArray[np.int64]:
        """Read a column of integers in [0, highest], as int64; 0 where the row is bad."""
        values = self.frame[column]
        if not (pd.api.types.is_integer_dtype(values.dtype) or values.empty):
            raise self._wrong_type(column, "integers")
        missing = values.isna().to_numpy()
        known = values.fillna(0) if missing.any() else values
        negative = (known < 0).to_numpy(dtype=np.bool_)
        above = (known > highest).to_numpy(dtype=np.bool_)
        self.note(f"{column} is missing", missing, column)
        self.note(f"{column} is negative", negative, column)
        self.note(f"{column} is above {highest}", above, column)
        if negative.any() or above.any():
            known = known.mask(negative | above, 0)
        return known.to_numpy(dtype=np.int64)

    def times(self, column: str, *, missing_allowed: bool = False) -> pd.Series:
        """Read a column of instants, as datetime64[us, UTC]; NaT where the row is bad, or missing.

        Accepts datetimes with a time zone and ISO 8601 texts with an offset, one offset a column.
        """
        values = self.frame[column]
        if missing_allowed and values.isna().any():
            return self._some_times(column, values)
        if values.empty:
            return pd.Series([], dtype=UTC)
        if isinstance(values.dtype, pd.ArrowDtype) and values.dtype.kind == "M":
            values = pd.Series(pa.array(values).to_pandas())
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            return self._in_range(column, values)
        if values.dtype.kind == "M":
            raise self.fail(
                f"{column} has no time zone ({values.dtype}); say which one it is in, such as "
                f"frame[{column!r}].dt.tz_localize('UTC')"
            )
        if values.dtype == object and pd.api.types.infer_dtype(values) in (
            "datetime",
            "datetime64",
        ):
            return self._in_range(column, self._datetimes(column))
        if not _holds_strings(values):
            raise self._wrong_type(column, "datetimes with a time zone or ISO 8601 texts")
        return self._texts(column)

    def _some_times(self, column: str, values: pd.Series) -> pd.Series:
        """Read a column of instants in which some are missing, as they may be."""
        rows = np.flatnonzero(values.notna().to_numpy())
        given = Received(
            self.frame[[column]].iloc[rows].reset_index(drop=True), self.what, self.error,
            lambda row: self.name_row(int(rows[row])),
        )  # fmt: skip
        read = given.times(column)
        self.problems += [Problem(p.reason, rows[p.rows], p.shown) for p in given.problems]
        read.index = values.index[rows]
        return read.reindex(values.index).astype(UTC)

    def bad(self) -> Mask:
        """Mark every row that breaks a rule."""
        bad = np.zeros(len(self.frame), dtype=np.bool_)
        for problem in self.problems:
            bad[problem.rows] = True
        return bad

    def raise_problems(self) -> None:
        """Raise one error that describes every broken rule, if there is one."""
        if self.problems:
            lines = "; ".join(problem.describe(self.name_row) for problem in self.problems)
            raise self.fail(lines)

    def quarantined(self) -> pd.DataFrame:
        """Give the bad rows as received, with their reasons, indexed by row number."""
        reasons: dict[int, str] = {}
        for problem in self.problems:
            for row, shown in zip(problem.rows.tolist(), problem.shown, strict=True):
                reason = _joined(problem.reason, shown)
                reasons[row] = f"{reasons[row]}; {reason}" if row in reasons else reason
        rows = sorted(reasons)
        texts = pd.Series([reasons[row] for row in rows], index=rows, dtype="str")
        return self.frame.loc[rows].assign(reason=texts)

    def _wrong_type(self, column: str, wanted: str) -> RiskError:
        values = self.frame[column]
        kind = f" ({pd.api.types.infer_dtype(values)})" if values.dtype == object else ""
        example = f"{show(values.iloc[0])} in {self.name_row(0)}"
        return self.fail(
            f"{column} must hold {wanted}, received {values.dtype}{kind}, such as {example}"
        )

    def _strings(self, column: str) -> pd.Series:
        values = self.frame[column]
        if not (_holds_strings(values) or values.empty):
            raise self._wrong_type(column, "strings")
        try:
            return values.astype("str")
        except UnicodeEncodeError as error:
            raise self.fail(f"{column} holds text that is not valid Unicode: {error}") from None

    def _datetimes(self, column: str) -> pd.Series:
        values = self.frame[column]
        self._one_offset(column, values.map(lambda v: str(v.tzinfo or ""), na_action="ignore"))
        return pd.to_datetime(values, utc=True)

    def _texts(self, column: str) -> pd.Series:
        texts = self._strings(column)
        local, offset = parse_iso(texts)
        unreadable = (local.isna() & texts.notna()).to_numpy()
        self.note(f"{column} is not an ISO 8601 time", unreadable, column)
        times = local_to_utc(local, self._one_offset(column, offset)).times
        return self._in_range(column, times, unreadable)

    def _one_offset(self, column: str, offset: pd.Series) -> str:
        rows = np.flatnonzero((offset.notna() & ~offset.duplicated()).to_numpy())[:EXAMPLES]
        zones = [str(zone) for zone in offset.iloc[rows].tolist()]
        values = self.frame[column].iloc[rows].tolist()
        where = [
            f"{self.name_row(row)} has {zone or 'none'} ({show(value)})"
            for row, zone, value in zip(rows.tolist(), zones, values, strict=True)
        ]
        if len(zones) > 1:
            raise self.fail(f"{column} mixes UTC offsets: {'; '.join(where)}")
        if zones == [""]:
            raise self.fail(f"{column} must name its time zone or UTC offset: {where[0]}")
        return zones[0] if zones else "UTC"

    def _in_range(self, column: str, values: pd.Series, ignored: Mask | None = None) -> pd.Series:
        if values.dtype == UTC:
            since_1970 = microseconds(values)
            if since_1970.min() >= _FIRST and since_1970.max() < _END:
                return values  # no row needs to be looked at: a missing one is the least number
        missing = values.isna().to_numpy()
        self.note(
            f"{column} is missing", missing if ignored is None else missing & ~ignored, column
        )
        outside = ((values < EARLIEST) | (values >= LATEST)).to_numpy()
        limits = f"[{EARLIEST.date()}, {LATEST.date()})"
        self.note(f"{column} is outside {limits}", outside, column)
        if outside.any():
            values = values.mask(outside)
        return values.astype(UTC)


def _joined(what: str, shown: str) -> str:
    return f"{what}: {shown}" if shown else what


def _holds_strings(values: pd.Series) -> bool:
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        dtype = dtype.categories.dtype
    if pd.api.types.is_object_dtype(dtype):
        return pd.api.types.infer_dtype(values, skipna=True) in ("string", "empty")
    return pd.api.types.is_string_dtype(dtype)


def _named(names: Sequence[object], candidates: Sequence[object]) -> str:
    noun = "column" if len(names) == 1 else "columns"
    known = [str(name) for name in candidates]
    return f"{noun} " + ", ".join(f"{name}{suggest(str(name), known)}" for name in names)
