"""Strings by number and numbers by string: wallet names and transaction ids of a ledger.

The saved part is one Arrow string array (memory-mapped on open), in ascending order of a
64-bit hash of the text, so that the index costs 8 bytes a string. Strings added later live in a
dict until the ledger is saved. A hash only finds candidates, equality of the text decides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.contracts.text import Texts, as_text, strings
from features.kernel import Int32s, UInt64s, hash_place, text_hashes


@dataclass(slots=True)
class Names:
    """An append-only list of strings, found by text.

    Parameters
    ----------
    text : large_string array, shape (n,)
    hashes : uint64 array, shape (n,)
        ``text_hashes(text)``, ascending.
    """

    text: pa.LargeStringArray
    hashes: UInt64s
    recent: list[str] = field(default_factory=list)
    recent_rows: dict[str, list[int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.text) + len(self.recent)

    def __getitem__(self, row: int) -> str:
        saved = len(self.text)
        return self.recent[row - saved] if row >= saved else str(self.text[int(row)].as_py())

    def extend(self, names: Sequence[str]) -> None:
        """Add names at the end, whether or not they are there already."""
        rows = self.recent_rows
        for row, name in enumerate(names, start=len(self)):
            if name in rows:
                rows[name].append(row)
            else:
                rows[name] = [row]
        self.recent.extend(names)

    def all_text(self) -> pa.LargeStringArray:
        """Every string, by row."""
        added = pa.array(self.recent, type=pa.large_string())
        return pa.concat_arrays([self.text, added]) if self.recent else self.text

    def texts(self, rows: npt.NDArray[np.integer[Any]]) -> list[str]:
        """Strings of many rows, in their order."""
        saved = len(self.text)
        old = rows < saved
        found = np.empty(rows.size, dtype=object)
        found[old] = strings(self.text.take(rows[old]))
        found[~old] = [self.recent[row - saved] for row in rows[~old].tolist()]
        return cast("list[str]", found.tolist())

    def first_rows(self, names: Texts) -> Int32s:
        """Row of each name, -1 where it is absent; for lists without repeats.

        Parameters
        ----------
        names : sequence of str or large_string array, shape (m,)

        Returns
        -------
        int32 array, shape (m,)
        """
        wanted = as_text(names)
        found = np.full(len(wanted), -1, dtype=np.int32)
        if len(self.text):
            self._find_saved(wanted, found)
        if self.recent:
            pending = np.flatnonzero(found < 0)
            for position, name in zip(pending.tolist(), strings(wanted.take(pending)), strict=True):
                rows = self.recent_rows.get(name)
                if rows is not None:
                    found[position] = rows[0]
        return found

    def first_row(self, name: str) -> int:
        """Row of one name, -1 where it is absent: :meth:`first_rows` without its set-up cost."""
        rows = self.recent_rows.get(name)
        if rows is not None:
            return rows[0]
        return next(self._saved_rows(name), -1)

    def rows(self, name: str) -> list[int]:
        """All rows that hold ``name``."""
        return [*self._saved_rows(name), *self.recent_rows.get(name, [])]

    def _saved_rows(self, name: str) -> Iterator[int]:
        first = hash_place(self.hashes, name)
        row = first
        while 0 <= row < len(self.text) and self.hashes[row] == self.hashes[first]:
            if self.text[row].as_py() == name:
                yield row
            row += 1

    def _find_saved(self, wanted: pa.LargeStringArray, found: Int32s) -> None:
        hashes = text_hashes(wanted)
        rows = np.empty(len(wanted), dtype=np.int64)
        ascending = np.argsort(hashes)  # neighbouring searches share most of their cache lines
        rows[ascending] = np.searchsorted(self.hashes, hashes[ascending])
        pending = np.arange(len(wanted))
        while pending.size:  # a second round only where two texts share a hash
            pending = pending[rows[pending] < len(self.text)]
            pending = pending[self.hashes[rows[pending]] == hashes[pending]]
            equal = pc.equal(self.text.take(rows[pending]), wanted.take(pending))
            hit = np.asarray(equal.to_numpy(zero_copy_only=False), dtype=bool)
            found[pending[hit]] = rows[pending[hit]]
            pending = pending[~hit]
            rows[pending] += 1


def by_hash(text: pa.LargeStringArray) -> tuple[Names, Int32s]:
    """Sort distinct strings by their hash.

    Returns
    -------
    names : Names
    row : int32 array, shape (n,)
        Row in ``names`` of each string of ``text``.
    """
    hashes = text_hashes(text)
    order = np.argsort(hashes, kind="stable")
    row = np.empty(order.size, dtype=np.int32)
    row[order] = np.arange(order.size, dtype=np.int32)
    return Names(text.take(order), hashes[order]), row
