"""Whether the rows of a window lie where a model learnt.

Told by how many lie beyond it, and by a classifier that tells them from training rows.

References
----------
Adversarial validation, as a two-sample test by a classifier: Lopez-Paz and Oquab, "Revisiting
classifier two-sample tests" (2017), section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom

from training.metrics import base_rate_weights
from training.watch.columns import beyond, coarse
from training.watch.reference import USUAL, Reference

Float64 = NDArray[np.float64]

FOLDS = 4
TREES = 60
MOST_ROWS = 1000  # a side: more would only take longer
NAMED = 10  # columns that are named as telling


@dataclass(frozen=True, slots=True)
class RowsOutside:
    """How far rows of a window lie outside the training rows.

    Parameters
    ----------
    share
        Share of the rows with more columns beyond the training quantiles than 99 of 100 training
        rows have: about .01 where nothing changed.
    chance
        How likely so many of them are where nothing changed (binomial).
    adversarial_auc
        How well a classifier tells rows of the window from training rows, out of fold: .5 is not at
        all, 1 always. nan where one side has too few wallets.
    at_prior_auc
        The same when training rows count so that the share of illicit ones is that estimated for
        the window: what a change of prior does not explain.
    telling
        Columns by what they give that classifier, largest first: index ``column``, ``gain`` (sums
        to 1 over all columns).
    """

    share: float
    chance: float
    adversarial_auc: float
    at_prior_auc: float
    telling: pd.DataFrame


def rows_outside(
    reference: Reference,
    window: Float64,
    wallets: NDArray[np.int64],
    *,
    prior: float,
    seed: int,
) -> RowsOutside:
    """Compare rows of a window with the training rows.

    Parameters
    ----------
    reference
        Of the model's training.
    window
        float64 (n, k), the reference's columns.
    wallets
        int64 (n,), whose each row is: rows of one wallet are never on both sides of a fold.
    prior
        Share of illicit wallets estimated for the window.
    seed
        Of the rows drawn, the folds and the classifier.
    """
    window = coarse(window)
    outside = beyond(window, reference.quantiles).mean(axis=1) > reference.usual_beyond
    drawn = _drawn(len(window), seed)
    sides = (reference.sample, window[drawn], wallets[drawn])
    area, gain = told_apart(*sides, seed=seed)
    weights = _weights(reference.sample_illicit, prior)
    at_prior, _ = told_apart(*sides, weights=weights, seed=seed)
    telling = pd.DataFrame({"gain": gain}, index=pd.Index(reference.names, name="column"))
    telling = telling.sort_values("gain", ascending=False, kind="stable")
    telling = telling[telling["gain"] > 0].head(NAMED)
    chance = float(binom.sf(outside.sum() - 1, len(outside), 1 - USUAL))
    return RowsOutside(float(outside.mean()), chance, area, at_prior, telling)


def told_apart(
    ours: Float64,
    theirs: Float64,
    wallets: NDArray[np.int64],
    *,
    seed: int,
    weights: Float64 | None = None,
) -> tuple[float, Float64]:
    """Return the out-of-fold AUC of telling two sets of rows apart, and each column's gain (k,).

    Parameters
    ----------
    ours, theirs
        float64 (m, k) and (n, k).
    wallets
        int64 (n,) of ``theirs``; each row of ``ours`` counts as a wallet of its own.
    seed
        Of folds and trees.
    weights
        float64 (m,), what each row of ``ours`` counts; None: the same.

    Returns
    -------
    tuple
        AUC in [0, 1], nan where a side has fewer than ``FOLDS`` rows or wallets; the gains sum to
        1, or are all 0.
    """
    from lightgbm import LGBMClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold

    features = np.vstack([ours, theirs])
    side = np.repeat([0, 1], [len(ours), len(theirs)])
    groups = np.concatenate([-1 - np.arange(len(ours)), wallets])
    counts = np.concatenate(
        [np.ones(len(ours)) if weights is None else weights, np.ones(len(theirs))]
    )
    counts[side == 0] *= len(theirs) / counts[side == 0].sum()  # both sides weigh the same
    score, gain = np.zeros(len(side)), np.zeros(features.shape[1])
    if min(len(ours), len(np.unique(wallets))) < FOLDS:
        return float("nan"), gain
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    for learnt, held in splitter.split(features, side, groups):
        trees = LGBMClassifier(
            n_estimators=TREES, num_leaves=8, learning_rate=0.1, colsample_bytree=0.3,
            min_child_samples=10, importance_type="gain",
            random_state=seed, n_jobs=1, deterministic=True, force_row_wise=True, verbosity=-1,
        )  # fmt: skip
        trees.fit(features[learnt], side[learnt], counts[learnt])
        score[held] = np.asarray(trees.predict_proba(features[held]))[:, 1]
        gain += trees.feature_importances_
    total = gain.sum()
    return float(roc_auc_score(side, score, sample_weight=counts)), gain / total if total else gain


def _weights(illicit: Float64, prior: float) -> Float64:
    """Weights (m,) under which the share of illicit rows is the prior; all 1 where it cannot be."""
    if not 0 < illicit.mean() < 1:
        return np.ones(len(illicit))
    return base_rate_weights(illicit.astype(np.int8), prior)


def _drawn(rows: int, seed: int) -> NDArray[np.int64]:
    if rows <= MOST_ROWS:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))
