"""The files of an audit: segments of lines, each named by its first record's number and time.

The last is written to, and is plain lines. One that is full is packed: frames of Zstandard, which
``zstd -d`` reads as the same lines, beside an index of all its records.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from serving.audit import lines
from serving.audit.errors import AuditError

PLAIN, PACKED, INDEX = ".jsonl", ".jsonl.zst", ".index.npy"
_NAME = re.compile(r"([0-9]{12})-([0-9]{13})\.jsonl(\.zst)?")
_READ_BYTES = 1 << 20
# where a record is: in which frame of the packed file, and where in what that unpacks to
INDEX_ROW = np.dtype(
    [
        ("key", "<u8"),  # serving.audit.ids.key_of; rows are sorted by it
        ("frame", "<u8"),
        ("frame_bytes", "<u4"),
        ("raw_bytes", "<u4"),
        ("at", "<u4"),
        ("length", "<u4"),
    ]
)


class Segment(NamedTuple):
    """One file of lines, plain or packed.

    Attributes
    ----------
    folder : Path
    first : int
        Number of its first record.
    at_ms : int
        Time of it, milliseconds since 1970 UTC.
    """

    folder: Path
    first: int
    at_ms: int

    @property
    def name(self) -> str:
        """Its files without what they end in."""
        return f"{self.first:012d}-{self.at_ms:013d}"

    def path(self, ending: str) -> Path:
        """One of its files."""
        return self.folder / f"{self.name}{ending}"

    def raw_lines(self) -> Iterator[bytes]:
        """Lines as they stand there, each with its end; the last may have none.

        Raises
        ------
        AuditError
            The file cannot be read.
        """
        try:
            for attempt in range(2):
                try:
                    with self._opened() as file:
                        yield from file
                    return
                except FileNotFoundError:
                    if attempt:
                        raise
        except (OSError, pa.ArrowException) as error:
            raise AuditError(f"audit {self.folder}: {self.name} cannot be read: {error}") from error

    def _opened(self) -> BinaryIO:
        packed = self.path(PACKED)
        if packed.exists():
            stream = pa.input_stream(str(packed), compression="zstd", buffer_size=_READ_BYTES)
            return cast("BinaryIO", io.BufferedReader(_Raw(stream), _READ_BYTES))
        return self.path(PLAIN).open("rb", _READ_BYTES)

    def find(self, key: int, id_: str) -> lines.Line | None:
        """The record of an id."""
        index = self.places()
        if index is None:  # full, and not packed yet
            wanted = f'"id":"{id_}"'.encode()
            found = (lines.read(raw) for raw in self.raw_lines() if wanted in raw)
            return next((one for one in found if one and one.content()["id"] == id_), None)
        start, end = np.searchsorted(index["key"], [key, key], "left")[0], len(index)
        while start < end and index["key"][start] == key:
            line = self._line(index[start])
            if line is not None and line.content()["id"] == id_:
                return line
            start += 1
        return None

    def places(self) -> npt.NDArray[np.void] | None:
        """Where its records are; None where it is not packed."""
        try:
            rows = np.load(self.path(INDEX), mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError):
            return None
        return rows if rows.dtype == INDEX_ROW else None

    def _line(self, row: np.void) -> lines.Line | None:
        with self.path(PACKED).open("rb") as file:
            file.seek(int(row["frame"]))
            packed = file.read(int(row["frame_bytes"]))
        raw = pa.Codec("zstd").decompress(packed, int(row["raw_bytes"])).to_pybytes()
        at = int(row["at"])
        return lines.read(raw[at : at + int(row["length"])])


class _Raw(io.RawIOBase):
    """A stream of Arrow, which has no lines, as Python's, which has."""

    def __init__(self, stream: pa.NativeFile) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        part = self._stream.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._stream.close()
        super().close()


def segments_of(folder: Path) -> list[Segment]:
    """Segments of a folder, in order.

    Raises
    ------
    AuditError
        It cannot be listed.
    """
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError as error:
        raise AuditError(f"audit {folder} cannot be read: {error.strerror}") from error
    found = (_NAME.fullmatch(name) for name in names)
    return sorted({Segment(folder, int(one[1]), int(one[2])) for one in found if one})
