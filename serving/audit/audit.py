"""The audit of an endpoint: everything that it answered, in a chain of records on disk."""

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from serving.audit.asker import OURSELVES, Asker
from serving.audit.chain import Chain, Head
from serving.audit.committer import Committer
from serving.audit.entries import Entry, Happening
from serving.audit.errors import AuditError
from serving.audit.ids import is_id, new_id
from serving.audit.lines import Line
from serving.audit.upkeep import Upkeep
from serving.clock import now_us

MOST_WAITING_BYTES = 64 * 1024 * 1024  # in memory, while the disk takes nothing
Mode = Literal["off", "relaxed", "strict"]
_log = logging.getLogger("walletrisk.audit")


class Audit:
    """What routes write to and read from.

    Parameters
    ----------
    folder : Path
        Of the chain.
    mode : {"off", "relaxed", "strict"}
        Off: nothing is written. Relaxed: an answer is on disk soon after it is given. Strict: it is
        on disk before.
    keep_days : float or None
        After which records go; None: never.

    Raises
    ------
    RiskError
        The folder cannot be used, see :class:`serving.audit.chain.Chain`.
    """

    def __init__(self, folder: Path, *, mode: Mode, keep_days: float | None = None) -> None:
        self.mode = mode
        self._on = None if mode == "off" else _Writing(Chain(folder), mode == "strict", keep_days)
        if self._on is not None:
            torn = self._on.chain.torn_bytes
            if torn:
                _log.warning("%d bytes of the audit that were no whole record were cut off", torn)
            self.event("opened", {"mode": mode, "torn_bytes": torn}, OURSELVES)

    @property
    def on(self) -> bool:
        """Whether anything is written."""
        return self._on is not None

    @property
    def waiting_bytes(self) -> int:
        """Of records that are not on disk yet, about."""
        return 0 if self._on is None else self._on.committer.waiting_bytes

    @property
    def head(self) -> Head | None:
        """The last record on disk."""
        return None if self._on is None else self._on.chain.head

    def now_us(self) -> int:
        """Time of an answer, for its record."""
        return now_us()

    def new_id(self) -> str:
        """Id of an answer."""
        return new_id(time.time_ns() // 1_000_000) if self._on is None else self._on.chain.new_id()

    def record(self, entry: Entry) -> int:
        """Write an answer, soon; returns its number, 0 where nothing is written.

        Raises
        ------
        AuditError
            It cannot be kept, so that the answer must not be given.
        """
        return 0 if self._on is None else self._on.committer.add(entry)

    def event(self, kind: str, facts: Mapping[str, Any], who: Asker) -> int:
        """Write down that something happened that changes answers; as :meth:`record` otherwise."""
        return self.record(Happening(self.new_id(), self.now_us(), kind, who, facts))

    async def on_disk(self, *numbers: int) -> None:
        """Wait for what the mode asks for, before answers of these numbers are given.

        Raises
        ------
        AuditError
            They must not be given.
        """
        if self._on is not None and self.mode == "strict":
            await self._on.committer.committed(max(numbers, default=0))

    def wait(self, number: int) -> None:
        """As :meth:`on_disk`, in a thread."""
        if self.mode == "strict":
            self.settle(number)

    def settle(self, number: int) -> None:
        """Wait until a record is on disk whatever the mode; in a thread."""
        if self._on is not None:
            self._on.committer.wait(number)

    def find(self, id_: str) -> Line | None:
        """The record of an id, also one that waits to be written; in a thread.

        Raises
        ------
        AuditError
            The audit is off, or cannot be read.
        """
        if self._on is None:
            raise AuditError("the audit is off: no answer is kept")
        if not is_id(id_):
            return None
        found = self._on.chain.find(id_)
        if found is None and self.waiting_bytes:
            self.settle(self._on.committer.given)
            found = self._on.chain.find(id_)
        return found

    def check(self) -> None:
        """Raise :class:`AuditError` where it cannot be written."""
        if self._on is not None:
            self._on.committer.check()

    def close(self) -> None:
        """Write what waits, and let go of the folder."""
        if self._on is not None:
            self._on.close()


class _Writing:
    """What is there while an audit is on."""

    def __init__(self, chain: Chain, strict: bool, keep_days: float | None) -> None:
        self.chain = chain
        self.upkeep = Upkeep(chain, keep_days=keep_days, note=self._note)
        self.committer = Committer(
            chain, strict=strict, grown=self.upkeep.look, most_bytes=MOST_WAITING_BYTES
        )

    def _note(self, kind: str, facts: Mapping[str, Any]) -> None:
        entry = Happening(self.chain.new_id(), now_us(), kind, OURSELVES, facts)
        self.committer.wait(self.committer.add(entry))

    def close(self) -> None:
        self.upkeep.close()
        if self.committer.close():
            self.chain.close()
