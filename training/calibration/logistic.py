"""Least logistic loss of a few columns, for the curves that have a formula."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.calibration.curve import Rows
from training.calibration.scale import log_odds_of, probability_of

Float64 = NDArray[np.float64]


def least_loss(columns: Float64, rows: Rows, *, least: Sequence[float] | None = None) -> Float64:
    """Return coefficients (c + 1,) of least logistic loss on Platt's targets, intercept last.

    Parameters
    ----------
    columns
        float64 (n, c).
    rows
        Targets and weights.
    least
        Lower bounds of the c coefficients; None: unbounded.
    """
    from scipy.optimize import minimize

    target, weights = rows.targets, rows.weights / rows.weights.sum()
    design = np.column_stack([columns, np.ones(len(columns))])

    def loss(at: Float64) -> tuple[float, Float64]:
        score = design @ at
        gradient = design.T @ (weights * (probability_of(score) - target))
        return float(weights @ (np.logaddexp(0.0, score) - target * score)), gradient

    start = np.append(np.zeros(columns.shape[1]), log_odds_of(rows.prevalence))
    if least is None:
        return np.asarray(minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-9}).x)
    start[:-1] = 1.0
    bounds = [*((low, None) for low in least), (None, None)]
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"gtol": 1e-9, "ftol": 0.0}
    )
    return np.asarray(found.x)
