"""Adversarial validation: which columns tell the rows that were learnt from from the tested ones.

A column that does so alone carries the time of the row, its place in a file, or the label list it
came from; what is learnt of it holds for the rows learnt from and for no others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.gate.lines import GateLine
from training.models.estimator import Inputs
from training.models.trees import TreesEstimator

Float64 = NDArray[np.float64]

# what carries the time of a row tells the sides of a split in time apart with certainty; ages and
# counts that only drift came to 0.98 on the demo's bank and to 0.74 on Ethereum
MOST_OF_A_COLUMN = 0.99
MOST_ROWS = 2_000  # of each side, for the joint one
FOLDS, TREES = 3, 50
MOST_CARRIED = 0.05  # of the scores; a column that was planted among 127 carried 6 %
TOLD = 3  # columns that a line names


class Adversarial(NamedTuple):
    """AUC of telling rows learnt from from test rows, 0.5 where they are alike.

    Attributes
    ----------
    columns
        Of each column by itself, the largest first.
    joint
        Of trees over all of them, out of fold.
    """

    columns: dict[str, float]
    joint: float


def adversarial(learnt: Float64, tested: Float64, names: tuple[str, ...], seed: int) -> Adversarial:
    """Measure how far columns tell learnt rows (n, k) from tested rows (m, k).

    References
    ----------
    Pan, Pham, Dorairaj, Chen, Lee, "Adversarial validation approach to concept drift problem"
    (2020), sections 2 and 3; they drop columns above a threshold.
    """
    each = {name: column_auc(learnt[:, at], tested[:, at]) for at, name in enumerate(names)}
    ordered = dict(sorted(each.items(), key=lambda one: -one[1]))
    return Adversarial(ordered, joint_auc(learnt, tested, seed))


def column_auc(learnt: Float64, tested: Float64) -> float:
    """Return the AUC of one column in its better direction; nan is a value below all others.

    Examples
    --------
    >>> column_auc(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    1.0
    """
    from scipy.stats import mannwhitneyu

    low = np.finfo(np.float64).min
    before, after = np.nan_to_num(learnt, nan=low), np.nan_to_num(tested, nan=low)
    wins = float(mannwhitneyu(after, before, method="asymptotic").statistic)
    area = wins / (len(before) * len(after))
    return max(area, 1 - area)


def joint_auc(learnt: Float64, tested: Float64, seed: int) -> float:
    """Return the out-of-fold AUC of our trees over all columns."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    generator = np.random.default_rng(seed)
    parts = [generator.permutation(len(part))[:MOST_ROWS] for part in (learnt, tested)]
    values = np.concatenate([learnt[parts[0]], tested[parts[1]]])
    side = np.repeat([0, 1], [len(part) for part in parts]).astype(np.int8)
    names = tuple(map(str, range(values.shape[1])))
    said = np.empty(len(side))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(values, side)
    for inside, outside in folds:
        trees = TreesEstimator(names, seed=seed, parameters={"trees": TREES})
        trees.fit(Inputs(values[inside]), side[inside], np.ones(len(inside)))
        said[outside] = trees.log_odds(Inputs(values[outside]))
    return float(roc_auc_score(side, said))


def adversarial_line(found: Adversarial, shares: Mapping[str, float] | None) -> GateLine:
    """Return whether columns that tell the rows learnt from from the test rows decide little.

    Parameters
    ----------
    found
        See :func:`adversarial`.
    shares
        Of each column in the model's scores; see :func:`training.gate.shares.shares_of`. None
        where its reasons are no columns: then one such column is enough.

    Notes
    -----
    Ages and counts of a growing ledger drift, and tell the sides apart without any leak; they do no
    harm where the model hardly reads them. What carries the score must be there on both sides.
    """
    over = [name for name, area in found.columns.items() if area > MOST_OF_A_COLUMN]
    carried = None if shares is None else sum(shares.get(name, 0.0) for name in over)
    told = ", ".join(f"{name} {area:.3f}" for name, area in list(found.columns.items())[:TOLD])
    read = "" if carried is None else f", {carried:.1%} of the scores, at most {MOST_CARRIED:.0%}"
    return GateLine(
        "what tells learnt rows from test rows decides little",
        not over if carried is None else carried <= MOST_CARRIED,
        f"{len(over)} of {len(found.columns)} columns above an AUC of {MOST_OF_A_COLUMN:g}{read}: "
        f"{told}; all together {found.joint:.3f}",
    )
