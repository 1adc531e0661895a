"""Adversarial validation: which columns tell the rows that were learnt from from the tested ones.

A column that does so alone carries the time of the row, its place in a file, or the label list it
came from; what is learnt of it holds for the rows learnt from and for no others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.gate.lines import GateLine

Float64 = NDArray[np.float64]

MOST_OF_A_COLUMN = 0.95  # Pan et al. (2020), section 3.2, drop columns above a threshold
MOST_ROWS = 2_000  # of each side, for the joint one
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
    (2020), sections 2 and 3.
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
    """Return the out-of-fold AUC of histogram boosting over all columns."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import cross_val_predict

    generator = np.random.default_rng(seed)
    parts = [generator.permutation(len(part))[:MOST_ROWS] for part in (learnt, tested)]
    values = np.concatenate([learnt[parts[0]], tested[parts[1]]])
    side = np.repeat([0, 1], [len(part) for part in parts])
    trees = HistGradientBoostingClassifier(max_iter=50, max_leaf_nodes=8, random_state=seed)
    said = cross_val_predict(trees, values, side, cv=3, method="predict_proba")[:, 1]
    return float(roc_auc_score(side, said))


def adversarial_line(found: Adversarial) -> GateLine:
    """Return whether no column by itself tells the rows learnt from from the test rows."""
    worst = list(found.columns.items())[:TOLD]
    told = ", ".join(f"{name} {area:.3f}" for name, area in worst)
    over = sum(area > MOST_OF_A_COLUMN for area in found.columns.values())
    return GateLine(
        "no column tells learnt rows from test rows",
        over == 0,
        f"{over} of {len(found.columns)} columns above an AUC of {MOST_OF_A_COLUMN:g}: {told}; "
        f"all together {found.joint:.3f}",
    )
