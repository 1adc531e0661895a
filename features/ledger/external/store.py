"""The folder of a build: files that only grow, and a journal of how far they are whole.

After every unit of work the journal is replaced by one that tells the size of each file then. Who
goes on after the process died cuts the files to those sizes and does the next unit: whatever was
half written is gone. Nothing is flushed to the disk itself, so that a loss of power can cost a
build, but never a ledger.
"""

import json
import shutil
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.errors import LedgerError, RiskError
from features.json_file import parse_json

_JOURNAL, _DRAFT = "journal.json", "journal.draft"
_VERSION = 1


class Point(NamedTuple):
    """How far a build is: units done of a stage, and what its stages know."""

    stage: str
    done: int
    state: dict[str, Any]


class Store:
    """Files that only grow.

    Parameters
    ----------
    folder : Path
        Made if absent.
    asked : mapping
        What is built, for JSON; a folder in which something else was begun is refused.

    Raises
    ------
    LedgerError
        The folder holds another build, or is none.
    """

    def __init__(self, folder: Path, asked: Mapping[str, Any]) -> None:
        self.folder = folder
        self._asked = json.loads(json.dumps(asked))
        self._sizes: dict[str, int] = {}
        self._dropped: list[str] = []
        self.resumed = self._resume()

    def _resume(self) -> Point | None:
        """Go back to the last whole state, if there is one."""
        journal = self.folder / _JOURNAL
        if not journal.exists():
            if self.folder.exists() and any(self.folder.iterdir()):
                raise LedgerError(f"{self.folder} is in the way; a build needs it: remove it")
            self.folder.mkdir(parents=True, exist_ok=True)
            return None
        try:
            content = parse_json(journal, journal.read_bytes())
        except RiskError:
            content = None
        if not isinstance(content, dict) or content.get("version") != _VERSION:
            raise LedgerError(f"{self.folder} is no build of this release; remove it")
        if content["asked"] != self._asked:
            changed = [
                name for name, value in self._asked.items() if content["asked"].get(name) != value
            ]
            raise LedgerError(
                f"{self.folder} is a build that was cut off, of other {', '.join(changed)}; give "
                "the same again to go on with it, or remove it"
            )
        self._sizes = content["sizes"]
        for path in self.folder.iterdir():
            if path.name not in self._sizes and path.name != _JOURNAL:
                path.unlink()
        for name, size in self._sizes.items():
            with (self.folder / name).open("r+b") as file:
                file.truncate(size)
        return Point(content["stage"], content["done"], content["state"])

    def commit(self, stage: str, done: int, state: Mapping[str, Any]) -> None:
        """Say that all that was written so far stays."""
        content = {
            "version": _VERSION, "asked": self._asked, "stage": stage, "done": done,
            "state": state, "sizes": self._sizes,
        }  # fmt: skip
        draft = self.folder / _DRAFT
        draft.write_text(json.dumps(content), encoding="utf-8")
        draft.replace(self.folder / _JOURNAL)
        for name in self._dropped:
            (self.folder / name).unlink(missing_ok=True)
        self._dropped = []

    def append(self, name: str, data: npt.NDArray[Any]) -> None:
        """Add the bytes of an array to a file."""
        with (self.folder / name).open("ab") as file:
            file.write(np.ascontiguousarray(data).view(np.uint8).data)
        self._sizes[name] = self._sizes.get(name, 0) + data.nbytes

    def append_array(self, name: str, data: npt.NDArray[Any]) -> None:
        """Add to a numpy file; :meth:`seal_array` ends it."""
        if name not in self._sizes:
            self.append(name, np.frombuffer(header(data.dtype, 0), np.uint8))
        self.append(name, data)

    def seal_array(self, name: str, dtype: npt.DTypeLike) -> int:
        """Let the header of a numpy file tell its length, which is returned."""
        if name not in self._sizes:
            self.append_array(name, np.empty(0, dtype))
        size = self.length(name, dtype)
        with (self.folder / name).open("r+b") as file:
            file.write(header(dtype, size))
        return size

    def length(self, name: str, dtype: npt.DTypeLike) -> int:
        """Entries of a numpy file so far."""
        if name not in self._sizes:
            return 0
        return (self._sizes[name] - len(header(dtype, 0))) // np.dtype(dtype).itemsize

    def read(self, name: str, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """All of a file in memory; of one that nothing was added to, nothing."""
        if name not in self._sizes:
            return np.empty(0, dtype)
        return np.fromfile(self.folder / name, dtype)

    def mapped(self, name: str, dtype: npt.DTypeLike, skip: int = 0) -> npt.NDArray[Any]:
        """A file that is read where it lies, after its first ``skip`` bytes."""
        if self._sizes.get(name, 0) <= skip:
            return np.empty(0, dtype)
        return np.asarray(np.memmap(self.folder / name, dtype, mode="c", offset=skip))

    def mapped_array(self, name: str, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """A numpy file that is read where it lies, sealed or not."""
        return self.mapped(name, dtype, len(header(dtype, 0)))

    def drop(self, name: str) -> None:
        """Let a file go with the next commit."""
        if self._sizes.pop(name, None) is not None:
            self._dropped.append(name)

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return self._sizes.get(name, 0)

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def header(dtype: npt.DTypeLike, size: int) -> bytes:
    """Header of a numpy file of one dimension, as ``numpy.save`` writes it; all are as long."""
    descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
    facts = {"descr": descr, "fortran_order": False, "shape": (size,)}
    written = BytesIO()
    np.lib.format.write_array_header_1_0(written, facts)
    return written.getvalue()
