"""64-bit hashes of texts, the same on every machine and in every version."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.kernel.arrays import UInt64s
from features.kernel.compiler import kernel

_PIECE = 100_000  # texts that are worth the start of a thread


def text_hashes(text: "pa.LargeStringArray | pa.ChunkedArray[pa.LargeStringScalar]") -> UInt64s:
    """64-bit hash of every string; the same on every machine and in every version.

    Parameters
    ----------
    text : large_string array, or chunked array of it, shape (n,)

    Returns
    -------
    uint64 array, shape (n,)
    """
    out = np.empty(len(text), dtype=np.uint64)
    chunks: list[Any] = text.chunks if isinstance(text, pa.ChunkedArray) else [text]
    pieces, end = [], 0
    for chunk in chunks:
        for start in range(0, len(chunk), _PIECE):
            piece = chunk[start : start + _PIECE]
            pieces.append((piece, out[end : end + len(piece)]))
            end += len(piece)
    if len(pieces) < 2:
        for piece in pieces:
            _hash_piece(*piece)
        return out
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda piece: _hash_piece(*piece), pieces))
    return out


def _hash_piece(text: pa.LargeStringArray, out: UInt64s) -> None:
    _, offsets, data = cast("list[Any]", text.buffers())
    ends = np.frombuffer(offsets, dtype=np.int64)[text.offset : text.offset + len(text) + 1]
    raw = np.frombuffer(b"" if data is None else data, dtype=np.uint8)
    for array in (ends, raw):  # mapped text cannot be written, text in memory can: one kernel
        array.flags.writeable = False
    _hash_each(ends, raw, out)


def string_hash(name: str) -> int:
    """:func:`text_hashes` of one string."""
    return int(_hash_one(name.encode()))


def hash_place(hashes: UInt64s, name: str) -> int:
    """Place of the first of ascending ``hashes`` that is a string's, -1 where none is."""
    return _find_one(hashes, name.encode())


@kernel
def _hash_each(ends: npt.NDArray[np.int64], data: npt.NDArray[np.uint8], out: UInt64s) -> None:
    """Hash n texts, the bytes ``[ends[i], ends[i + 1])`` of ``data``, into ``out`` (n,)."""
    for i in range(out.size):
        out[i] = _mixed(data, ends[i], ends[i + 1])


@kernel
def _hash_one(text: bytes) -> Any:
    """Hash one text."""
    return _mixed(text, 0, len(text))


@kernel
def _find_one(hashes: UInt64s, text: bytes) -> int:
    """Binary search for the hash of one text."""
    wanted = _mixed(text, 0, len(text))
    first, end = 0, hashes.size
    while first < end:
        middle = (first + end) >> 1
        if hashes[middle] < wanted:
            first = middle + 1
        else:
            end = middle
    return first if first < hashes.size and hashes[first] == wanted else -1


@kernel
def _mixed(data: Any, first: int, end: int) -> Any:
    """FNV-1a of bytes, then one round of mixing so that the high bits depend on all bytes.

    Fowler, Noll, Vo.
    """
    value = np.uint64(14695981039346656037)
    for i in range(first, end):
        value = (value ^ np.uint64(data[i])) * np.uint64(1099511628211)
    value ^= value >> np.uint64(32)
    value *= np.uint64(0x9E3779B97F4A7C15)
    return value ^ (value >> np.uint64(29))
