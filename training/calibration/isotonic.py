"""Isotonic calibration: the monotone curve nearest to the labels, straight between its knots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError
from training.calibration.curve import Rows, numbers

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class IsotonicCurve:
    """Probability, linear between knots and level outside of them.

    Parameters
    ----------
    knots
        float64 (k,) raw log-odds, rising.
    levels
        float64 (k,) probabilities in (0, 1) there, never falling.

    References
    ----------
    Zadrozny and Elkan, "Transforming classifier scores into accurate multiclass probability
    estimates" (2002), section 3; fitted to Platt's targets, so that no level is 0 or 1.
    """

    knots: Float64
    levels: Float64
    method: ClassVar[str] = "isotonic"

    def __post_init__(self) -> None:
        if not 0 < len(self.knots) == len(self.levels):
            raise RiskError(
                "an isotonic calibration needs as many levels as knots, "
                f"got {len(self.levels)} and {len(self.knots)}"
            )
        if (np.diff(self.knots) <= 0).any() or (np.diff(self.levels) < 0).any():
            raise RiskError("an isotonic calibration needs knots that rise, and levels no less")
        if not (self.levels[0] > 0 and self.levels[-1] < 1):
            raise RiskError("an isotonic calibration needs levels between 0 and 1")

    @classmethod
    def fit(cls, rows: Rows) -> Self:
        """Fit by pooling adjacent violators."""
        from sklearn.isotonic import IsotonicRegression

        fitted = IsotonicRegression().fit(rows.raw, rows.targets, rows.weights)
        return cls(fitted.X_thresholds_, fitted.y_thresholds_)

    def __call__(self, raw: Float64) -> Float64:
        """Return log-odds (n,) at the prevalence."""
        level = np.interp(raw, self.knots, self.levels)
        return np.log(level) - np.log1p(-level)

    def to_data(self) -> dict[str, Any]:
        """Return both lists."""
        return {"knots": self.knots.tolist(), "levels": self.levels.tolist()}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Read both lists."""
        return cls(numbers(data, "knots"), numbers(data, "levels"))
