"""Texts as their bytes and lengths, and the Arrow file of one batch that a ledger keeps them in."""

import mmap
import os
import struct
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.kernel import Int32s, Int64s
from features.ledger.external.store import Store

Bytes = npt.NDArray[np.uint8]
_COPY_BYTES = 1 << 24
_MAGIC, _MESSAGE_BYTES = b"ARROW1\0\0", 8


def parts(text: pa.LargeStringArray) -> tuple[Int64s, Bytes]:
    """Ends (n + 1,) of texts in the bytes of all, the first of which may not be 0."""
    _, offsets, data = cast("list[Any]", text.buffers())
    ends = np.frombuffer(offsets or bytes(8), dtype=np.int64)
    ends = ends[text.offset : text.offset + len(text) + 1]
    raw = np.frombuffer(b"" if data is None else data, dtype=np.uint8)
    for array in (ends, raw):  # as in features.kernel.text_hash: one kernel for all memory
        array.flags.writeable = False
    return ends, raw


def joined(lengths: Int32s, raw: Bytes) -> pa.LargeStringArray:
    """The array of texts of some lengths that follow each other."""
    ends = np.zeros(lengths.size + 1, np.int64)
    np.cumsum(lengths, out=ends[1:])
    return from_ends(ends, raw)


def from_ends(ends: Int64s, raw: Bytes) -> pa.LargeStringArray:
    """The array of texts of some ends (n + 1,)."""
    text = pa.LargeStringArray.from_buffers(ends.size - 1, _buffer(ends), _buffer(raw))
    return cast("pa.LargeStringArray", text)


class TextFile:
    """Texts that are added at the end, in two files of a build; :meth:`seal` makes one of them.

    Parameters
    ----------
    store : Store
    name : str
    """

    def __init__(self, store: Store, name: str) -> None:
        self._store, self._ends, self._bytes = store, f"{name}.ends", f"{name}.bytes"

    @property
    def count(self) -> int:
        """How many they are."""
        return max(0, self._store.size(self._ends) // 8 - 1)

    def append(self, text: pa.LargeStringArray) -> None:
        """Add texts."""
        if not self._store.size(self._ends):
            self._store.append(self._ends, np.zeros(1, np.int64))
        ends, raw = parts(text)
        base = self._store.size(self._bytes) - int(ends[0])
        self._store.append(self._bytes, raw[ends[0] : ends[-1]])
        self._store.append(self._ends, ends[1:] + base)

    def mapped(self) -> pa.LargeStringArray:
        """All texts, read where they lie."""
        if not self._store.size(self._ends):
            return from_ends(np.zeros(1, np.int64), np.empty(0, np.uint8))
        return from_ends(
            self._store.mapped(self._ends, np.int64), self._store.mapped(self._bytes, np.uint8)
        )

    def seal(self, path: Path) -> None:
        """Write them as an Arrow file of one batch, the same as from an array in memory.

        Arrow writes its own frame around pages that are nowhere, in whose place the texts are
        copied: neither it nor we hold them in memory.
        """
        folder = self._store.folder
        sizes = self._store.size(self._ends), self._store.size(self._bytes)
        ends = np.zeros(self.count + 1, np.int64)
        ends[-1] = sizes[1]  # one text of all bytes is as long as many
        empty = pa.LargeStringArray.from_buffers(
            self.count, _buffer(ends), pa.py_buffer(_untouched(sizes[1]))
        )
        batch = pa.record_batch([empty], names=["text"])
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
            writer.write_batch(batch)
        place = _body(path)  # ends are of eight bytes, so that nothing parts them from the texts
        with path.open("r+b") as to:
            for name, size in zip((self._ends, self._bytes), sizes, strict=True):
                if size:
                    _copy(folder / name, to.fileno(), place)
                place += size

    def drop(self) -> None:
        """Let both files go with the next commit."""
        self._store.drop(self._ends)
        self._store.drop(self._bytes)


def _buffer(array: npt.NDArray[Any]) -> pa.Buffer:
    return pa.py_buffer(cast("Any", array))


def _untouched(size: int) -> memoryview:
    """So many zeros that take no memory while nobody writes to them."""
    if not size:
        return memoryview(b"")
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    return memoryview(mmap.mmap(-1, size, flags=flags, prot=mmap.PROT_READ))


def _body(path: Path) -> int:
    """Where in an Arrow file of one batch the bytes of its arrays begin.

    Before them are the magic and two messages, each a mark, a length and so many bytes (Arrow
    columnar format, Encapsulated message format).
    """
    at = len(_MAGIC)
    with path.open("rb") as file:
        for _ in ("schema", "batch"):
            file.seek(at)
            _, length = struct.unpack("<Ii", file.read(_MESSAGE_BYTES))
            at += _MESSAGE_BYTES + length
    return at


def _copy(source: Path, to: int, place: int) -> None:
    """Copy a file to a place of another, in the kernel."""
    with source.open("rb") as file:
        left = os.fstat(file.fileno()).st_size
        at = 0
        while left:
            done = os.copy_file_range(file.fileno(), to, min(left, _COPY_BYTES), at, place + at)
            if not done:
                raise OSError(f"{source.name} was cut while it was copied")
            at, left = at + done, left - done
