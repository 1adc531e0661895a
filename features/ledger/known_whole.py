"""Which large ledgers were found whole before, and nobody touched since: they open at once.

Comparing 14 GB with their checksums takes seconds, at every start of every process. So what was
found whole is noted, not in the ledger but in the cache folder of the user, with what the system
says of each file: device, inode, size, and when its content and its status changed last. A program
cannot set the last of these, so that what was written, copied or exchanged since is checked again.
What a disk changes by itself is not seen: ``walletrisk verify`` reads all there is.
"""

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

from features.ledger.manifest import Manifest

LEAST_BYTES = 256 << 20  # of a ledger that is worth it
SETTLED_S = 2.0  # longer than the grain of any file system's clock
_VERSION = 1  # of what opening checks


def is_known(folder: Path, manifest: Manifest) -> bool:
    """Whether a generation was found whole, and is as it was then."""
    if sum(manifest.bytes.values()) < LEAST_BYTES:
        return False
    note = _note(folder)
    try:
        about = note.stat()
        if about.st_uid != os.getuid() or about.st_mode & 0o022:
            return False
        return bool(json.loads(note.read_bytes()) == _facts(folder, manifest))
    except (OSError, ValueError):
        return False


class Checking:
    """A check of a generation that begins now; :meth:`passed` notes that it ended well.

    Parameters
    ----------
    folder : Path
    manifest : Manifest
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder, self._manifest = folder, manifest
        self._worth = sum(manifest.bytes.values()) >= LEAST_BYTES
        self._began_ns = time.time_ns()
        self._before = self._seen()

    def passed(self) -> None:
        """Note it, unless a file changed so lately that another change could look the same."""
        if self._before is None or self._before != self._seen():
            return
        settled = self._began_ns - int(SETTLED_S * 1e9)
        if max(times[-1] for times in self._before["files"].values()) > settled:
            return
        note = _note(self._folder)
        draft = note.with_name(f"{note.name}.{os.getpid()}")
        try:
            note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_text(json.dumps(self._before), encoding="utf-8")
            draft.chmod(0o600)
            draft.replace(note)
        except OSError:  # a home that cannot be written: it is checked each time
            draft.unlink(missing_ok=True)

    def _seen(self) -> dict[str, Any] | None:
        try:
            return _facts(self._folder, self._manifest) if self._worth else None
        except OSError:
            return None


def _facts(folder: Path, manifest: Manifest) -> dict[str, Any]:
    """What the system says of a generation's files, and the manifest of their content."""
    files = {name: _stamp(folder / name) for name in manifest.files}
    return {"version": _VERSION, "crc32": manifest.crc32, "files": files}


def _stamp(path: Path) -> list[int]:
    about = path.stat()
    return [
        about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns,
    ]  # fmt: skip


def _note(folder: Path) -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:32]
    return Path(cache) / "walletrisk" / "whole" / f"{name}.json"
