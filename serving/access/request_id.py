"""The number that a request goes by: in its answer, in problems, in the log, in records.

A caller's own number is taken where it is well formed, so that one number follows a request
through all systems. Only forms that no wallet has count as well formed (UUID, ULID): a number
stands in logs, where no wallet may. Callers may send one number twice, so nothing is looked up by
it.
"""

import os
import re
from collections.abc import Iterable
from contextvars import ContextVar

HEADER = b"x-request-id"
_UUID = "[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"
_ULID = "[0-7][0-9A-HJKMNP-TV-Z]{25}"
_WELL_FORMED = re.compile(f"(?i:{_UUID})|{_ULID}", re.ASCII)

_TRACE = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")

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
    chosen = text if _WELL_FORMED.fullmatch(text) else os.urandom(16).hex()
    _current.set(chosen)
    return chosen


def current() -> str | None:
    """Number of the request in work here; None outside of one."""
    return _current.get()


def trace_id(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Number of the trace that a request is part of (W3C Trace Context), if it says so.

    Examples
    --------
    >>> trace_id([(b"traceparent", b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01")]) == "a" * 32
    True
    """
    for name, value in headers:
        if name == b"traceparent":
            found = _TRACE.fullmatch(value)
            return None if found is None else found[1].decode()
    return None
