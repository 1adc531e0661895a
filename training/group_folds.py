"""Folds of rows that share no wallet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from features.errors import RiskError

Int64 = NDArray[np.int64]
LEAST_GROUPS = 2  # of each class, so that every fold can learn of both


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
