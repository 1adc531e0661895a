"""Texts that are times: ISO 8601 with its offset."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.kernel import Int64s

UTC = pd.DatetimeTZDtype("us", "UTC")
EARLIEST = pd.Timestamp("1678-01-01", tz="UTC")
LATEST = pd.Timestamp("2262-01-01", tz="UTC")  # both within the range of a nanosecond clock

_ISO = (
    r"^(?P<local>\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?)"
    r"(?: ?(?P<offset>Z|UTC|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?))?$"
)
_UTC = ("Z", "UTC", "+00:00", "+0000", "+00", "-00:00")


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


def to_utc(local: pd.Series, offset: str) -> pd.Series:
    """Wall clock times of one offset or time zone as datetime64[us, UTC].

    Parameters
    ----------
    local : Series of datetime64[us], shape (n,)
    offset : str
        "UTC", "+01:00" or the name of a time zone, such as "Europe/Berlin".

    Raises
    ------
    ValueError
        An unknown zone, or a wall clock time that the zone skips or has twice.
    """
    zone = (
        offset
        if not offset.startswith(("+", "-"))
        else f"{offset[:3]}:{offset[3:].strip(':') or '00'}"
    )
    times: pd.Series = local.dt.tz_localize(zone).dt.tz_convert("UTC")
    return times.astype(UTC)


def microseconds(times: pd.Series) -> Int64s:
    """Microseconds since 1970 UTC of a column of datetime64[us, UTC]."""
    return times.to_numpy(dtype="datetime64[us]").astype(np.int64)
