"""One recipe: learn from rows, and calibrate by scores of wallets that were not learnt from.

What is judged at an origin and what is shipped are made by :func:`fit_recipe` alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from training.calibration import Calibration, fit_calibration
from training.config import TrainConfig
from training.group_folds import folds
from training.models.estimator import Estimator, FoldsEstimator, GroupsEstimator, Inputs
from training.unlabelled import fit_with_unlabelled

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
HELD_ROWS, HELD_OF_EACH = 10_000, 500  # to calibrate by


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
        float64 (m,): raw log-odds of each row by a copy that learnt from other wallets only; nan
        where enough others are scored so, see :func:`enough_folds`.
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
    parts = enough_folds(
        folds(sample.y_true, sample.groups, config.folds, config.seed), sample.y_true
    )
    estimator, copies = _fitted(new, sample, [learnt for learnt, _ in parts], config)
    raw = np.full(len(sample.y_true), np.nan)
    for copy, (_, held) in zip(copies, parts, strict=True):
        raw[held] = copy.log_odds(sample.inputs(held))
    scored = ~np.isnan(raw)
    calibration = fit_calibration(
        raw[scored], sample.y_true[scored], weights=sample.weights[scored],
        groups=sample.groups[scored], base_rate=config.base_rate, seed=config.seed,
    )  # fmt: skip
    return Fitted(estimator, calibration, raw)


def enough_folds(
    parts: list[tuple[Int64, Int64]], y_true: NDArray[np.int8]
) -> list[tuple[Int64, Int64]]:
    """Return the first folds whose held rows are enough to calibrate by; all of a small sample.

    Enough are ``HELD_ROWS`` rows with ``HELD_OF_EACH`` of either class: a curve of few numbers is
    fitted to them, which more rows would hardly move, and every fold costs a fit.
    """
    kept = []
    rows = illicit = 0
    for learnt, held in parts:
        kept.append((learnt, held))
        rows, illicit = rows + len(held), illicit + int((y_true[held] == 1).sum())
        if rows >= HELD_ROWS and min(illicit, rows - illicit) >= HELD_OF_EACH:
            break
    return kept


def _fitted(
    new: Callable[[], Estimator], sample: Sample, parts: list[Int64], config: TrainConfig
) -> tuple[Estimator, Iterator[Estimator]]:
    """Fit to all rows, and a copy to each part of them; at once where the kind can."""
    everything = np.arange(len(sample.y_true))
    estimator = new()
    if config.unlabelled is None and hasattr(estimator, "fit_folds"):
        copies = cast("FoldsEstimator", estimator).fit_folds(
            sample.inputs(everything), sample.y_true, sample.weights, parts
        )
        return estimator, iter(copies)
    estimator = learn(new, sample, everything, config)
    return estimator, (learn(new, sample, part, config) for part in parts)


def learn(
    new: Callable[[], Estimator], sample: Sample, rows: Int64, config: TrainConfig
) -> Estimator:
    """Fit an estimator to the labelled rows at these positions, and to all without a label."""
    y_true = sample.y_true[rows]
    weights = sample.weights[rows] / sample.weights[rows].mean()
    if config.unlabelled is None or not sample.unlabelled:
        estimator = new()
        if hasattr(estimator, "fit_groups"):
            return cast("GroupsEstimator", estimator).fit_groups(
                sample.inputs(rows), y_true, weights, sample.groups[rows]
            )
        return estimator.fit(sample.inputs(rows), y_true, weights)
    others = len(sample.y_true) + np.arange(sample.unlabelled)
    return fit_with_unlabelled(new, sample.inputs, rows, y_true, weights, others, config.unlabelled)
