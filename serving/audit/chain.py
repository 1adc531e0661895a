"""The one writer of a chain of records: groups of them, each on disk as a whole or not at all."""

import os
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from serving.audit import lines
from serving.audit.errors import AuditError, BrokenChainError
from serving.audit.ids import key_of, milliseconds_of, new_id
from serving.audit.lock import locked
from serving.audit.packing import id_of, sync_folder
from serving.audit.segments import INDEX, PACKED, PLAIN, Segment, segments_of

SEGMENT_BYTES = 64 * 1024 * 1024  # about 5,000 answers
_LATE_MS = 60_000  # by which ids of neighbours may be out of the order of time
_flush = getattr(os, "fdatasync", os.fsync)


class Place(NamedTuple):
    """Where a line stands in the plain file that is written to."""

    at: int
    length: int


class Head(NamedTuple):
    """The last record: who knows it can tell whether anything before it was changed."""

    number: int
    hash: str


class Chain:
    """Records in a folder of segments.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    segment_bytes : int
        A segment that has reached so many bytes is full.

    Attributes
    ----------
    segments : tuple of Segment
        In order; the last is written to.
    head : Head
    torn_bytes : int
        Of a record that was not whole when the chain was opened, and was cut off.

    Raises
    ------
    RiskError
        Another process writes to it, it cannot be written, or a record of the last segment is not
        what was written.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.folder = folder
        self._segment_bytes = segment_bytes
        self._lock: int | None = locked(folder)
        self._listing = threading.Lock()  # others remove segments
        self._file: int | None = None
        self._live: Segment | None = None  # that is written to
        self._size = 0
        self._torn = False
        self._places: dict[int, Place] = {}
        self._latest_ms = 0
        self.head, self.torn_bytes = Head(0, lines.GENESIS), 0
        self.segments: tuple[Segment, ...] = ()
        try:
            self._recover()
        except BaseException:
            self.close()
            raise

    def new_id(self) -> str:
        """An id of now, and never before those that are there, also when the clock was set back."""
        return new_id(max(time.time_ns() // 1_000_000, self._latest_ms))

    def append(self, records: Sequence[bytes]) -> None:
        """Write records; they are on disk when this returns.

        Parameters
        ----------
        records : sequence of bytes
            Members of each, see :func:`serving.audit.lines.seal`.

        Raises
        ------
        OSError
            None of them is there.
        AuditError
            The file is not the one that was opened, and nothing can be written to it any more.
        """
        self._require_same_file()
        if self._live is None or self._size >= self._segment_bytes:
            self._next_segment(milliseconds_of(id_of(records[0])))
        sealed, head, places, at = [], self.head, {}, self._size
        latest_ms = self._latest_ms
        for members in records:
            line, hash_ = lines.seal(head.number + 1, head.hash, members)
            head = Head(head.number + 1, hash_)
            id_ = id_of(members)
            places[key_of(id_)] = Place(at, len(line))
            latest_ms = max(latest_ms, milliseconds_of(id_))
            sealed.append(line)
            at += len(line)
        self._write(b"".join(sealed))
        self._places |= places
        self.head, self._latest_ms, self._size = head, latest_ms, at

    def find(self, id_: str) -> lines.Line | None:
        """The record of an id, wherever it is; any thread may ask."""
        key, live, places = key_of(id_), self._live, self._places
        place = places.get(key)
        if live is not None and place is not None:
            with suppress(FileNotFoundError), live.path(PLAIN).open("rb") as file:
                file.seek(place.at)
                line = lines.read(file.read(place.length))
                if line is not None and line.content()["id"] == id_:
                    return line
        full = (one for one in _around(self.segments, milliseconds_of(id_)) if one != live)
        found = (segment.find(key, id_) for segment in full)
        return next((line for line in found if line is not None), None)

    def remove(self, gone: Sequence[Segment]) -> None:
        """Let go of whole segments at the front."""
        with self._listing:
            self.segments = tuple(one for one in self.segments if one not in gone)
        for segment in gone:
            for ending in (PLAIN, PACKED, INDEX):
                segment.path(ending).unlink(missing_ok=True)
        sync_folder(self.folder)

    def close(self) -> None:
        """Let go of files and lock."""
        for handle in (self._file, self._lock):
            if handle is not None:
                os.close(handle)
        self._file = self._lock = None

    def _next_segment(self, at_ms: int) -> None:
        latest_ms = self.segments[-1].at_ms if self.segments else 0
        segment = Segment(self.folder, self.head.number + 1, max(at_ms, latest_ms))
        file = _opened(segment, os.O_CREAT)
        try:
            sync_folder(self.folder)
        except BaseException:
            os.close(file)
            segment.path(PLAIN).unlink(missing_ok=True)
            raise
        if self._file is not None:
            os.close(self._file)
        self._file, self._size, self._places, self._live = file, 0, {}, segment
        with self._listing:
            self.segments = (*self.segments, segment)

    def _write(self, data: bytes) -> None:
        if self._file is None:
            raise AuditError(f"audit {self.folder} is closed")
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(self._file, left) :]
            _flush(self._file)
        except OSError:
            self._torn = True
            raise

    def _require_same_file(self) -> None:
        """A file that was deleted or changed under us would take records that nobody finds."""
        if self._file is None or self._live is None:
            return
        if self._torn:  # by a write of ours that failed
            os.ftruncate(self._file, self._size)
            self._torn = False
        path = self._live.path(PLAIN)
        try:
            found, mine = path.stat(), os.fstat(self._file)
        except OSError as error:
            raise AuditError(f"audit {path} is gone: {error.strerror}; start again") from error
        if not os.path.samestat(found, mine) or found.st_size != self._size:
            raise AuditError(
                f"audit {path} was replaced or changed by another while it was open; nothing is "
                "answered any more: bring it back, and start again"
            )

    def _recover(self) -> None:
        """Find the last whole record, and cut off what stands behind it."""
        segments = segments_of(self.folder)
        while segments and not self.head.number:
            self._follow(segments[-1])
            plain = segments[-1].path(PLAIN)
            if not plain.exists():
                self._places = {}  # it is packed
                break
            self.torn_bytes += plain.stat().st_size - self._size
            if self.head.number:
                self._live = segments[-1]
                self._file = _opened(self._live, 0)
                os.ftruncate(self._file, self._size)
                _flush(self._file)
            else:  # a crash came before its first record was whole
                plain.unlink()
                segments.pop()
        self.segments = tuple(segments)

    def _follow(self, segment: Segment) -> None:
        """Read a segment to its last whole record."""
        if segment.path(PLAIN).exists():
            segment.path(PACKED).unlink(missing_ok=True)  # of a packing that did not end
        self._size = 0
        rest = segment.raw_lines()
        for raw in rest:
            line = lines.read(raw)
            number = self.head.number + 1 if self.head.number else segment.first
            if line is None and not any(lines.read(later) for later in rest):
                return
            if line is None or line.number != number:
                raise _broken(segment, number, "it is not what was written")
            if self.head.number and line.previous != self.head.hash:
                raise _broken(segment, number, "it does not follow on the one before")
            self._places[key_of(id_of(raw))] = Place(self._size, len(raw))
            self._size += len(raw)
            self.head = Head(line.number, line.hash)
            self._latest_ms = max(self._latest_ms, milliseconds_of(id_of(raw)) + 1)


def _around(segments: Sequence[Segment], at_ms: int) -> Iterator[Segment]:
    """Segments that may hold what got its id at a time."""
    first = bisect_left(segments, at_ms - _LATE_MS, key=attrgetter("at_ms"))
    for segment in segments[max(0, first - 1) :]:
        if segment.at_ms > at_ms + _LATE_MS:
            return
        yield segment


def _opened(segment: Segment, flags: int) -> int:
    flags |= os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    return os.open(segment.path(PLAIN), flags, 0o600)


def _broken(segment: Segment, number: int, why: str) -> BrokenChainError:
    return BrokenChainError(
        f"audit {segment.folder}: record {number} in {segment.name} was changed: {why}. Keep the "
        "folder, look with walletrisk audit verify, and name another folder to start with "
        "(WALLETRISK_AUDIT_FOLDER)"
    )
