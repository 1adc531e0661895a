"""One recipe: learn from rows, and calibrate by scores of wallets that were not learnt from.

What is judged at an origin and what is shipped are made by :func:`fit_recipe` alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.calibration import Calibration, fit_calibration
from training.config import TrainConfig
from training.group_folds import folds
from training.models.estimator import Estimator, Inputs
from training.unlabelled import fit_with_unlabelled

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


class Sample(NamedTuple):
    """Rows to learn from.

    Attributes
    ----------
    inputs
        From positions int64 (k,) in the sample to what the model reads of these rows.
    y_true
        int8 (m,), 1 = illicit.
    weights
        float64 (m,) of mean 1, what each row counts in the fit.
    groups
        int64 (m,), the wallet or entity of each row.
    unlabelled
        Number of rows without a label that are learnt from as well: positions from m on.
    """

    inputs: Callable[[Int64], Inputs]
    y_true: NDArray[np.int8]
    weights: Float64
    groups: Int64
    unlabelled: int = 0


class Fitted(NamedTuple):
    """A fitted recipe.

    Attributes
    ----------
    estimator
        Learnt from all rows of the sample.
    calibration
        Of its raw log-odds.
    raw
        float64 (m,): raw log-odds of each row by a copy that learnt from other wallets only.
    """

    estimator: Estimator
    calibration: Calibration
    raw: Float64


def fit_recipe(new: Callable[[], Estimator], sample: Sample, config: TrainConfig) -> Fitted:
    """Learn from a sample and calibrate by its out-of-fold scores.

    Parameters
    ----------
    new
        Gives an estimator that is not fitted.
    sample
        Rows to learn from.
    config
        Base rate, seed and number of folds.

    Raises
    ------
    RiskError
        If fewer than two wallets of a class are there.

    References
    ----------
    Platt, "Probabilistic outputs for support vector machines" (1999), section 2.1, for
    cross-validated scores as what a calibration is fitted to.
    """
    raw = out_of_fold(new, sample, config)
    estimator = learn(new, sample, np.arange(len(sample.y_true)), config)
    calibration = fit_calibration(
        raw, sample.y_true, weights=sample.weights, groups=sample.groups,
        base_rate=config.base_rate, seed=config.seed,
    )  # fmt: skip
    return Fitted(estimator, calibration, raw)


def out_of_fold(new: Callable[[], Estimator], sample: Sample, config: TrainConfig) -> Float64:
    """Return raw log-odds (m,) of each row by a copy that learnt from other groups only."""
    raw = np.empty(len(sample.y_true))
    for learnt, held in folds(sample.y_true, sample.groups, config.folds, config.seed):
        raw[held] = learn(new, sample, learnt, config).log_odds(sample.inputs(held))
    return raw


def learn(
    new: Callable[[], Estimator], sample: Sample, rows: Int64, config: TrainConfig
) -> Estimator:
    """Fit an estimator to the labelled rows at these positions, and to all without a label."""
    y_true = sample.y_true[rows]
    weights = sample.weights[rows] / sample.weights[rows].mean()
    if config.unlabelled is None or not sample.unlabelled:
        return new().fit(sample.inputs(rows), y_true, weights)
    others = len(sample.y_true) + np.arange(sample.unlabelled)
    return fit_with_unlabelled(new, sample.inputs, rows, y_true, weights, others, config.unlabelled)
