"""Venn-Abers: two probabilities for a score, one of which is calibrated, whatever the model.

The lower is what an isotonic fit says of the row if it were one more licit wallet, the upper if it
were one more illicit one. Both are step functions of the score, made once and kept as data.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError
from training.calibration.curve import Rows, numbers

Float64 = NDArray[np.float64]


class Steps(NamedTuple):
    """A step function that never falls.

    Attributes
    ----------
    edges
        float64 (k,) rising.
    levels
        float64 (k + 1,) probabilities, before the first edge, between edges, after the last.
    """

    edges: Float64
    levels: Float64

    def checked(self, name: str) -> Self:
        """Return itself; raises RiskError if it is no such function."""
        if len(self.levels) != len(self.edges) + 1 or (np.diff(self.edges) <= 0).any():
            raise RiskError(f"Venn-Abers needs edges of {name} that rise, and one level more")
        if (np.diff(self.levels) < 0).any() or self.levels[0] < 0 or self.levels[-1] > 1:
            raise RiskError(f"Venn-Abers needs levels of {name} in [0, 1] that never fall")
        return self


@dataclass(frozen=True, slots=True, eq=False)
class VennAbersCurve:
    """Both probabilities, and the one between them that loses least if either is right.

    Parameters
    ----------
    lower
        Holds from each edge on.
    upper
        Holds after each edge.

    Notes
    -----
    Under exchangeability of the wallets fitted to and the wallet asked about, the one of the two
    that belongs to its true class is perfectly calibrated (Theorem 1). It is no statement about
    one wallet, nor a confidence interval of a chosen level.

    References
    ----------
    Vovk, Petej and Fedorova, "Large-scale probabilistic predictors with and without guarantees of
    validity" (2015), sections 2 and 4: p1 / (1 - p0 + p1) is the minimax of log loss.
    """

    lower: Steps
    upper: Steps
    method: ClassVar[str] = "venn_abers"

    def __post_init__(self) -> None:
        self.lower.checked("lower")
        self.upper.checked("upper")
        if not (self.lower.levels[-1] < 1 and self.upper.levels[0] > 0):
            raise RiskError("Venn-Abers needs lower levels below 1 and upper levels above 0")

    @classmethod
    def fit(cls, rows: Rows) -> Self:
        """Make both step functions; every row counts the same (see :func:`one_of_each`)."""
        with np.errstate():  # importing the library silences numpy everywhere
            from venn_abers.venn_abers import calc_p0p1
        with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
            # it takes the least of slopes to later points where there is none, and goes on
            warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
            scores = np.column_stack([-rows.raw, rows.raw])
            lower, upper, edges = calc_p0p1(scores, rows.y_true.astype(np.float64))
        return cls(_steps(edges, lower[:, 1]), _steps(edges, upper[:, 1]))

    def bounds(self, raw: Float64) -> tuple[Float64, Float64]:
        """Return the lower and the upper probability, float64 (n,) each."""
        lower = self.lower.levels[np.searchsorted(self.lower.edges, raw, side="right")]
        upper = self.upper.levels[np.searchsorted(self.upper.edges, raw, side="left")]
        return lower, upper

    def __call__(self, raw: Float64) -> Float64:
        """Return log-odds (n,) of p1 / (1 - p0 + p1)."""
        lower, upper = self.bounds(raw)
        return np.log(upper) - np.log1p(-lower)

    def to_data(self) -> dict[str, Any]:
        """Return four lists."""
        return {
            f"{name}_{part}": getattr(getattr(self, name), part).tolist()
            for name in ("lower", "upper")
            for part in Steps._fields
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Read four lists."""
        lower, upper = (
            Steps(*(numbers(data, f"{name}_{part}") for part in Steps._fields))
            for name in ("lower", "upper")
        )
        return cls(lower, upper)


def one_of_each(rows: Rows, groups: NDArray[np.int64], seed: int) -> Rows:
    """Choose at most one row a wallet by chance, so that what is left is exchangeable.

    Of a wallet's rows one is drawn by weight, and the wallet is kept with probability (its weight)
    / (largest of a wallet): rows that count the same then, drawn as the weights say. If a class
    would be lost, no wallet is left out.

    Parameters
    ----------
    rows
        (n,) rows, of which a wallet may have several.
    groups
        int64 (n,), its wallet.
    seed
        Of the draw.
    """
    generator = np.random.default_rng(seed)
    # the largest of weight-exponential keys is drawn in proportion to weight
    with np.errstate(divide="ignore"):
        key = np.log(generator.random(len(groups))) / rows.weights
    order = np.lexsort([-key, groups])
    first = order[np.unique(groups[order], return_index=True)[1]]
    total = np.bincount(np.unique(groups, return_inverse=True)[1], rows.weights)
    kept = first[generator.random(len(first)) * total.max() < total]
    if not 0 < rows.y_true[kept].sum() < len(kept):
        kept = first
    return rows.at(kept)._replace(weights=np.ones(len(kept)))


def _steps(edges: Float64, levels: Float64) -> Steps:
    """Keep the edges at which the level changes."""
    levels = np.maximum.accumulate(np.clip(levels, 0.0, 1.0))
    changes = np.flatnonzero(np.diff(levels) > 0)
    return Steps(edges[changes], levels[np.append(0, changes + 1)])
