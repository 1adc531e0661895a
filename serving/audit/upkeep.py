"""What becomes of full segments: they are packed, and after some time removed."""

import logging
import threading
import time
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Protocol

from serving.audit import lines
from serving.audit.asker import OURSELVES
from serving.audit.chain import Chain, Head
from serving.audit.entries import Happening
from serving.audit.errors import AuditError
from serving.audit.packing import pack
from serving.audit.segments import PLAIN, Segment
from serving.clock import now_us

DAY_MS = 86_400_000
CLOSE_S = 5.0
_log = logging.getLogger("walletrisk.audit")


class Noting(Protocol):
    """Writes a happening into the chain, and returns when it is on disk."""

    def __call__(self, kind: str, facts: Mapping[str, Any]) -> None:
        """Note it; raises :class:`AuditError` where it cannot be."""


class Upkeep:
    """Packs and removes full segments in a thread, so that no record waits for it.

    Parameters
    ----------
    chain : Chain
    keep_days : float or None
        After which records go; None: never.
    note : Noting
    """

    def __init__(self, chain: Chain, *, keep_days: float | None, note: Noting) -> None:
        self._chain = chain
        self._keep_ms = None if keep_days is None else int(keep_days * DAY_MS)
        self._note = note
        self._due = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Look for what is full, now."""
        if self._thread is None:
            begun = threading.Thread(target=self._run, name="audit upkeep", daemon=True)
            begun.start()
            self._thread = begun  # one that waits to be started cannot be waited for
        self._due.set()

    def close(self) -> None:
        """Stop after the segment in work."""
        self._stopped = True
        self._due.set()
        if self._thread is not None:
            self._thread.join(CLOSE_S)

    def _run(self) -> None:
        while True:
            self._due.wait()
            self._due.clear()
            if self._stopped:
                return
            try:
                self._work()
            except (OSError, AuditError) as error:
                _log.warning("full segments of the audit stay as they are", exc_info=error)

    def _work(self) -> None:
        for segment in self._chain.segments[:-1]:
            if self._stopped:
                return
            if segment.path(PLAIN).exists():
                pack(segment)
        if self._keep_ms is not None:
            prune(self._chain, time.time_ns() // 1_000_000 - self._keep_ms, self._note)


def prune(chain: Chain, before_ms: int, note: Noting) -> Head | None:
    """Remove segments whose records are all from before a time; the last one stays.

    The chain first notes which record was the last of them, and with which hash: from there on it
    is verified.

    Returns
    -------
    Head or None
        The last record that is gone; None where nothing is old enough.

    Raises
    ------
    AuditError, OSError
        It cannot be noted, and nothing was removed; or files cannot be removed.
    """
    segments = chain.segments
    gone = [one for one, after in pairwise(segments) if after.at_ms < before_ms]
    if not gone:
        return None
    head = before(segments[len(gone)])
    note("pruned", {"until": head.number, "hash": head.hash, "segments": len(gone)})
    chain.remove(gone)
    return head


def before(segment: Segment) -> Head:
    """The record that the first of a segment follows on.

    Raises
    ------
    AuditError
        That is not what was written.
    """
    line = lines.read(next(iter(segment.raw_lines()), b""))
    if line is None:
        raise AuditError(f"audit {segment.folder}: {segment.name} does not begin with a record")
    return Head(line.number - 1, line.previous)


def note_into(chain: Chain) -> Noting:
    """Writes into a chain that no server has open."""

    def note(kind: str, facts: Mapping[str, Any]) -> None:
        entry = Happening(chain.new_id(), now_us(), kind, OURSELVES, facts)
        chain.append([entry.members()])

    return note
