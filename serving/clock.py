"""The clock, and instants as texts; everywhere else they are microseconds since 1970 UTC."""

import time
from datetime import datetime

from features.contracts.times import instant_text
from features.errors import RiskError
from serving.schemas.values import microseconds


def now_us() -> int:
    """The clock."""
    return time.time_ns() // 1000


def text_of(instant_us: int | None) -> str | None:
    """An instant as JSON has it; None of what has not been, or will not be.

    Examples
    --------
    >>> text_of(0), text_of(None)
    ('1970-01-01T00:00:00.000000Z', None)
    """
    return None if instant_us is None else instant_text(instant_us)


def read_instant(text: str, what: str = "") -> int:
    """Instant of an ISO 8601 text with an offset; ``what`` names it in the error.

    Raises
    ------
    RiskError
        It is none.

    Examples
    --------
    >>> read_instant("1970-01-01T00:00:01Z")
    1000000
    """
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        named = f"{what} {text!r}" if what else repr(text)
        raise RiskError(f"{named} is no time with an offset, such as 2026-01-31T09:30:00Z")
    return microseconds(parsed)
