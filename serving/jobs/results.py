"""The file of a job's answers: a line an item, in order, so that it says how far the job came."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from pydantic_core import to_json

_BLOCK = 1024 * 1024


class Written(NamedTuple):
    """How much a file holds.

    Attributes
    ----------
    answered, problems : int
        Items, and those of them that have a problem.
    size : int
        Bytes of their lines.
    """

    answered: int = 0
    problems: int = 0
    size: int = 0


def line_of(item: int, wallet: str | None, answer: bytes, *, problem: bool) -> bytes:
    r"""One line: number of the item, then ``problem`` or ``answer``, and the wallet as sent.

    Examples
    --------
    >>> line_of(3, "w", b"{}", problem=False)
    b'{"item":3,"answer":{},"wallet":"w"}\n'
    """
    kind = b"problem" if problem else b"answer"
    return b'{"item":%d,"%b":%b,"wallet":%b}\n' % (item, kind, answer, to_json(wallet))


def written(path: Path) -> Written:
    """Read how far a file goes; a line that a crash cut, and what follows it, counts as none."""
    found = Written()
    if not path.exists():
        return found
    with path.open("rb") as file:
        for line in file:
            beginning = b'{"item":%d,"' % found.answered
            if not (line.startswith(beginning) and line.endswith(b"}\n")):
                break
            bad = line.startswith(b"problem", len(beginning))
            found = Written(found.answered + 1, found.problems + bad, found.size + len(line))
    return found


class ResultFile:
    """The file open to go on where it ends, which is after what is :func:`written`."""

    def __init__(self, path: Path, state: Written) -> None:
        self.state = state
        self._file = path.open("ab")
        self._file.truncate(state.size)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close it; what was not written by then is answered again."""
        self._file.close()

    def write(self, lines: list[bytes], problems: int) -> None:
        """Add lines, handed to the system before this returns."""
        self._file.write(b"".join(lines))
        self._file.flush()
        answered, known, size = self.state
        more = sum(map(len, lines))
        self.state = Written(answered + len(lines), known + problems, size + more)

    def sync(self) -> None:
        """Return when all of it is on disk."""
        os.fsync(self._file.fileno())


def blocks(path: Path) -> Iterator[bytes]:
    """A file's bytes, some at a time."""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
