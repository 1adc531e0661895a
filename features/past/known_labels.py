"""Labels as kernels read them: per wallet, what was held of it from when on.

Every change is an event: a label became known, or it ended and another is left, or none. So an end
is known from its instant on, as a label is, and as of an instant before both are as they were.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.contracts.categories import CATEGORIES, OTHER, category_place
from features.contracts.labels import (
    ILLICIT,
    NO_VERDICT,
    UNLABELLED,
    VERDICTS,
    check_labels,
)
from features.ledger import Ledger, microseconds


class LabelEvents(NamedTuple):
    """Label changes of all wallets; those of wallet ``c`` are ``[start[c], start[c + 1])``.

    Attributes
    ----------
    start : int64 array, shape (wallets + 1,); empty where no labels were given
    known_at : int64 array, shape (events,), microseconds since 1970 UTC, rising in a wallet
    label : int8 array, shape (events,)
        The label that holds from ``known_at`` on: of all that are known then and have not ended,
        one with a verdict, of those the one of the highest confidence, of those the newest, of
        those illicit. ``UNLABELLED`` where all have ended.
    category : int8 array, shape (events,)
        The category of that label, a place in ``features.contracts.categories.CATEGORIES``;
        between labels that agree in all else it is the first in the alphabetical order of their
        words.

    Notes
    -----
    A label that has neither a verdict nor a category of its own, such as of a victim, is no event:
    it would end paths at a wallet of which nothing is known.
    """

    start: npt.NDArray[np.int64]
    known_at: npt.NDArray[np.int64]
    label: npt.NDArray[np.int8]
    category: npt.NDArray[np.int8]


_NONE, _NEVER = np.empty(0, np.int8), np.empty(0, np.int64)
NO_LABELS = LabelEvents(_NEVER, _NEVER, _NONE, _NONE)
_OTHER = CATEGORIES.index(OTHER)
_NUMBERS = {word: number for number, word in VERDICTS.items()}


def label_events(ledger: Ledger, labels: pd.DataFrame | None) -> LabelEvents:
    """Arrange labels by the ledger's wallets; labels of other wallets are of no use to a feature.

    Raises
    ------
    LabelsError
        The labels break their contract.
    """
    if labels is None:
        return NO_LABELS
    checked = check_labels(labels, chain=ledger.chain)
    code = ledger.codes(checked["wallet"])
    held = code >= 0
    return arranged(checked.loc[held], code[held], ledger.n_wallets)


def arranged(checked: pd.DataFrame, code: npt.NDArray[np.int32], wallets: int) -> LabelEvents:
    """Arrange checked labels by the codes of their wallets.

    Parameters
    ----------
    checked : DataFrame, shape (n, columns)
        Labels as :func:`features.check_labels` returns them.
    code : int32 array, shape (n,)
        From 0 to below ``wallets``.
    wallets : int
    """
    known = _sorted(checked, code)
    single = np.bincount(known.code, minlength=wallets) == 1
    alone = single[known.code] & (known.until == _FOREVER)
    changes = [*_changes(known.of(~alone))]
    rest = np.array(changes, np.int64).reshape(-1, 4)
    own = np.stack([known.code, known.known_at, known.label, known.category], axis=1)[alone]
    both = np.concatenate([own, rest])
    both = both[np.argsort(both[:, 0], kind="stable")]
    start = np.searchsorted(both[:, 0], np.arange(wallets + 1)).astype(np.int64)
    label, category = (both[:, at].astype(np.int8) for at in (2, 3))
    return LabelEvents(start, both[:, 1].copy(), label, category)


_FOREVER = np.iinfo(np.int64).max


class _Known(NamedTuple):
    """Labels by wallet and time, arrays of shape (n,); ``rank`` rises with what decides."""

    code: npt.NDArray[np.int64]
    known_at: npt.NDArray[np.int64]
    label: npt.NDArray[np.int64]
    category: npt.NDArray[np.int64]
    until: npt.NDArray[np.int64]
    rank: npt.NDArray[np.int64]

    def of(self, rows: npt.NDArray[np.bool_]) -> "_Known":
        return _Known(*(column[rows] for column in self))


def _sorted(checked: pd.DataFrame, code: npt.NDArray[np.int32]) -> _Known:
    """Labels that say something, in order of wallet and time."""
    words, word = np.unique(checked["category"].to_numpy("object"), return_inverse=True)
    place = np.array([category_place(word) for word in words.tolist()], dtype=np.int64)
    label = checked["label"].map(_NUMBERS).to_numpy().astype(np.int64)
    known_at = microseconds(checked["known_at"])
    ends = checked["until"].notna().to_numpy()
    until = np.full(label.size, _FOREVER)
    until[ends] = microseconds(checked["until"].loc[ends])
    confidence = checked["confidence"].to_numpy()
    order = np.lexsort((-word, label == ILLICIT, known_at, confidence, label != NO_VERDICT))
    rank = np.empty(label.size, np.int64)
    rank[order] = np.arange(label.size)
    every = _Known(code.astype(np.int64), known_at, label, place[word], until, rank)
    said = every.of((label != NO_VERDICT) | (every.category != _OTHER))
    by_wallet = np.lexsort((said.known_at, said.code))
    return _Known(*(column[by_wallet] for column in said))


def _changes(known: _Known) -> Iterator[tuple[int, int, int, int]]:
    """Code, instant, label and category of each change of the wallets of some labels."""
    rows = [*zip(*(column.tolist() for column in known), strict=True)]
    first = 0
    while first < len(rows):
        end = first
        while end < len(rows) and rows[end][0] == rows[first][0]:
            end += 1
        yield from _of_wallet(rows[first:end])
        first = end


def _of_wallet(rows: list[tuple[int, ...]]) -> Iterator[tuple[int, int, int, int]]:
    """Changes of one wallet: at each instant, the best label that is known and has not ended."""
    instants = sorted({row[1] for row in rows} | {row[4] for row in rows} - {_FOREVER})
    held: list[tuple[int, tuple[int, ...]]] = []  # the best first
    next_row, shown = 0, (UNLABELLED, _OTHER)
    for instant in instants:
        while next_row < len(rows) and rows[next_row][1] == instant:
            heappush(held, (-rows[next_row][5], rows[next_row]))
            next_row += 1
        while held and held[0][1][4] <= instant:
            heappop(held)
        now = (held[0][1][2], held[0][1][3]) if held else (UNLABELLED, _OTHER)
        if now != shown:
            yield rows[0][0], instant, *now
        shown = now
