"""The file of an SQLite journal, which must stay the one that was opened.

SQLite goes on with a file that was deleted, replaced or truncated under it, and what it then says
is on disk is lost. So the file is looked at before each write and after it, before anything is
acknowledged. Whoever changes it in place, without a change of size, within the few milliseconds of
a write of ours is not seen.
"""

import os
from pathlib import Path
from typing import NamedTuple

from features.errors import RiskError
from serving.journal.tables import JournalError


class _Seen(NamedTuple):
    """What a look at a file tells; a write by anyone changes size or time."""

    device: int
    inode: int
    names: int
    size: int
    written_ns: int

    @property
    def file(self) -> tuple[int, int, int]:
        return self[:3]


class WatchedFile:
    """The database and the log beside it (``-wal``), as they were after our last write.

    Parameters
    ----------
    path : Path
        Under the name by which the next start will look for it.

    Raises
    ------
    RiskError
        The file has more names than one: SQLite's log lies beside one of them only.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.resolve().with_name(f"{path.resolve().name}-wal")
        self._broken: str | None = None
        names = path.stat().st_nlink
        if names != 1:
            raise RiskError(
                f"journal {path} is reached by {names} names (hard links); a journal has one"
            )
        self._seen = self._look()

    def check(self) -> None:
        """Raise :class:`JournalError` unless both are as our last write left them."""
        self._compare(self._look() == self._seen)

    def confirm(self) -> None:
        """After a write of ours: raise :class:`JournalError` unless it went to the same file."""
        found = self._look()
        before, after = self._seen, found
        log_stays = before[1] is None or (after[1] and after[1].file == before[1].file)
        self._compare(
            bool(after[0] and before[0] and after[0].file == before[0].file and log_stays)
        )
        self._seen = found

    def _compare(self, same: bool) -> None:
        if self._broken is None and not same:
            gone = "deleted" if self._look()[0] is None else "replaced or changed"
            self._broken = (
                f"journal {self._path} was {gone} by another while it was open; nothing is "
                "acknowledged any more: bring it back, and start again"
            )
        if self._broken is not None:
            raise JournalError(self._broken)

    def _look(self) -> tuple[_Seen | None, _Seen | None]:
        return _seen(self._path), _seen(self._log)


def _seen(path: Path) -> _Seen | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - a third of the time of Path.stat
    except OSError:
        return None
    return _Seen(found.st_dev, found.st_ino, found.st_nlink, found.st_size, found.st_mtime_ns)
