"""How much a challenger says otherwise than the champion: counts, no wallet among them."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from features.contracts.times import instant_text
from serving.clock import now_us
from serving.models.measures import DIFFERENCES
from training.watch.columns import psi

_SCORES = np.arange(-10.0, 10.5, 1.0)  # log-odds, where scores are counted for their PSI

Float64s = npt.NDArray[np.float64]


@dataclass(slots=True)
class Tally:
    """Answers of one champion compared with what one challenger says of the same rows.

    Parameters
    ----------
    champion, challenger : str
        Versions.

    Attributes
    ----------
    bands : Counter of (str, str)
        Band of the champion and of the challenger; ``unknown`` where one does not score.
    differences : int64 array, shape (len(DIFFERENCES) + 1,)
        Rows that both score, by the difference of their log-odds.
    """

    champion: str
    challenger: str
    since_us: int = field(default_factory=now_us)
    bands: Counter[tuple[str, str]] = field(default_factory=Counter)
    differences: npt.NDArray[np.int64] = field(
        default_factory=lambda: np.zeros(len(DIFFERENCES) + 1, np.int64)
    )
    _scores: npt.NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((2, len(_SCORES) + 1), np.int64)
    )
    _total: float = 0.0
    _absolute: float = 0.0

    def add(self, champion: Float64s, challenger: Float64s) -> None:
        """Count log-odds of rows that both score."""
        difference = challenger - champion
        self.differences += _counts(np.array(DIFFERENCES), difference)
        self._scores += np.array([_counts(_SCORES, one) for one in (champion, challenger)])
        self._total += float(difference.sum())
        self._absolute += float(np.abs(difference).sum())

    @property
    def psi(self) -> float:
        """Population stability index of the challenger's log-odds against the champion's."""
        champion, challenger = self._scores.astype(np.float64)
        rows = champion.sum()
        return psi(champion / rows, challenger) if rows else 0.0

    def facts(self) -> dict[str, Any]:
        """As :class:`serving.schemas.shadow.Comparison`."""
        both, rows = int(self.differences.sum()), self.bands.total()
        other = sum(count for (one, two), count in self.bands.items() if one != two)
        lows, highs = [None, *DIFFERENCES], [*DIFFERENCES, None]
        return {
            "champion": self.champion,
            "challenger": self.challenger,
            "since": instant_text(self.since_us),
            "rows": rows,
            "scored_by_both": both,
            "mean_difference": self._total / both if both else None,
            "mean_absolute_difference": self._absolute / both if both else None,
            "psi": self.psi if both else None,
            "other_band_share": other / rows if rows else None,
            "differences": [
                {"above": low, "to": high, "rows": int(count)}
                for low, high, count in zip(lows, highs, self.differences, strict=True)
            ],
            "bands": [
                {"champion": one, "challenger": two, "rows": count}
                for (one, two), count in sorted(self.bands.items())
            ],
        }


def _counts(edges: Float64s, values: Float64s) -> npt.NDArray[np.int64]:
    """How many lie above each edge, up to the next."""
    return np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1)
