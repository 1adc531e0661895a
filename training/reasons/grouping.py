"""Contributions of columns summed by meaning, and the largest of each for the reader."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.view import View
from training.reasons.meanings import GIVEN, Meaning, meaning_of, meaning_of_part

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

SHOWN = 5  # groups
COLUMNS = 3  # of a group
_MOST_TIMES = 1000.0  # beyond, a number tells no more


class Group(NamedTuple):
    """One meaning of one row.

    Attributes
    ----------
    meaning
        What it is about.
    contribution
        Sum of its columns' contributions to the log-odds.
    columns
        Places in the model's reasons of its largest contributions, the largest first.
    """

    meaning: Meaning
    contribution: float
    columns: list[int]

    @property
    def sentence(self) -> str:
        """What the group does to the odds, in plain words."""
        return f"{self.meaning.says}: {odds_words(self.contribution)}."


class Grouping:
    """Which reasons of a model are of which meaning.

    Parameters
    ----------
    reasons
        Names of the model's contributions before the base.
    views
        Views that its columns are of.
    context
        The user's own columns among the reasons.

    Attributes
    ----------
    meanings
        In the order of their first column.
    """

    def __init__(
        self, reasons: tuple[str, ...], views: tuple[View, ...], context: tuple[str, ...]
    ) -> None:
        view_of = {column.name: view.name for view in views for column in view.columns}
        meanings = [
            GIVEN
            if name in context
            else meaning_of(name, view_of[name])
            if name in view_of
            else meaning_of_part(name)
            for name in reasons
        ]
        self.meanings = tuple(dict.fromkeys(meanings))
        number = {meaning: at for at, meaning in enumerate(self.meanings)}
        self.number = np.array([number[meaning] for meaning in meanings], np.int64)
        self._order: Int64 = np.argsort(self.number, kind="stable")
        counts = np.bincount(self.number, minlength=len(self.meanings))
        self._starts: Int64 = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
        ends = [*self._starts[1:].tolist(), len(reasons)]
        self._bounds = list(zip(self._starts.tolist(), ends, strict=True))
        self._places: list[int] = self._order.tolist()

    def sums(self, contributions: Float64) -> Float64:
        """Sum contributions (n, reasons), without the base, to (n, meanings).

        A row's sums do not depend on the other rows.
        """
        return np.add.reduceat(contributions[:, self._order], self._starts, axis=1)

    def frame(self, explained: pd.DataFrame, reasons: tuple[str, ...]) -> pd.DataFrame:
        """Return the sums of a frame of reasons and ``base``: a column a meaning, and ``base``."""
        sums = self.sums(explained[list(reasons)].to_numpy())
        names = [meaning.name for meaning in self.meanings]
        return pd.DataFrame(sums, explained.index, names).assign(base=explained["base"])

    def largest(self, contributions: Float64) -> list[Group]:
        """Return the ``SHOWN`` largest groups of one row's contributions (reasons,), rising none.

        Groups of no contribution are left out.
        """
        ordered = contributions[self._order]
        sizes = -np.abs(ordered)
        sums = np.add.reduceat(ordered, self._starts)
        largest = (-np.abs(sums)).argsort(kind="stable")[:SHOWN].tolist()
        return [
            Group(self.meanings[at], float(sums[at]), self._columns(at, sizes))
            for at in largest
            if sums[at] != 0
        ]

    def _columns(self, group: int, sizes: Float64) -> list[int]:
        start, end = self._bounds[group]
        own = sizes[start:end]
        first = own.argsort(kind="stable")[:COLUMNS]
        return [self._places[start + at] for at in first.tolist() if own[at] != 0]


def odds_words(contribution: float) -> str:
    """Say what a contribution does to the odds.

    Examples
    --------
    >>> odds_words(1.2)
    'raises the odds 3.3 times'
    >>> odds_words(-2.5)
    'lowers the odds 12 times'
    """
    times = math.exp(min(abs(contribution), 50.0))
    if times > _MOST_TIMES:
        size = f"more than {_MOST_TIMES:.0f}"
    else:
        size = f"{times:.2f}" if times < 2 else f"{times:.1f}" if times < 10 else f"{times:.0f}"
    return f"{'raises' if contribution > 0 else 'lowers'} the odds {size} times"
