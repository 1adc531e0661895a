"""Whether a chain is what was written: the first record that is not, and why."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from serving.audit import lines
from serving.audit.chain import Head
from serving.audit.segments import Segment, segments_of


@dataclass(frozen=True, slots=True)
class Broken:
    """The first record that is not what was written.

    Parameters
    ----------
    number : int
        Of the record that is to stand there.
    segment : str
        Name of the file without what it ends in; empty: it is in none.
    line : int
        Of the file, from 1.
    why : str
    """

    number: int
    segment: str
    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a chain holds.

    Parameters
    ----------
    records, segments : int
        Up to the first broken record.
    first : int
        Number of the first record that is kept; those before were removed.
    head : Head
        The last whole record.
    torn_bytes : int
        Behind it: of a record that is being written, or was when the process ended.
    broken : Broken or None
    """

    records: int
    segments: int
    first: int
    head: Head
    torn_bytes: int
    broken: Broken | None

    def facts(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return asdict(self) | {"head": f"{self.head.number}:{self.head.hash}"}

    def text(self) -> str:
        """All of it, for a reader."""
        told = [f"{self.records} records in {self.segments} segments, from {self.first}"]
        if self.torn_bytes:
            told.append(f"{self.torn_bytes} bytes behind the last are no whole record")
        if self.broken is None:
            told.append(f"the chain is whole; head {self.head.number}:{self.head.hash}")
        else:
            one = self.broken
            where = f" ({one.segment}, line {one.line})" if one.segment else ""
            told.append(f"BROKEN at record {one.number}{where}: {one.why}")
        return "\n".join(told)


class _Walk:
    """From record to record; ends at the first that is broken."""

    def __init__(self, heads: Sequence[Head]) -> None:
        self._wanted = {head.number: head.hash for head in heads}
        self._begins: dict[int, str] = {}  # what segments follow on
        self.records, self.first, self.torn_bytes = 0, 1, 0
        self.head = Head(0, lines.GENESIS)
        self.removed: Head | None = None
        self.broken: Broken | None = None

    def segment(self, segment: Segment, is_last: bool) -> None:
        rest = enumerate(segment.raw_lines(), 1)
        for place, raw in rest:
            line = lines.read(raw)
            if line is None and is_last and not any(lines.read(later) for _, later in rest):
                self.torn_bytes = len(raw)
                return
            why = self._wrong(segment, place, line)
            if why is not None or line is None:
                number = self.head.number + 1 if self.records else segment.first
                self.broken = Broken(number, segment.name, place, why or "it was changed")
                return
            self._step(line)

    def _wrong(self, segment: Segment, place: int, line: lines.Line | None) -> str | None:
        if line is None:
            return "it is not what was written"
        if not self.records:
            self.first = line.number
            self.head = Head(line.number - 1, line.previous)
        if line.number != self.head.number + 1:
            return f"record {line.number} stands in its place"
        if line.previous != self.head.hash:
            return "it does not follow on the one before"
        if place == 1 and line.number != segment.first:
            return f"the file's name says that it begins with record {segment.first}"
        if self._wanted.get(line.number, line.hash) != line.hash:
            return "its hash is not the one that was noted"
        if place == 1:
            self._begins[self.head.number] = self.head.hash
        return None

    def _step(self, line: lines.Line) -> None:
        self.records += 1
        self.head = Head(line.number, line.hash)
        if b'"kind":"pruned"' in line.record[:200]:
            facts = line.content()["facts"]
            self.removed = Head(facts["until"], facts["hash"])

    def end(self) -> None:
        """What is seen only when all was read: a beginning or an end that is not there."""
        if self.broken is not None:
            return
        begin = self.first - 1
        removed = self.removed
        noted = begin == 0 or (
            removed is not None
            and removed.number >= begin
            and self._begins.get(removed.number, removed.hash) == removed.hash
        )
        if not noted or (begin == 0 and self._begins.get(0, lines.GENESIS) != lines.GENESIS):
            why = f"records up to {begin} are gone, and none says that they were removed"
            self.broken = Broken(begin, "", 0, why)
        missing = [number for number in self._wanted if number > self.head.number]
        if missing and self.broken is None:
            why = f"the chain ends at {self.head.number}, and record {min(missing)} was noted"
            self.broken = Broken(self.head.number + 1, "", 0, why)


def verify(
    folder: Path, *, heads: Sequence[Head] = (), advance: Callable[[int], None] = lambda _: None
) -> Verified:
    """Read every record of a chain; a server may write to it meanwhile.

    Parameters
    ----------
    folder : Path
    heads : sequence of Head
        Noted elsewhere: without one, nobody can tell that the end was cut off.
    advance : callable
        Told after every segment how many more are done.

    Raises
    ------
    AuditError
        It cannot be read.
    """
    segments, walk, done = segments_of(folder), _Walk(heads), 0
    for segment in segments:
        walk.segment(segment, segment is segments[-1])
        if walk.broken is not None:
            break
        done += 1
        advance(1)
    walk.end()
    return Verified(walk.records, done, walk.first, walk.head, walk.torn_bytes, walk.broken)
