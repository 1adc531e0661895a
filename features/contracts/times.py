"""Texts that are times: ISO 8601 with its offset."""

from datetime import UTC as ZONE
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import RiskError
from features.kernel import Int64s

UTC = pd.DatetimeTZDtype("us", "UTC")
EARLIEST = pd.Timestamp("1678-01-01", tz="UTC")
LATEST = pd.Timestamp("2262-01-01", tz="UTC")  # both within the range of a nanosecond clock

_ISO = (
    r"^(?P<local>\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?)"
    r"(?: ?(?P<offset>Z|UTC|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?))?$"
)
_UTC = ("Z", "UTC", "+00:00", "+0000", "+00", "-00:00")


AHEAD = pd.Timedelta(2, "h")  # that a block's clock may be


def latest_allowed() -> pd.Timestamp:
    """Latest time that something may be dated that has happened."""
    return pd.Timestamp.now("UTC") + AHEAD


_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=ZONE), timedelta(microseconds=1)


def require_past(as_of: int, *, now: int) -> None:
    """Raise for an instant that lies further ahead than anything may be dated.

    Parameters
    ----------
    as_of, now : int, microseconds since 1970 UTC

    Raises
    ------
    RiskError
        ``as_of`` lies more than ``AHEAD`` after ``now``.
    """
    if as_of > now + AHEAD // _MICROSECOND:
        raise RiskError(
            f"as_of {instant_text(as_of)} lies in the future; now is {instant_text(now)}"
        )


def instant_text(since_1970: int) -> str:
    """ISO 8601 text of microseconds since 1970 UTC.

    Examples
    --------
    >>> instant_text(1)
    '1970-01-01T00:00:00.000001Z'
    """
    moment = _EPOCH + timedelta(microseconds=since_1970)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


class IsoTimes(NamedTuple):
    """Texts read as wall clock times beside their offsets.

    Parameters
    ----------
    local : Series of datetime64[us], shape (n,)
        NaT where the text is no ISO 8601 time.
    offset : Series of str, shape (n,)
        "UTC", "+01:00", ...; "" where the text names no offset; missing where local is NaT.
    """

    local: pd.Series
    offset: pd.Series


def parse_iso(texts: pd.Series) -> IsoTimes:
    """Read ISO 8601 texts such as ``2019-01-01T00:00:00.5Z`` or ``2019-01-01 00:00:00 UTC``.

    Parameters
    ----------
    texts : Series of str, shape (n,)

    Returns
    -------
    IsoTimes
    """
    parts = pc.extract_regex(pa.array(texts, type=pa.large_string()), _ISO)
    text = pc.struct_field(parts, "local").to_pandas()
    local = pd.to_datetime(text, format="ISO8601", errors="coerce").astype("datetime64[us]")
    offset = pc.struct_field(parts, "offset").to_pandas().astype("str")
    offset = offset.mask(offset.isin(_UTC), "UTC").mask(local.isna())
    return IsoTimes(local, offset)


class UtcTimes(NamedTuple):
    """Wall clock times as instants.

    Parameters
    ----------
    times : Series of datetime64[us, UTC], shape (n,)
        NaT where the wall clock time is missing, or one of those below.
    skipped, twice : Series of bool, shape (n,)
        The zone has no such time, because its clock was put forward over it; or two such, because
        its clock was put back.
    """

    times: pd.Series
    skipped: pd.Series
    twice: pd.Series


def local_to_utc(local: pd.Series, zone: str) -> UtcTimes:
    """Wall clock times of one offset or time zone as instants.

    Parameters
    ----------
    local : Series of datetime64[us], shape (n,)
    zone : str
        "UTC", "+01:00" or the name of a time zone, such as "Europe/Berlin".

    Raises
    ------
    ValueError
        An unknown zone.
    """
    if zone.startswith(("+", "-")):
        zone = f"{zone[:3]}:{zone[3:].strip(':') or '00'}"
    times = local.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    lost = times.isna() & local.notna()
    skipped = lost.copy()
    if lost.any():
        earlier = np.ones(int(lost.sum()), dtype=bool)
        either = local[lost].dt.tz_localize(zone, ambiguous=earlier, nonexistent="NaT")
        skipped[lost] = either.isna()
    return UtcTimes(times.dt.tz_convert("UTC").astype(UTC), skipped, lost & ~skipped)


def parse_instant(text: str, what: str) -> pd.Timestamp:
    """Read one instant, such as an option of a command.

    Raises
    ------
    RiskError
        It is no ISO 8601 time, or names no offset.

    Examples
    --------
    >>> parse_instant("2026-05-01Z", "--known-at")
    Timestamp('2026-05-01 00:00:00+0000', tz='UTC')
    """
    local, offset = (parts.iloc[0] for parts in parse_iso(pd.Series([text.strip()], dtype="str")))
    if pd.isna(local) or not offset:
        raise RiskError(f"{what} must be a time with an offset, such as 2026-05-01Z, got {text!r}")
    read = local_to_utc(pd.Series([local], dtype="datetime64[us]"), str(offset))
    return pd.Timestamp(read.times.iloc[0])


def microseconds(times: pd.Series) -> Int64s:
    """Microseconds since 1970 UTC of a column of datetime64[us, UTC]."""
    return times.to_numpy(dtype="datetime64[us]").astype(np.int64)
