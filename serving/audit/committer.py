"""A thread that writes what waits, group by group: one look at the disk for all of a group.

Nobody's answer waits for it but in strict mode, and nothing is dropped: while the disk takes
nothing, records wait in memory up to a limit, and then answers stop.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeAlias

from serving.audit.chain import Chain
from serving.audit.entries import Entry
from serving.audit.errors import AuditError

GATHER_S = 0.05  # a relaxed group: what a kill may lose
RETRY_S = 1.0
PATIENCE_S = 30.0  # for the disk, in strict mode
CLOSE_S = 5.0  # at the end, which a disk that hangs must not put off
_GROUP_BYTES = 4 * 1024 * 1024
_log = logging.getLogger("walletrisk.audit")

_Waiter: TypeAlias = tuple[int, asyncio.AbstractEventLoop, asyncio.Future[None]]


class Committer:
    """Takes entries, numbers them, and writes them to a chain.

    Parameters
    ----------
    chain : Chain
        Of which this is the only user from now on.
    strict : bool
        Whether answers wait for the disk; then none is taken while it takes nothing.
    grown : callable
        Told, in the thread that writes, that another segment is begun.
    most_bytes : int
        Of entries that may wait.
    """

    def __init__(
        self,
        chain: Chain,
        *,
        strict: bool,
        grown: Callable[[], None],
        most_bytes: int,
    ) -> None:
        self._chain = chain
        self._strict = strict
        self._grown = grown
        self._most_bytes = most_bytes
        self._changed = threading.Condition()
        self._waiting: deque[Entry] = deque()
        self._waiting_bytes = 0
        self._given = chain.head.number
        self._written = chain.head.number
        self._attempts = 0  # that failed since something was written
        self._failure: str | None = None
        self._broken = False
        self._hurry = strict
        self._stopped = False
        self._gave_up = False  # the last try, at the end, failed
        self._waiters: list[_Waiter] = []
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    @property
    def waiting_bytes(self) -> int:
        """Of entries that are not on disk yet, about."""
        return self._waiting_bytes

    @property
    def given(self) -> int:
        """Number of the last record that was taken."""
        return self._given

    def add(self, entry: Entry) -> int:
        """Take an entry; returns the number that its record will have.

        Raises
        ------
        AuditError
            It cannot be kept.
        """
        with self._changed:
            if self._stopped:
                raise AuditError("the audit is closed")
            if self._failure is not None and (self._strict or self._broken):
                raise AuditError(self._failure)
            if self._waiting_bytes >= self._most_bytes:
                why = self._failure or "the disk does not keep up"
                raise AuditError(f"{len(self._waiting)} records of the audit wait for it: {why}")
            if not self._waiting:
                self._changed.notify_all()
            self._waiting.append(entry)
            self._waiting_bytes += entry.size
            self._given += 1
            return self._given

    def check(self) -> None:
        """Raise :class:`AuditError` unless what was tried last was written."""
        if self._failure is not None:
            raise AuditError(self._failure)

    def wait(self, number: int) -> None:
        """Wait until a record is on disk; in a thread.

        Raises
        ------
        AuditError
            It was tried, and is not.
        """
        with self._changed:
            self._hurry = True
            self._changed.notify_all()
            before = self._attempts
            done = self._changed.wait_for(
                lambda: (
                    self._written >= number
                    or self._attempts != before
                    or self._broken
                    or self._stopped
                ),
                PATIENCE_S,
            )
            self._require(number, done)

    async def committed(self, number: int) -> None:
        """Wait until a record is on disk; on an event loop. Raises as :meth:`wait` does."""
        with self._changed:
            if self._written >= number:
                return
            if self._broken:
                raise AuditError(self._failure or "the audit is closed")
            loop = asyncio.get_running_loop()
            future: asyncio.Future[None] = loop.create_future()
            self._waiters.append((number, loop, future))
            self._hurry = True
            self._changed.notify_all()
        try:
            await asyncio.wait_for(future, PATIENCE_S)
        except TimeoutError:
            raise AuditError("the disk did not take a record of the audit in time") from None

    def close(self) -> bool:
        """Write what waits, if the disk takes it, and stop; whether that came to its end."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join(CLOSE_S)
        if self._thread.is_alive():
            _log.error("the audit's disk does not answer: %d records wait", len(self._waiting))
        return not self._thread.is_alive()

    def _require(self, number: int, done: bool) -> None:
        if self._written < number:
            why = self._failure if done else "the disk did not take it in time"
            raise AuditError(why or "the audit was closed before a record was on disk")

    def _run(self) -> None:
        try:
            while (group := self._next()) is not None:
                segments = len(self._chain.segments)
                try:
                    self._chain.append([entry.members() for entry in group])
                except (OSError, AuditError) as error:
                    self._failed(error)
                else:
                    self._done(group)
                    if segments != len(self._chain.segments):
                        self._grown()
        finally:  # an error of ours must not let answers go on unwritten
            self._ended()

    def _next(self) -> list[Entry] | None:
        """Wait for entries, gather some, and return them as they are; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopped)
            if not self._waiting or self._gave_up:
                return None
            pause = RETRY_S if self._failure is not None else GATHER_S
            self._changed.wait_for(lambda: self._stopped or self._urgent(), pause)
            group, size = [], 0
            for entry in self._waiting:
                group.append(entry)
                size += entry.size
                if size >= _GROUP_BYTES:
                    break
            self._hurry = self._strict
            return group

    def _urgent(self) -> bool:
        return self._hurry and self._failure is None

    def _done(self, group: Sequence[Entry]) -> None:
        with self._changed:
            for entry in group:
                self._waiting.popleft()
                self._waiting_bytes -= entry.size
            self._written += len(group)
            if self._failure is not None:
                _log.warning("the audit is written again")
            self._failure = None
            self._hurry = self._hurry or bool(self._waiters)
            self._changed.notify_all()
            self._tell(lambda number: number <= self._written)

    def _failed(self, error: Exception) -> None:
        with self._changed:
            self._broken = isinstance(error, AuditError)
            cause = getattr(error, "strerror", None)
            why = f"the audit cannot be written: {cause}" if cause else str(error)
            if self._failure != why:
                _log.error("the audit cannot be written", exc_info=error)
            self._failure = why
            self._attempts += 1
            self._gave_up = self._stopped
            self._changed.notify_all()
            self._tell(lambda _: True)

    def _ended(self) -> None:
        with self._changed:
            if self._waiting:
                _log.error("%d records of the audit were not written", len(self._waiting))
            self._broken, self._failure = True, self._failure or "the audit is closed"
            self._changed.notify_all()
            self._tell(lambda _: True)

    def _tell(self, settled: Callable[[int], bool]) -> None:
        """Let those go on whose record is on disk, or who need not hope."""
        done = [one for one in self._waiters if settled(one[0])]
        self._waiters = [one for one in self._waiters if not settled(one[0])]
        for loop in {loop for _, loop, _ in done}:
            futures = [future for _, of, future in done if of is loop]
            with suppress(RuntimeError):  # the loop has ended, and nobody waits
                loop.call_soon_threadsafe(_settle, futures, self._failure)


def _settle(futures: Sequence[asyncio.Future[None]], failure: str | None) -> None:
    for future in futures:
        if future.done():
            continue
        if failure is None:
            future.set_result(None)
        else:
            future.set_exception(AuditError(failure))
