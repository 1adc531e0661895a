"""How far a follower is: a small file that survives a crash at any instant.

Before the ledger changes, the file names all transactions that are about to be taken back or added;
after it, the blocks that are in. A run that finds the first without the second takes back whatever
of them arrived and reads those blocks again.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from features.errors import RiskError, SourceError
from features.json_file import read_json

REMEMBERED = 128  # blocks, and so the deepest reorganisation that can be undone
FORMAT = 2
_READ = (1, FORMAT)  # 1 names no files that are kept beside


@dataclass(frozen=True, slots=True)
class Seen:
    """A block that is in the ledger: what a reorganisation needs to take it out."""

    number: int
    hash: str
    tx_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """What is in a ledger.

    Attributes
    ----------
    chain : str
    asset : str or None
        What is read, None for all.
    first : int
        The first block.
    parent : str or None
        Hash of the block before the first; None until the first is read.
    ledger : str or None
        Identity of the ledger; None where it is unknown or there is none yet.
    blocks : tuple of Seen
        The latest blocks, at most ``REMEMBERED``, in order.
    pending : tuple of str
        Transactions that may be in the ledger or not.
    kept : tuple of str
        Names of the files that are kept beside it, see :mod:`features.sources.follow.kept`.
    """

    chain: str
    asset: str | None
    first: int
    parent: str | None = None
    ledger: str | None = None
    blocks: tuple[Seen, ...] = ()
    pending: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def next(self) -> int:
        """Number of the block to read next."""
        return self.blocks[-1].number + 1 if self.blocks else self.first

    @property
    def complete(self) -> bool:
        """Whether no block from the first on is forgotten."""
        return not self.blocks or self.blocks[0].number == self.first

    def begun(self, blocks: tuple[Seen, ...], pending: Iterable[str]) -> "Progress":
        """What to write before the ledger changes."""
        return replace(self, blocks=blocks, pending=tuple(dict.fromkeys(pending)))

    def done(self, new: Iterable[Seen], ledger: str | None) -> "Progress":
        """What to write after it changed."""
        blocks = (*self.blocks, *new)[-REMEMBERED:]
        return replace(self, blocks=blocks, pending=(), ledger=ledger)


@dataclass(frozen=True, slots=True)
class StateFile:
    """The file of a :class:`Progress`."""

    path: Path

    def read(self) -> Progress | None:
        """What it says, None where there is none.

        Raises
        ------
        SourceError
            It is something else.
        """
        if not self.path.exists():
            return None
        try:
            return _progress(read_json(self.path))
        except (RiskError, KeyError, TypeError, ValueError) as error:
            raise SourceError(f"{self.path} is no state of a follower: {error}") from None

    def write(self, progress: Progress) -> None:
        """Replace it, all or nothing, on disk when this returns."""
        draft = self.path.with_name(f"{self.path.name}.draft")
        with draft.open("w", encoding="utf-8") as file:
            json.dump({"format": FORMAT, **asdict(progress)}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)


def _progress(facts: Any) -> Progress:
    if facts["format"] not in _READ:
        raise ValueError(f"format {facts['format']!r}, this version reads {FORMAT}")
    blocks = tuple(
        Seen(int(one["number"]), str(one["hash"]), tuple(map(str, one["tx_ids"])))
        for one in facts["blocks"]
    )
    numbers = [block.number for block in blocks]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers)) if numbers else []):
        raise ValueError("its blocks do not follow each other")
    return Progress(
        chain=str(facts["chain"]),
        asset=_optional(facts["asset"]),
        first=int(facts["first"]),
        parent=_optional(facts["parent"]),
        ledger=_optional(facts["ledger"]),
        blocks=blocks,
        pending=tuple(map(str, facts["pending"])),
        kept=tuple(map(str, facts.get("kept", ()))),
    )


def _optional(text: Any) -> str | None:
    return None if text is None else str(text)
