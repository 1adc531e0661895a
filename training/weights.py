"""What each row counts in a fit: wallets alike, sure labels more than doubtful, new before old."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def wallet_weights(table: pd.DataFrame, rows: Int64) -> Float64:
    """Return what each of the numbered rows counts in a fit: every wallet the same in all.

    Parameters
    ----------
    table
        Feature table, indexed by (wallet, as_of).
    rows
        int64 (m,) row numbers, the training slice.

    Returns
    -------
    ndarray
        float64 (m,), 1 / (rows of that wallet among them), rescaled to mean 1; all exactly 1
        where every wallet has as many rows.

    Notes
    -----
    A pooled table holds several instants of one wallet. They are nearly copies of one another,
    and unweighted the wallets with most rows, the busy ones, would decide what is learnt.
    """
    return group_weights(pd.factorize(table.index[rows].get_level_values("wallet"))[0])


def group_weights(groups: Int64) -> Float64:
    """Return float64 (m,) of mean 1: 1 / (rows of the group), for groups numbered from 0."""
    counts = np.bincount(groups)
    # the weights sum to the number of groups: this quotient has mean 1
    return len(groups) / (np.count_nonzero(counts) * counts[groups].astype(np.float64))


def fit_weights(
    groups: Int64,
    confidence: Float64,
    as_of: pd.DatetimeIndex,
    half_life: pd.Timedelta | None,
) -> Float64:
    """Return what each of m rows counts in a fit, float64 of mean 1.

    Parameters
    ----------
    groups
        int64 (m,): the wallet, or the entity, of each row, numbered from 0.
    confidence
        float64 (m,) in (0, 1], of the row's label.
    as_of
        (m,) instants of the rows.
    half_life
        A row that is older than the newest by so much counts half; None: age plays no part.
    """
    weights = group_weights(groups)
    if half_life is None and (confidence == 1).all():
        return weights
    weights = weights * confidence
    if half_life is not None:
        weights = weights * 0.5 ** np.asarray((as_of.max() - as_of) / half_life, np.float64)
    normed: Float64 = weights / weights.mean()
    return normed
