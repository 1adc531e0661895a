"""How good a ranking and its probabilities are, with the chance level beside every number.

PR-AUC is average precision without interpolation; budgets are shares of the rows that a team
can review. Rows of equal score count in expectation over their random order, so no number
depends on the order of rows. Weights let the same definitions serve block bootstrap (how often
a row was drawn) and a stated base rate (how often such a row occurs in the world).

PR-AUC, Brier score and log loss are defined as in scikit-learn, and tested against it; a block
bootstrap asks for them hundreds of times, and its functions spend nine tenths of that on checks
of their arguments. It has no precision at a budget, no calibration error over equal masses of
weighted rows, and no block bootstrap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Int8 = NDArray[np.int8]

BUDGETS = (0.001, 0.005, 0.01)
CALIBRATION_BINS = 15
BOOTSTRAP_BLOCKS = 20


def average_precision(y_true: Int8, y_score: Float64, weights: Float64 | None = None) -> float:
    """Return the area under the precision-recall steps (PR-AUC); the prevalence is chance.

    Parameters
    ----------
    y_true
        int8 (n,), 1 = illicit.
    y_score
        float64 (n,), higher = more likely illicit.
    weights
        float64 (n,), or None for equal weights.

    Examples
    --------
    >>> average_precision(np.array([1, 0, 1]), np.array([0.9, 0.5, 0.1]))
    0.8333333333333333
    """
    order = np.argsort(-y_score, kind="stable")
    ranked, counted = y_score[order], _weights(y_true, weights)[order]
    last = np.append(ranked[1:] != ranked[:-1], True)  # of rows of equal score
    reviewed = np.cumsum(counted)[last]
    hits = np.cumsum(counted * y_true[order])[last]
    kept = reviewed > 0  # rows of no weight may lead the ranking
    gained = np.diff(hits[kept], prepend=0.0)
    return float(gained @ (hits[kept] / reviewed[kept]) / hits[-1])


def precision_recall_at(
    y_true: Int8, y_score: Float64, budget: float, weights: Float64 | None = None
) -> tuple[float, float]:
    """Return precision and recall when a share of the rows is reviewed, highest scores first.

    Parameters
    ----------
    y_true, y_score, weights
        As in :func:`average_precision`.
    budget
        Share of the rows that can be reviewed, at least one row: max(1, ceil(budget n)).

    Examples
    --------
    >>> precision_recall_at(np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1]), 0.5)
    (0.5, 0.5)
    """
    weights = _weights(y_true, weights)
    capacity = max(1.0, float(np.ceil(budget * weights.sum() - 1e-9)))
    order = np.argsort(-y_score, kind="stable")
    reached = int(np.searchsorted(np.cumsum(weights[order]), capacity - 1e-9))
    threshold = y_score[order[min(reached, len(order) - 1)]]
    above, tied = y_score > threshold, y_score == threshold
    share = (capacity - weights[above].sum()) / weights[tied].sum()
    hits = (weights * y_true)[above].sum() + share * (weights * y_true)[tied].sum()
    return float(hits / capacity), float(hits / (weights * y_true).sum())


def brier(y_true: Int8, probability: Float64, weights: Float64 | None = None) -> float:
    """Return the mean squared difference of probability and label; lower is better."""
    return float(np.average((probability - y_true) ** 2, weights=weights))


def log_loss(y_true: Int8, probability: Float64, weights: Float64 | None = None) -> float:
    """Return the mean negative log-likelihood in nats; certainty is capped at 2e-16."""
    said = np.where(y_true == 1, probability, 1.0 - probability)
    return float(-np.average(np.log(np.maximum(said, np.finfo(np.float64).eps)), weights=weights))


class CalibrationCurve(NamedTuple):
    """Said and seen probability of bins; see :func:`calibration_curve`.

    Attributes
    ----------
    said, seen, mass
        float64 (b,): mean probability, share illicit, share of all weight.
    """

    said: Float64
    seen: Float64
    mass: Float64


def calibration_curve(
    y_true: Int8,
    probability: Float64,
    weights: Float64 | None = None,
    *,
    bins: int = CALIBRATION_BINS,
) -> CalibrationCurve:
    """Return said and seen probability in bins of equal mass that hold rows."""
    weights = _weights(y_true, weights)
    order = np.argsort(probability, kind="stable")
    middle = np.cumsum(weights[order]) - weights[order] / 2
    which = np.minimum((middle / weights.sum() * bins).astype(np.int64), bins - 1)
    mass = np.bincount(which, weights[order], bins)
    said = np.bincount(which, (weights * probability)[order], bins)
    seen = np.bincount(which, (weights * y_true)[order], bins)
    full = mass > 0
    return CalibrationCurve(
        said[full] / mass[full], seen[full] / mass[full], mass[full] / weights.sum()
    )


def expected_calibration_error(
    y_true: Int8, probability: Float64, weights: Float64 | None = None
) -> float:
    """Return the mass-weighted mean gap of said and seen probability (ECE, 15 equal masses)."""
    curve = calibration_curve(y_true, probability, weights)
    return float((curve.mass * np.abs(curve.said - curve.seen)).sum())


def chance_calibration_error(probability: Float64) -> float:
    """Return the ECE to be expected of perfect probabilities on so many rows.

    Notes
    -----
    In a bin of m rows the share of illicit ones strays from its expectation by a standard
    deviation s = sqrt(sum p (1 - p)) / m, so in the mean by about s sqrt(2 / pi). On few rows
    this is most of the error; the gate allows for it.
    """
    bins = np.array_split(np.sort(probability), CALIBRATION_BINS)
    spread = [np.sqrt((part * (1 - part)).sum()) for part in bins]
    return float(np.sqrt(2 / np.pi) * np.sum(spread) / len(probability))


def base_rate_weights(y_true: Int8, base_rate: float, weights: Float64 | None = None) -> Float64:
    """Return weights (n,) of unchanged sum under which the share of illicit rows is as stated."""
    weights = _weights(y_true, weights)
    prevalence = float(np.average(y_true, weights=weights))
    factors = np.where(y_true == 1, base_rate / prevalence, (1 - base_rate) / (1 - prevalence))
    return weights * factors


def ranking_metrics(
    y_true: Int8, y_score: Float64, weights: Float64 | None = None
) -> dict[str, float]:
    """Return PR-AUC with prevalence, and precision and recall at the review budgets."""
    result = {
        "prevalence": float(np.average(y_true, weights=weights)),
        "pr_auc": average_precision(y_true, y_score, weights),
    }
    for budget in BUDGETS:
        precision, recall = precision_recall_at(y_true, y_score, budget, weights)
        result[f"precision_at_{budget:.1%}"] = precision
        result[f"recall_at_{budget:.1%}"] = recall
    return {name.replace("%", "pct"): value for name, value in result.items()}


def probability_metrics(
    y_true: Int8, probability: Float64, weights: Float64 | None = None
) -> dict[str, float]:
    """Return Brier score, its skill over the constant prevalence, ECE and log loss."""
    score = brier(y_true, probability, weights)
    prevalence = float(np.average(y_true, weights=weights))
    return {
        "brier": score,
        "brier_skill": 1 - score / (prevalence * (1 - prevalence)),
        "ece": expected_calibration_error(y_true, probability, weights),
        "log_loss": log_loss(y_true, probability, weights),
    }


def best_single_feature(features: Float64, y_true: Int8) -> tuple[int, int]:
    """Return the column that ranks the rows best by itself, and its direction.

    Parameters
    ----------
    features
        float64 (n, k), the training slice, finite or nan; nan ranks last in either direction.
    y_true
        int8 (n,), both classes.

    Returns
    -------
    tuple of int
        Column number, and +1 where high values are illicit, -1 where low ones are; the first of
        equal ones.

    Notes
    -----
    PR-AUC is the mean, over the illicit rows, of the precision among all rows that rank at least
    as high. So a column needs one sort of all rows and one of the illicit ones for both directions.
    """
    illicit = y_true == 1
    precisions = np.array([_precisions(column, illicit) for column in features.T]).ravel()
    # a column and its negative round differently
    best = int(np.argmax(precisions >= precisions.max() - 1e-12))
    return best // 2, (1, -1)[best % 2]


def _precisions(values: Float64, illicit: NDArray[np.bool_]) -> tuple[float, float]:
    """PR-AUC of a column (n,) as a ranking, high values first and low ones first."""
    defined = np.sort(values[~np.isnan(values)])
    hits = np.sort(values[illicit & ~np.isnan(values)])
    # undefined illicit rows are found when every row is reviewed
    undefined = (illicit.sum() - len(hits)) * illicit.mean()
    above = len(defined) - np.searchsorted(defined, hits, side="left")
    below = np.searchsorted(defined, hits, side="right")
    hits_above = len(hits) - np.searchsorted(hits, hits, side="left")
    hits_below = np.searchsorted(hits, hits, side="right")
    high, low = (hits_above / above).sum(), (hits_below / below).sum()
    return float(high + undefined) / illicit.sum(), float(low + undefined) / illicit.sum()


def single_feature_score(features: Float64, column: int, direction: int) -> Float64:
    """Return float64 (n,): one column as a ranking; nan, which says nothing, ranks last."""
    return np.nan_to_num(direction * features[:, column], nan=np.finfo(np.float64).min)


def bootstrap_intervals(
    measure: Callable[[Float64], dict[str, float]],
    y_true: Int8,
    index: pd.Index,
    *,
    seed: int,
    draws: int = 200,
) -> dict[str, tuple[float, float]]:
    """Return 95 % percentile intervals from resampled blocks of whole wallets in one time.

    Parameters
    ----------
    measure
        From weights float64 (n,), how often each row was drawn, to named numbers.
    y_true
        int8 (n,).
    index
        (wallet, as_of) of the rows.
    seed
        Of the draws.
    draws
        Number of resamples.

    Returns
    -------
    dict
        Name to (low, high).

    Notes
    -----
    A wallet belongs to the time of its first row; wallets, sorted by that time, are cut into 20
    blocks of equal row counts, and blocks are drawn with replacement. So rows that share a
    wallet, or weeks, stay together, and the interval does not pretend that they are independent.
    A draw that misses one of the classes can not be measured and is drawn again.
    """
    blocks = time_blocks(index)
    count = int(blocks.max()) + 1
    generator = np.random.default_rng(seed)
    size, illicit = np.bincount(blocks), np.bincount(blocks, y_true)
    results: list[dict[str, float]] = []
    while len(results) < draws:
        drawn = np.bincount(generator.integers(count, size=count), minlength=count)
        if 0 < drawn @ illicit < drawn @ size:
            results.append(measure(drawn[blocks].astype(np.float64)))
    table = pd.DataFrame(results)
    low, high = np.percentile(table.to_numpy(), [2.5, 97.5], axis=0)
    return {str(name): (float(low[at]), float(high[at])) for at, name in enumerate(table)}


def time_blocks(index: pd.Index) -> NDArray[np.int64]:
    """Return the block (n,) of each row: whole wallets, by first time, near equal row counts."""
    rows = index.to_frame(index=False)
    by_wallet = rows.groupby("wallet")["as_of"].agg(["min", "size"]).reset_index()
    by_wallet = by_wallet.sort_values(["min", "wallet"], ignore_index=True)
    before = by_wallet["size"].cumsum() - by_wallet["size"]
    block = (before * BOOTSTRAP_BLOCKS // len(rows)).to_numpy(np.int64)
    block = np.unique(block, return_inverse=True)[1]
    return pd.Series(block, index=by_wallet["wallet"]).loc[rows["wallet"]].to_numpy(np.int64)


def _weights(y_true: Int8, weights: Float64 | None) -> Float64:
    return np.ones(len(y_true)) if weights is None else weights
