"""Platt calibration in log-odds, and the shift from the sampled to the stated base rate.

``a * raw + b + shift`` is linear, so reasons that add up before calibration add up after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError

Float64 = NDArray[np.float64]

# A model without signal has slope zero or below; this keeps the ranking and says (nearly) the
# prevalence for everybody, which the promotion gate then refuses.
MIN_SLOPE = 1e-3


def log_odds_of(probability: float) -> float:
    """Return log(p / (1 - p)).

    Examples
    --------
    >>> log_odds_of(0.5)
    0.0
    """
    return float(np.log(probability) - np.log1p(-probability))


def probability_of(log_odds: Float64) -> Float64:
    """Return 1 / (1 + exp(-x)) without overflow, elementwise.

    Examples
    --------
    >>> probability_of(np.array([0.0, -1000.0])).tolist()
    [0.5, 0.0]
    """
    small = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0, 1.0, small) / (1.0 + small)


@dataclass(frozen=True, slots=True)
class PlattCalibration:
    """Calibrated log-odds = slope * raw + intercept + shift.

    Parameters
    ----------
    slope, intercept
        Fitted on a slice later than training; slope > 0, so calibration never reorders.
    prevalence
        Share of illicit rows in that slice.
    base_rate
        Share of illicit wallets in the world the probabilities are for.
    """

    slope: float
    intercept: float
    prevalence: float
    base_rate: float

    def __post_init__(self) -> None:
        if not (np.isfinite([self.slope, self.intercept]).all() and self.slope > 0):
            raise RiskError(
                f"a calibration needs a finite slope above 0 and a finite intercept, "
                f"got {self.slope} and {self.intercept}"
            )
        for name in ("prevalence", "base_rate"):
            if not 0 < getattr(self, name) < 1:
                raise RiskError(f"{name} must lie between 0 and 1, got {getattr(self, name)}")

    @classmethod
    def fit(cls, raw: Float64, y_true: NDArray[np.int8], *, base_rate: float) -> Self:
        """Fit slope and intercept by maximum likelihood.

        Parameters
        ----------
        raw
            float64 (n,) raw log-odds of the calibration slice.
        y_true
            int8 (n,), 1 = illicit; both classes must occur.
        base_rate
            Stated prevalence of the world.

        Notes
        -----
        Platt's targets (N1 + 1) / (N1 + 2) and 1 / (N0 + 2) keep the fit finite where a
        threshold separates the classes. Where the slope is below 0.001 it is set to that, with
        the intercept at the prevalence. Rows count the same, however many their wallet has.

        Raises
        ------
        RiskError
            If one class is missing or a raw score is not finite.
        """
        illicit = int(y_true.sum())
        if illicit in (0, len(y_true)):
            raise RiskError(
                f"calibration needs illicit and licit rows, got {illicit} illicit of {len(y_true)}"
            )
        if not np.isfinite(raw).all():
            raise RiskError("raw scores of the calibration slice are not all finite")
        prevalence = illicit / len(y_true)
        centre, scale = float(raw.mean()), float(raw.std()) or 1.0
        steepness, level = _fitted((raw - centre) / scale, y_true)
        slope = steepness / scale
        intercept = level - slope * centre
        if slope < MIN_SLOPE:
            slope, intercept = MIN_SLOPE, log_odds_of(prevalence) - MIN_SLOPE * centre
        return cls(slope, intercept, prevalence, base_rate)

    @property
    def shift(self) -> float:
        """What the change of prevalence adds to log-odds: Bayes' rule, fixed likelihoods."""
        return log_odds_of(self.base_rate) - log_odds_of(self.prevalence)

    def log_odds(self, raw: Float64) -> Float64:
        """Return calibrated log-odds (n,) at the base rate."""
        return self.slope * raw + (self.intercept + self.shift)

    def contributions(self, raw: Float64) -> Float64:
        """Return additive parts (n, c + 1) of calibrated log-odds; the base is the last column."""
        parts = self.slope * raw
        parts[:, -1] += self.intercept + self.shift
        return parts


def _fitted(raw: Float64, y_true: NDArray[np.int8]) -> tuple[float, float]:
    """Return slope and intercept of least logistic loss on standardised scores."""
    from scipy.optimize import minimize

    illicit = float(y_true.sum())
    licit = len(y_true) - illicit
    target = np.where(y_true == 1, (illicit + 1) / (illicit + 2), 1 / (licit + 2))
    design = np.column_stack([raw, np.ones_like(raw)])

    def loss(at: Float64) -> tuple[float, Float64]:
        score = design @ at
        gradient = design.T @ (probability_of(score) - target)
        return float((np.logaddexp(0.0, score) - target * score).mean()), gradient / len(raw)

    start = np.array([0.0, log_odds_of((illicit + 1) / (len(y_true) + 2))])
    slope, intercept = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-9}).x
    return float(slope), float(intercept)
