"""Strings by number and numbers by string: wallet names and transaction ids of a ledger.

The saved part is one Arrow string array (memory-mapped on open), in ascending order of a
64-bit hash of the text, so that the index costs 8 bytes a string. Strings added later live in a
dict until the ledger is saved. A hash only finds candidates, equality of the text decides: whoever
chooses names can make many share a hash, so that no look-up may go through those one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.contracts.text import Texts, as_text, strings
from features.kernel import Int32s, Int64s, UInt64s, hash_place, text_hashes


@dataclass(slots=True)
class Names:
    """An append-only list of strings, found by text.

    Parameters
    ----------
    text : large_string array, shape (n,)
    hashes : uint64 array, shape (n,)
        ``text_hashes(text)``, ascending.

    Notes
    -----
    :meth:`first_row` and :meth:`first_rows` are for lists without repeats, in which texts of one
    hash ascend, too, as :func:`by_hash` leaves them; :meth:`rows` and :meth:`may_hold` for any.
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
        first, end = self._run(hash_place(self.hashes, name))
        while first < end:
            middle = (first + end) >> 1
            text = self[middle]
            if text == name:
                return middle
            first, end = (middle + 1, end) if text < name else (first, middle)
        return -1

    def rows(self, name: str) -> list[int]:
        """All rows that hold ``name``."""
        first, end = self._run(hash_place(self.hashes, name))
        saved: list[int] = []
        if first < end:
            equal = pc.equal(
                self.text.slice(first, end - first), pa.scalar(name, pa.large_string())
            )
            saved = (np.flatnonzero(equal.to_numpy(zero_copy_only=False)) + first).tolist()
        return [*saved, *self.recent_rows.get(name, [])]

    def may_hold(self, names: Texts) -> npt.NDArray[np.bool_]:
        """Whether each name, or one of its hash, is here; shape (m,)."""
        wanted = as_text(names)
        _, held = self._places(text_hashes(wanted))
        if self.recent:
            recent = [name in self.recent_rows for name in strings(wanted)]
            held |= np.array(recent, dtype=bool)
        return held

    def _run(self, first: int) -> tuple[int, int]:
        """Rows ``[first, end)`` of one hash; none where ``first`` is -1."""
        if first < 0:
            return 0, 0
        of, end = self.hashes[first], first + 1
        if end < self.hashes.size and self.hashes[end] == of:
            end = int(np.searchsorted(self.hashes[: len(self.text)], of, side="right"))
        return first, end

    def _places(self, hashes: UInt64s) -> tuple[Int64s, npt.NDArray[np.bool_]]:
        """First row of each hash, and whether it is here."""
        places = np.empty(hashes.size, dtype=np.int64)
        if not len(self.text):
            return places, np.zeros(hashes.size, dtype=bool)
        ascending = np.argsort(hashes)  # neighbouring searches share most of their cache lines
        places[ascending] = np.searchsorted(self.hashes, hashes[ascending])
        np.minimum(places, len(self.text) - 1, out=places)
        return places, self.hashes[places] == hashes

    def _find_saved(self, wanted: pa.LargeStringArray, found: Int32s) -> None:
        places, held = self._places(text_hashes(wanted))
        pending = np.flatnonzero(held)
        equal = pc.equal(self.text.take(places[pending]), wanted.take(pending))
        hit = np.asarray(equal.to_numpy(zero_copy_only=False), dtype=bool)
        found[pending[hit]] = places[pending[hit]]
        for at in pending[~hit].tolist():  # only where two texts share a hash
            found[at] = self.first_row(str(wanted[at].as_py()))


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
    _order_by_text(hashes[order], text, order)
    row = np.empty(order.size, dtype=np.int32)
    row[order] = np.arange(order.size, dtype=np.int32)
    return Names(text.take(order), hashes[order]), row


def _order_by_text(ascending: UInt64s, text: pa.LargeStringArray, order: Int64s) -> None:
    """Let the texts of one hash ascend as well; two of one hash are rare."""
    same = ascending[1:] == ascending[:-1]
    edges = np.diff(same.astype(np.int8), prepend=0, append=0)
    opening, closing = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    for first, last in zip(opening.tolist(), closing.tolist(), strict=True):
        run = order[first : last + 1]
        texts = strings(text.take(run))
        run[:] = run[sorted(range(run.size), key=texts.__getitem__)]
