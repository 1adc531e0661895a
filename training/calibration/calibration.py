"""A fitted calibration: the curve, the interval around it, and the shift to the base rate."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError
from training.calibration.beta import BetaCurve
from training.calibration.curve import Curve, number
from training.calibration.isotonic import IsotonicCurve
from training.calibration.platt import PlattCurve
from training.calibration.scale import log_odds_of
from training.calibration.venn_abers import VennAbersCurve

Float64 = NDArray[np.float64]

# from the simplest on
CURVES: dict[str, type[Curve]] = {
    curve.method: curve for curve in (PlattCurve, BetaCurve, IsotonicCurve, VennAbersCurve)
}
# Nearer than this to the base, in raw log-odds, a jump of the curve would give parts out of all
# proportion: there they take the curve's mean slope so far around, and the base takes the rest.
NEAR = 0.1


class Tried(NamedTuple):
    """What a method lost on wallets that it was not fitted to.

    Attributes
    ----------
    method
        Its name.
    log_loss
        Mean log loss in nats, at the prevalence of the rows.
    above_best
        How much more than the best method lost.
    standard_error
        Of that difference, over wallets.
    """

    method: str
    log_loss: float
    above_best: float
    standard_error: float


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """From raw to calibrated log-odds at the base rate.

    Parameters
    ----------
    curve
        To log-odds at the prevalence of the rows it was fitted to; it never falls.
    spread
        Both probabilities of Venn-Abers, fitted to the same rows.
    prevalence
        Share of illicit rows among these.
    base_rate
        Share of illicit wallets in the world the probabilities are for.
    span
        5th and 95th percentile of the raw scores fitted to.
    tried
        All methods that were compared, none where there was no choice.
    """

    curve: Curve
    spread: VennAbersCurve
    prevalence: float
    base_rate: float
    span: tuple[float, float]
    tried: tuple[Tried, ...] = ()

    def __post_init__(self) -> None:
        for name in ("prevalence", "base_rate"):
            if not 0 < getattr(self, name) < 1:
                raise RiskError(f"{name} must lie between 0 and 1, got {getattr(self, name)}")
        if not self.span[0] <= self.span[1]:
            raise RiskError(f"the span of a calibration must not fall, got {self.span}")

    @property
    def method(self) -> str:
        """Name of the curve: ``platt``, ``beta``, ``isotonic`` or ``venn_abers``."""
        return self.curve.method

    @property
    def shift(self) -> float:
        """What the change of prevalence adds to log-odds: Bayes' rule, fixed likelihoods."""
        return log_odds_of(self.base_rate) - log_odds_of(self.prevalence)

    @property
    def slope(self) -> float:
        """Mean slope of the curve over the span; below 1 where raw scores are too sure."""
        low, high = self.span
        ends = np.array([low, high] if low < high else [low - 0.5, high + 0.5])
        return float(np.diff(self.curve(ends))[0] / np.diff(ends)[0])

    def log_odds(self, raw: Float64) -> Float64:
        """Return calibrated log-odds (n,) at the base rate."""
        return self.curve(raw) + self.shift

    def interval(self, raw: Float64) -> tuple[Float64, Float64]:
        """Return both ends (n,) of log-odds at the base rate, around :meth:`log_odds`.

        Notes
        -----
        These are the two probabilities of Venn-Abers, stretched to hold what is said: among
        wallets with such scores the share of illicit ones is expected between the means of both
        ends. An end is infinite where no wallet of a class was seen so far out. The shift supposes,
        as for the probability, that the world differs from the rows fitted to in prevalence alone.
        """
        said = self.curve(raw)
        lower, upper = self.spread.bounds(raw)
        with np.errstate(divide="ignore"):
            low, high = (np.log(end) - np.log1p(-end) for end in (lower, upper))
        return np.minimum(low, said) + self.shift, np.maximum(high, said) + self.shift

    def contributions(self, raw: Float64) -> Float64:
        """Return additive parts (n, c + 1) of calibrated log-odds; the base is the last column.

        All parts of a row but the base are scaled alike, by (curve(raw) - curve(base)) /
        (raw - base), which keeps their signs and proportions.
        """
        base, total = raw[:, -1], raw.sum(axis=1)
        middle, half = (base + total) / 2, np.abs(total - base) / 2
        reach = np.maximum(half, NEAR)
        scale = (self.curve(middle + reach) - self.curve(middle - reach)) / (2 * reach)
        parts: Float64 = raw * scale[:, None]
        parts[:, -1] = self.log_odds(total) - parts[:, :-1].sum(axis=1)
        return parts

    def to_json(self) -> str:
        """Return all but the base rate, which the manifest holds."""
        data = {
            "method": self.method,
            "prevalence": self.prevalence,
            "span": list(self.span),
            "curve": self.curve.to_data(),
            "spread": self.spread.to_data(),
            "tried": [one._asdict() for one in self.tried],
        }
        return json.dumps(data, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_data(cls, data: dict[str, Any], *, base_rate: float) -> Self:
        """Read what :meth:`to_json` wrote, parsed.

        Raises
        ------
        RiskError
            If the method is unknown, a number is not finite, or a curve falls.
        KeyError, TypeError, ValueError
            If a part is missing or of another type.
        """
        if data["method"] not in CURVES:
            raise RiskError(f"method must be one of {', '.join(CURVES)}, got {data['method']!r}")
        low, high = data["span"]
        return cls(
            CURVES[data["method"]].from_data(data["curve"]),
            VennAbersCurve.from_data(data["spread"]),
            number(data, "prevalence"),
            base_rate,
            (number({"span": low}, "span"), number({"span": high}, "span")),
            tuple(_tried(one) for one in data["tried"]),
        )


def _tried(data: dict[str, Any]) -> Tried:
    return Tried(str(data["method"]), *(number(data, name) for name in Tried._fields[1:]))
