"""The log: a line of JSON an event, in which no wallet, key, query or body can stand.

That holds by construction, whoever logs: of a message its text in the source is kept and numbers
are filled in, of an exception its type and the lines of code are, and of further facts those that
:data:`FIELDS` names. What was sent with a request is in none of these.
"""

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Literal, TextIO, TypeAlias

from serving.access.request_id import current

Level: TypeAlias = Literal["debug", "info", "warning", "error"]

# facts beside a message, given by extra=: names, numbers and texts of ours, never a caller's words
FIELDS = (
    "caller", "client", "count", "kind", "method", "model_version", "place", "reason", "route",
    "seconds", "status", "trace_id",
)  # fmt: skip
HIDDEN = "…"
FRAMES = 12  # of the innermost calls of an exception
CAUSES = 5


class JsonLines(logging.Formatter):
    """Writes a record as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line.

        Examples
        --------
        >>> record = logging.makeLogRecord({"msg": "%d of %s", "args": (3, "0xabc"), "levelno": 30})
        >>> json.loads(JsonLines().format(record))["event"]
        '3 of …'
        """
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _message(record),
        }
        number = current()
        if number is not None:
            line["request_id"] = number
        for name in FIELDS:
            value = record.__dict__.get(name)
            if isinstance(value, str | int | float):
                line[name] = value
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = told_of(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def told_of(error: BaseException) -> list[dict[str, Any]]:
    """What may be said of an exception and its causes: types and places, not their messages.

    Examples
    --------
    >>> told_of(OSError(28, "No space left on device", "0xabc"))
    [{'type': 'OSError', 'reason': 'No space left on device', 'at': []}]
    """
    told: list[dict[str, Any]] = []
    cause: BaseException | None = error
    while cause is not None and len(told) < CAUSES:
        frames = traceback.extract_tb(cause.__traceback__)[-FRAMES:]
        one: dict[str, Any] = {"type": type(cause).__qualname__}
        if isinstance(cause, OSError) and cause.strerror:
            one["reason"] = cause.strerror  # the system's words, without the file
        one["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        told.append(one)
        cause = cause.__cause__ or cause.__context__
    return told


@contextmanager
def logging_to_stderr(level: Level) -> Iterator[None]:
    """Write what is logged in this process to stderr, as lines of JSON, from this level on."""
    root = logging.getLogger()
    before = root.handlers, root.level, threading.excepthook
    handler = _Handler(sys.stderr)
    handler.setFormatter(JsonLines())
    root.handlers = [handler]
    root.setLevel("WARNING")  # of libraries
    ours = logging.getLogger("walletrisk")
    ours.setLevel(level.upper())

    def in_thread(found: threading.ExceptHookArgs) -> None:
        if found.exc_value is not None:
            ours.error("a thread ended by an error", exc_info=found.exc_value)

    threading.excepthook = in_thread
    try:
        yield
    finally:
        root.handlers, level_before, threading.excepthook = before
        root.setLevel(level_before)
        ours.setLevel(logging.NOTSET)


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Stay silent where the library would print what was logged."""


def _message(record: logging.LogRecord) -> str:
    """Text of a message as it stands in the source, numbers filled in, all else hidden."""
    if not isinstance(record.msg, str):
        return type(record.msg).__qualname__
    if not record.args:
        return record.msg if record.name.startswith("walletrisk") else record.msg.partition("\n")[0]
    shown = (
        {name: _shown(value) for name, value in record.args.items()}
        if isinstance(record.args, dict)
        else tuple(map(_shown, record.args))
    )
    try:
        return record.msg % shown
    except (TypeError, ValueError, KeyError):
        return record.msg


def _shown(value: object) -> object:
    return value if isinstance(value, int | float) else _Hidden()


class _Hidden:
    def __repr__(self) -> str:
        return HIDDEN
