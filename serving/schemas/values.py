"""Numbers and instants as JSON has them."""

import math
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def finite(value: float) -> float | None:
    """``value`` for JSON, which has no nan and no infinity."""
    return value if math.isfinite(value) else None


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970 UTC.

    Examples
    --------
    >>> microseconds(datetime.fromisoformat("1970-01-01T01:00:00.5+01:00"))
    500000
    """
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(microseconds_since_1970: int) -> datetime:
    """The instant that many microseconds after the beginning of 1970 UTC.

    Examples
    --------
    >>> instant_of(500_000).isoformat()
    '1970-01-01T00:00:00.500000+00:00'
    """
    return _EPOCH + timedelta(microseconds=microseconds_since_1970)
