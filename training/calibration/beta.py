"""Beta calibration: one slope where the model says unlikely, another where it says likely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError
from training.calibration.curve import MIN_SLOPE, Rows, number
from training.calibration.logistic import least_loss

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BetaCurve:
    """Calibrated log-odds = low * log(p) - high * log(1 - p) + intercept, p of the raw log-odds.

    Parameters
    ----------
    low, high
        Slopes towards minus and plus infinity, above 0, so that the curve never falls.

    References
    ----------
    Kull, Silva Filho and Flach, "Beyond sigmoids" (2017), section 3.2, with a = low, b = high.
    """

    low: float
    high: float
    intercept: float
    method: ClassVar[str] = "beta"

    def __post_init__(self) -> None:
        given = (self.low, self.high, self.intercept)
        if not (np.isfinite(given).all() and min(self.low, self.high) > 0):
            raise RiskError(
                "a beta calibration needs finite slopes above 0 and a finite intercept, "
                f"got {self.low}, {self.high} and {self.intercept}"
            )

    @classmethod
    def fit(cls, rows: Rows) -> Self:
        """Fit by maximum likelihood on Platt's targets, slopes at least 0.001."""
        low, high, intercept = least_loss(_columns(rows.raw), rows, least=(MIN_SLOPE, MIN_SLOPE))
        return cls(float(low), float(high), float(intercept))

    def __call__(self, raw: Float64) -> Float64:
        """Return log-odds (n,) at the prevalence."""
        columns = _columns(raw)
        return self.low * columns[:, 0] + self.high * columns[:, 1] + self.intercept

    def to_data(self) -> dict[str, Any]:
        """Return the three numbers."""
        return {"low": self.low, "high": self.high, "intercept": self.intercept}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Read the three numbers."""
        return cls(*(number(data, name) for name in ("low", "high", "intercept")))


def _columns(raw: Float64) -> Float64:
    """Return log(p) and -log(1 - p) of raw log-odds, (n, 2)."""
    return np.column_stack([-np.logaddexp(0.0, -raw), np.logaddexp(0.0, raw)])
