"""Whether the endpoint can do its work: what is asked by ``/readyz``."""

import logging
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from serving.audit.errors import AuditError
from serving.journal import JournalError
from serving.records import RecordsError

_log = logging.getLogger("walletrisk.readiness")


class NotReadyError(Exception):
    """Something that every answer needs does not work; the log says why."""


class DiskRoom:
    """Disks that are written to, and the room that they must have.

    Parameters
    ----------
    folders : mapping of str to Path
        What lies there to a folder; one that is not there yet stands for the nearest that is.
    least_bytes : int
    """

    def __init__(self, folders: Mapping[str, Path], least_bytes: int) -> None:
        self.folders = {name: _that_exists(folder) for name, folder in folders.items()}
        self.least_bytes = least_bytes

    def free_bytes(self, name: str) -> float:
        """Room on the disk of a folder; nan where it cannot be asked."""
        try:
            return shutil.disk_usage(self.folders[name]).free
        except OSError:
            return float("nan")

    def check(self) -> None:
        """Raise :class:`NotReadyError` where a disk has too little room, or cannot be asked."""
        for name in self.folders:
            if not self.free_bytes(name) >= self.least_bytes:
                raise NotReadyError(f"less than {self.least_bytes} bytes are free for {name}")


def check_all(parts: Iterable[tuple[str, Callable[[], None]]]) -> None:
    """Check each part, and name those that fail: who asks has no key, so the log alone says why.

    Raises
    ------
    NotReadyError
        One fails, or more.
    """
    failing = []
    for name, check in parts:
        try:
            check()
        except (JournalError, RecordsError, AuditError, NotReadyError) as error:
            failing.append(name)
            _log.warning("not ready", extra={"place": name}, exc_info=error)
    if failing:
        raise NotReadyError(f"not ready: {', '.join(failing)}")


def _that_exists(folder: Path) -> Path:
    return next(one for one in (folder, *folder.absolute().parents) if one.exists())
