"""From raw scores to probabilities at a stated base rate, with an interval."""

from training.calibration.calibration import CURVES, Calibration, Tried
from training.calibration.choose import fit_calibration
from training.calibration.curve import MIN_SLOPE
from training.calibration.scale import log_odds_of, probability_of

__all__ = [
    "CURVES",
    "MIN_SLOPE",
    "Calibration",
    "Tried",
    "fit_calibration",
    "log_odds_of",
    "probability_of",
]
