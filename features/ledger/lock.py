"""One writer at a time to a ledger's folder, by a lock that ends with its process.

The lock is the system's own (``flock``) on the file ``writer.lock`` in the folder. What the file
says, who holds it and since when, is for the message alone: a process that dies lets go of the
lock, whatever the file says.
"""

import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from features.errors import LedgerError
from features.ledger.folder import LOCK, MANIFEST, refuse_others

WAIT_S = 30.0  # for another writer
_PAUSE_S = 0.02
_HOLDER_BYTES = 1000


class _Held(threading.local):
    """The folders that this thread writes to, by device and inode: a path may have two names."""

    def __init__(self) -> None:
        self.folders: set[tuple[int, int]] = set()


_held = _Held()


@contextmanager
def writing(directory: str | Path, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Be the only writer of a ledger's folder, from reading what is there to saving.

    Readers need no lock. A thread may enter it again while it is inside; other threads wait as
    other processes do. The folder is made if it is absent, and removed again if nothing was saved.

    Parameters
    ----------
    directory : path
    wait_s : float
        How long to wait for another writer.

    Raises
    ------
    LedgerError
        Another writer did not end in time, the folder holds something that is no ledger, or it
        cannot be written.
    """
    place = Path(directory)
    refuse_others(place)
    if place.is_dir() and _identity(place) in _held.folders:
        yield
        return
    new = not place.exists()
    handle = _acquired(place, time.monotonic() + wait_s)
    mine = _identity(place)
    _held.folders.add(mine)
    try:
        _say_who(handle)
        yield
    finally:
        _held.folders.discard(mine)
        _leave(place, new)
        os.close(handle)


def _identity(directory: Path) -> tuple[int, int]:
    status = directory.stat()
    return status.st_dev, status.st_ino


def _acquired(directory: Path, until: float) -> int:
    """Handle of the lock's file, locked."""
    while True:
        handle = _opened(directory)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_in_place(handle, directory / LOCK):
                return handle
        except BlockingIOError:
            if time.monotonic() >= until:
                raise LedgerError(
                    f"ledger {directory} is being written by {_holder(handle)}; try again later"
                ) from None
        except OSError as error:
            raise _unwritable(directory, error) from error
        os.close(handle)
        time.sleep(_PAUSE_S)


def _opened(directory: Path) -> int:
    while True:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            # no link: it might lead to a file of something else
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            return os.open(directory / LOCK, flags, 0o666)
        except FileNotFoundError:  # a writer that saved nothing has just removed the folder
            time.sleep(_PAUSE_S)
        except OSError as error:
            raise _unwritable(directory, error) from error


def _unwritable(directory: Path, error: OSError) -> LedgerError:
    return LedgerError(f"ledger {directory} cannot be written: {error.strerror}")


def _is_in_place(handle: int, path: Path) -> bool:
    """Whether a locked file is still the one that others will try to lock."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(handle), path.stat())
    return False


def _say_who(handle: int) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    who = {"pid": os.getpid(), "host": socket.gethostname(), "since": since}
    with suppress(OSError):  # a full disk: the lock is held all the same, without a name
        os.truncate(handle, 0)
        os.pwrite(handle, json.dumps(who).encode(), 0)


def _holder(handle: int) -> str:
    try:
        who = json.loads(os.pread(handle, _HOLDER_BYTES, 0))
        return f"process {who['pid']} on {who['host']} since {who['since']}"
    except (OSError, ValueError, TypeError, KeyError):
        return "another process"


def _leave(directory: Path, new: bool) -> None:
    """Take away what was made for a ledger that was not saved."""
    if (directory / MANIFEST).exists():
        return
    with suppress(OSError):
        (directory / LOCK).unlink()
        if new:
            directory.rmdir()
