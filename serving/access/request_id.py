"""The number that a request goes by: in its answer, in problems, in the log, in records.

A caller's own number is taken where it is well formed, so that one number follows a request
through all systems. Only forms that no wallet has count as well formed (UUID, ULID): a number
stands in logs, where no wallet may. Callers may send one number twice, so nothing is looked up by
it.
"""

import re
import uuid
from contextvars import ContextVar

HEADER = b"x-request-id"
_UUID = "[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"
_ULID = "[0-7][0-9A-HJKMNP-TV-Z]{25}"
_WELL_FORMED = re.compile(f"(?i:{_UUID})|{_ULID}", re.ASCII)

_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin(given: bytes | None) -> str:
    """Number of the request that begins in this task: the one given, or a new one.

    Examples
    --------
    >>> begin(b"7d444840-9dc0-11d1-b245-5ffdce74fad2")
    '7d444840-9dc0-11d1-b245-5ffdce74fad2'
    >>> begin(b"0x90F79bf6EB2c4f870365E785982E1f101E93b906") == begin(None)
    False
    """
    text = "" if given is None else given.decode("latin-1")
    chosen = text if _WELL_FORMED.fullmatch(text) else uuid.uuid4().hex
    _current.set(chosen)
    return chosen


def current() -> str | None:
    """Number of the request in work here; None outside of one."""
    return _current.get()
