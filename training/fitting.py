"""One recipe: learn from rows, and calibrate by scores of wallets that were not learnt from.

What is judged at an origin and what is shipped are made by :func:`fit_recipe` alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from features.errors import RiskError
from training.calibration import PlattCalibration
from training.config import TrainConfig
from training.models.estimator import Estimator, Inputs
from training.unlabelled import fit_with_unlabelled

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
LEAST_GROUPS = 2  # of each class, so that every fold can learn of both


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
    calibration: PlattCalibration
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
    calibration = PlattCalibration.fit(raw, sample.y_true, base_rate=config.base_rate)
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


def folds(
    y_true: NDArray[np.int8], groups: Int64, count: int, seed: int
) -> list[tuple[Int64, Int64]]:
    """Return positions (learnt, held) of folds that share no group, each of both classes.

    Parameters
    ----------
    y_true, groups
        (m,) of the rows.
    count
        Number of folds wanted; as many as the rarer class has groups, if these are fewer.
    seed
        Of the shuffle.

    Raises
    ------
    RiskError
        If a class has fewer than two groups.
    """
    each, first, member = np.unique(groups, return_index=True, return_inverse=True)
    illicit = np.bincount(member, y_true) > 0
    fewest = min(int(illicit.sum()), int((~illicit).sum()))
    if fewest < LEAST_GROUPS:
        raise RiskError(
            f"to calibrate, {LEAST_GROUPS} wallets of each class must be learnt from, got "
            f"{int(illicit.sum())} illicit and {int((~illicit).sum())} licit"
        )
    splitter = StratifiedKFold(min(count, fewest), shuffle=True, random_state=seed)
    held = np.empty(len(each), np.int64)
    for number, (_, part) in enumerate(splitter.split(first, illicit)):
        held[part] = number
    of_row = held[member]
    return [
        (np.flatnonzero(of_row != number), np.flatnonzero(of_row == number))
        for number in range(splitter.get_n_splits())
    ]
