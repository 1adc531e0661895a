"""Full segments are packed: about a fifth of the disk, and an index to find an answer by its id."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
import pyarrow as pa

from serving.audit.ids import key_of
from serving.audit.segments import INDEX, INDEX_ROW, PACKED, PLAIN, Segment

FRAME_BYTES = 128 * 1024  # unpacked: what one look at an answer costs
LEVEL = 3
_Row: TypeAlias = tuple[int, int, int, int, int, int]  # of the index


def pack(segment: Segment) -> None:
    """Pack a plain segment; it is one or the other at every moment, also after a crash.

    Raises
    ------
    OSError
        There is no room; the plain one stays.
    """
    plain, packed, index = (segment.path(ending) for ending in (PLAIN, PACKED, INDEX))
    parts = [path.with_name(f"{path.name}.part") for path in (packed, index)]
    codec, rows, at = pa.Codec("zstd", compression_level=LEVEL), [], 0
    try:
        with private(parts[0]) as file:
            for lines in _frames(plain):
                frame = codec.compress(b"".join(lines)).to_pybytes()
                rows += _rows(lines, at, len(frame))
                at += file.write(frame)
            _sync(file)
        with private(parts[1]) as file:
            table = np.array(rows, INDEX_ROW)
            np.save(file, table[np.argsort(table["key"], kind="stable")], allow_pickle=False)
            _sync(file)
        parts[0].replace(packed)  # first: without an index it is searched line by line
        parts[1].replace(index)
    except BaseException:
        for part in parts:
            part.unlink(missing_ok=True)
        raise
    sync_folder(segment.folder)
    plain.unlink()


def private(path: Path) -> BinaryIO:
    """A new file that its owner alone may read: addresses and questions are in it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _frames(plain: Path) -> Iterator[list[bytes]]:
    """Lines of a file in groups of a frame each."""
    held: list[bytes] = []
    size = 0
    with plain.open("rb") as file:
        for line in file:
            held.append(line)
            size += len(line)
            if size >= FRAME_BYTES:
                yield held
                held, size = [], 0
    if held:
        yield held


def _rows(lines: list[bytes], frame: int, frame_bytes: int) -> list[_Row]:
    raw_bytes, at = sum(map(len, lines)), 0
    rows: list[_Row] = []
    for line in lines:
        key = key_of(id_of(line))
        rows.append((key, frame, frame_bytes, raw_bytes, at, len(line)))
        at += len(line)
    return rows


def id_of(line: bytes) -> str:
    """Id of a line of ours, which stands before all that comes from outside."""
    start = line.index(b'"id":"') + 6
    return line[start : start + 32].decode("ascii")


def sync_folder(folder: Path) -> None:
    """Let names of files be on disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
