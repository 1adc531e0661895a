"""Probabilities and log-odds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]


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
