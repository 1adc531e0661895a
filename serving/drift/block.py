"""A stretch of answers: all of them counted, some of them kept at equal chance."""

import math
import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Float32s = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]


class Block:
    """Answers since an instant, of wallets that were scored. It names no wallet.

    Parameters
    ----------
    since_us : int
        Microseconds since 1970.
    size : int
        Rows that are kept.
    width : int
        Columns of a row.

    Notes
    -----
    Algorithm L: how many answers to pass by until the next one is kept is drawn beforehand, so that
    the others cost a comparison.

    References
    ----------
    Li, "Reservoir-sampling algorithms of time complexity O(n(1 + log(N/n)))" (1994), section 3.
    """

    def __init__(self, since_us: int, size: int, width: int) -> None:
        self.since_us = since_us
        self.seen = 0
        self.bands: Counter[str] = Counter()
        self.probability_sum = 0.0
        self._rows = np.empty((size, width), np.float32)
        self._log_odds = np.empty(size)
        self._next = 0  # number of the answer that is kept next
        self._weight = 1.0

    def note(
        self, values: Float64s, places: npt.NDArray[np.intp], log_odds: float, probability: float
    ) -> None:
        """Count one answer, and perhaps keep ``values[places]``."""
        number = self.seen
        self.seen = number + 1
        self.probability_sum += probability
        if number != self._next:
            return
        size = len(self._rows)
        place = number if number < size else random.randrange(size)  # noqa: S311 - no secret
        with np.errstate(over="ignore"):  # beyond a float32 is beyond all that was learnt
            self._rows[place] = values[places]
        self._log_odds[place] = log_odds
        self._next = number + 1
        if self._next >= size:
            self._weight *= _chance() ** (1 / size)
            self._next += math.floor(math.log(_chance()) / math.log1p(-self._weight))

    @property
    def rows(self) -> Float64s:
        """The rows that are kept, float64 (n, width)."""
        return self._rows[: self.kept].astype(np.float64)

    @property
    def log_odds(self) -> Float64s:
        """Of the same rows, (n,)."""
        return self._log_odds[: self.kept].copy()

    @property
    def kept(self) -> int:
        """How many rows are kept."""
        return min(self.seen, len(self._rows))


def shares(counts: Counter[str], names: Sequence[str]) -> dict[str, float]:
    """Share of each name among all counts.

    Examples
    --------
    >>> shares(Counter(low=3, high=1), ("low", "medium", "high"))
    {'low': 0.75, 'medium': 0.0, 'high': 0.25}
    """
    total = max(1, counts.total())
    return {name: counts[name] / total for name in names}


def _chance() -> float:
    """A number above 0 and below 1."""
    return 1.0 - random.random() or 0.5  # noqa: S311 - no secret
