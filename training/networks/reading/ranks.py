"""Which columns a network reads, and how they are scaled: by rank, gaps marked.

Trees split a column wherever it helps and pass over the others; a network reads all that it is
given at once, so that heavy tails, empty columns and near copies cost it. A column x becomes
``z = probit(rank(x)) - mean``, with ranks among training values, which is bounded and knows no
outlier; 0 where x is missing, and a further column says so where that tells rows apart.

References
----------
Gorishniy et al., "Revisiting deep learning models for tabular data" (2021), section 4.2: the
quantile transformation to a normal distribution as what networks on tables need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError
from training.models.finite import require_finite
from training.networks.reading.curves import along

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Curve = tuple[Float64, Float64]  # values, rising, and what they become

KNOTS = 33  # quantiles of a column; between them ranks are interpolated
MOST_ROWS = 20_000  # looked at: more would hardly move a quantile
FEWEST_DEFINED = 0.02  # share of the rows; what is told of fewer is noise
MOST_EQUAL = 0.99  # share of one value: a column that says one thing
MOST_ALIKE = 0.98  # absolute correlation of two columns, after scaling


@dataclass(frozen=True, slots=True, eq=False)
class RankScaler:
    """What is learnt of k columns.

    Parameters
    ----------
    columns
        Number of columns of what it scales.
    kept
        int64, places of those that it reads, rising.
    flagged
        int64, places of those whose gaps are marked.
    absent
        float64 (len(flagged),), share of gaps in training.
    start
        int64 (len(kept) + 1,), where the knots of each kept column begin.
    knots, become
        float64 (start[-1],), values, rising within a column, and what they become.
    """

    columns: int
    kept: Int64
    flagged: Int64
    absent: Float64
    start: Int64
    knots: Float64
    become: Float64

    @property
    def width(self) -> int:
        """Number of columns of what :meth:`scale` gives."""
        return len(self.kept) + len(self.flagged)

    @classmethod
    def of(
        cls, columns: int, curves: Mapping[int, Curve], flagged: Sequence[int], absent: Float64
    ) -> Self:
        """Scale some of so many columns, by place, along curves."""
        kept, marked = (np.array([*places], np.int64) for places in (curves, flagged))
        start = np.cumsum([0, *(len(curve[0]) for curve in curves.values())], dtype=np.int64)
        knots, become = (
            np.concatenate([np.empty(0), *(curve[part] for curve in curves.values())])
            for part in range(2)
        )
        return cls(columns, kept, marked, absent, start, knots, become)

    @classmethod
    def fit(cls, values: Float64) -> Self:
        """Learn from (n, k) values, nan where missing.

        A column is left out that is nearly empty, nearly constant, or nearly a copy (or the
        opposite) of one before it.
        """
        n, columns = values.shape
        some = values[np.linspace(0, n - 1, min(n, MOST_ROWS)).astype(np.int64)] if n else values
        missing = ~np.isfinite(some)
        telling = [place for place in range(columns) if _tells(some[~missing[:, place], place], n)]
        curves = {place: _curve(some[~missing[:, place], place]) for place in telling}
        kept = _different(cls.of(columns, curves, (), np.empty(0)).scale(some).T)
        share = missing.mean(axis=0) if n else np.zeros(columns)
        gaps = [at for at in telling if FEWEST_DEFINED < share[at] < 1 - FEWEST_DEFINED]
        marks = np.array([missing[:, place] - share[place] for place in gaps])
        flagged = [gaps[at] for at in _different(marks)]
        chosen = {telling[at]: curves[telling[at]] for at in kept}
        return cls.of(columns, chosen, flagged, share[flagged])

    def scale(self, values: Float64) -> Float64:
        """Return (n, width): scaled values, then marks of gaps; 0 is what is usual.

        Raises
        ------
        RiskError
            If ``values`` has not as many columns as it learnt from.
        """
        if values.shape[1] != self.columns:
            raise RiskError(f"scaler: {values.shape[1]} columns given, wanted {self.columns}")
        out = np.empty((len(values), self.width))
        rows = np.ascontiguousarray(values, np.float64)
        along(rows, self.kept, self.start, self.knots, self.become, out)
        marks = ~np.isfinite(values[:, self.flagged])
        out[:, len(self.kept) :] = marks - self.absent
        return out

    def to_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "columns": self.columns,
            "kept": self.kept.tolist(),
            "flagged": self.flagged.tolist(),
            "absent": self.absent.tolist(),
            "knots": [
                [self.knots[first:end].tolist(), self.become[first:end].tolist()]
                for first, end in pairwise(self.start.tolist())
            ],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any], columns: int) -> Self:
        """Read what :meth:`to_json` gave.

        Raises
        ------
        RiskError
            If it is not of ``columns`` columns, or cannot scale.
        """
        if content["columns"] != columns:
            raise RiskError(f"scaler: it is of {content['columns']} columns, wanted {columns}")
        kept, flagged = tuple(content["kept"]), tuple(content["flagged"])
        absent = np.array(content["absent"], np.float64)
        curves: dict[int, Curve] = {
            place: (np.array(values, np.float64), np.array(become, np.float64))
            for place, (values, become) in zip(kept, content["knots"], strict=True)
        }
        for place, (values, become) in curves.items():
            require_finite("scaler", {f"column {place}": np.concatenate([values, become])})
            if len(values) != len(become) or not len(values) or (np.diff(values) <= 0).any():
                raise RiskError(f"scaler: the knots of column {place} do not rise")
        places = set(kept) | set(flagged)
        if absent.shape != (len(flagged),) or not places <= set(range(columns)):
            raise RiskError(f"scaler: its places are not of {columns} columns")
        if len(curves) != len(kept):
            raise RiskError("scaler: a column has two curves")
        return cls.of(columns, curves, flagged, absent)


def _tells(defined: Float64, rows: int) -> bool:
    """Whether enough is defined of a column, and not nearly all of it equal."""
    if len(defined) < max(2, FEWEST_DEFINED * min(rows, MOST_ROWS)):
        return False
    counts = np.unique(defined, return_counts=True)[1]
    return bool(counts.max() <= MOST_EQUAL * len(defined))


def _curve(defined: Float64) -> tuple[Float64, Float64]:
    """Return values (at most ``KNOTS``) of a column, and the normal scores of their ranks."""
    from scipy.special import ndtri

    ordered = np.sort(defined)
    values = np.unique(np.quantile(ordered, np.linspace(0, 1, KNOTS), method="closest_observation"))
    below, upto = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    scores = ndtri((below + upto) / (2 * len(ordered)))
    mean = np.interp(ordered, values, scores).mean()
    return values, scores - mean


def _different(columns: Float64) -> list[int]:
    """Return which of (k, n) columns are no near copy of one before them."""
    if not len(columns):
        return []
    lengths = np.linalg.norm(columns, axis=1)
    lengths[lengths == 0] = 1.0
    alike = np.abs((columns / lengths[:, None]) @ (columns / lengths[:, None]).T) > MOST_ALIKE
    kept: list[int] = []
    for place in range(len(columns)):
        if not alike[place, kept].any():
            kept.append(place)
    return kept
