"""One writer at a time to an audit, by a lock that ends with its process."""

import fcntl
import os
from pathlib import Path

from features.errors import RiskError

NAME = "writer.lock"


def locked(folder: Path) -> int:
    """Handle that holds the lock of an audit's folder, which is made where it is not there.

    Raises
    ------
    RiskError
        Another process writes to it, or it cannot be made.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(
            folder / NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
    except OSError as error:
        raise RiskError(f"audit {folder} cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise RiskError(
            f"audit {folder} is written by another, such as a server; one process at a time may"
        ) from error
    return handle
