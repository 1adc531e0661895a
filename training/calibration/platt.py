"""Platt: calibrated log-odds = slope * raw + intercept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError
from training.calibration.curve import MIN_SLOPE, Rows, number
from training.calibration.logistic import least_loss
from training.calibration.scale import log_odds_of

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlattCurve:
    """A straight line; slope > 0.

    References
    ----------
    Platt, "Probabilistic outputs for support vector machines" (1999), section 2.2.
    """

    slope: float
    intercept: float
    method: ClassVar[str] = "platt"

    def __post_init__(self) -> None:
        if not (np.isfinite([self.slope, self.intercept]).all() and self.slope > 0):
            raise RiskError(
                f"a calibration needs a finite slope above 0 and a finite intercept, "
                f"got {self.slope} and {self.intercept}"
            )

    @classmethod
    def fit(cls, rows: Rows) -> Self:
        """Fit by maximum likelihood; a slope below 0.001 becomes that, around the prevalence."""
        centre, scale = float(rows.raw.mean()), float(rows.raw.std()) or 1.0
        steepness, level = least_loss(((rows.raw - centre) / scale)[:, None], rows)
        slope = steepness / scale
        if slope < MIN_SLOPE:
            return cls(MIN_SLOPE, log_odds_of(rows.prevalence) - MIN_SLOPE * centre)
        return cls(slope, level - slope * centre)

    def __call__(self, raw: Float64) -> Float64:
        """Return log-odds (n,) at the prevalence."""
        return self.slope * raw + self.intercept

    def to_data(self) -> dict[str, Any]:
        """Return both numbers."""
        return {"slope": self.slope, "intercept": self.intercept}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Read both numbers."""
        return cls(number(data, "slope"), number(data, "intercept"))
