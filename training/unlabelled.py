"""Learning from wallets without a label too: each counts in part as illicit, in part as licit.

A wallet that nobody has listed is not innocent for it. A model of the labelled rows says how
likely each unlabelled one is illicit, its answers are moved so that their mean is the stated share,
and the row is learnt twice, once as either class, with these weights.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training.calibration import log_odds_of, probability_of
from training.models.estimator import Estimator, Inputs

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def fit_with_unlabelled(
    new: Callable[[], Estimator],
    inputs: Callable[[Int64], Inputs],
    rows: Int64,
    y_true: NDArray[np.int8],
    weights: Float64,
    unlabelled: Int64,
    share: float,
) -> Estimator:
    """Fit an estimator to labelled and unlabelled rows.

    Parameters
    ----------
    new
        Gives an estimator that is not fitted.
    inputs
        From row numbers to what it reads of these rows.
    rows, y_true, weights
        Numbers (m,), labels int8 and weights float64 of the labelled rows.
    unlabelled
        Numbers (k,) of the others.
    share
        Share of illicit ones among these.

    Notes
    -----
    All unlabelled rows together count at most as much as the labelled ones.

    References
    ----------
    Elkan and Noto, "Learning classifiers from only positive and unlabeled data" (2008), section 4:
    an unlabelled row as two, weighted by the probability of either class.
    """
    first = new().fit(inputs(rows), y_true, weights)
    illicit = at_share(first.log_odds(inputs(unlabelled)), share)
    each = min(1.0, len(rows) / len(unlabelled))
    twice = np.concatenate([rows, unlabelled, unlabelled])
    ones = np.ones(len(unlabelled), np.int8)
    counts = np.concatenate([weights, each * illicit, each * (1 - illicit)])
    labels = np.concatenate([y_true, ones, 0 * ones])
    return new().fit(inputs(twice), labels, counts / counts.mean())


def at_share(raw: Float64, share: float) -> Float64:
    """Return probabilities (k,) of log-odds moved together until their mean is the share.

    Examples
    --------
    >>> at_share(np.array([0.0, 0.0]), 0.25).round(6).tolist()
    [0.25, 0.25]
    """
    from scipy.optimize import brentq

    middle = log_odds_of(share)
    ends = middle - raw.max() - 1.0, middle - raw.min() + 1.0
    shift = brentq(lambda move: probability_of(raw + move).mean() - share, *ends)
    return probability_of(raw + shift)
