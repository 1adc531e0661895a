"""Additive reasons for any score of a row: Shapley values along one path there and back.

References
----------
Strumbelj and Kononenko, "Explaining prediction models and individual predictions with feature
contributions" (2014): sampled orders of the features. Here the two orders are fixed, the columns'
order and its reverse, so that a row always has the same reasons. Castro, Gomez and Tejada (2009)
for the estimate itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

_CELLS = 4_000_000  # of the rows scored at once: bounds memory to 32 MB


def path_contributions(
    score: Callable[[Float64], Float64], rows: Float64, typical: Float64
) -> Float64:
    """Say what each column adds to the score of a row, against a typical row.

    Parameters
    ----------
    score
        Takes float64 (m, k), returns (m,).
    rows
        float64 (n, k), nan where missing.
    typical
        float64 (k,), where every path begins.

    Returns
    -------
    ndarray
        float64 (n, k + 1); the score of ``typical`` last. Rows sum to the score but for rounding.

    Notes
    -----
    Columns are brought one by one from typical to the row's own value, forwards in one path and
    backwards in the other; a column's contribution is the mean of its two steps. Columns that are
    typical already add 0. A row costs at most 2 k scores, where k columns differ from typical.

    Examples
    --------
    >>> product = lambda rows: rows[:, 0] * rows[:, 1]
    >>> path_contributions(product, np.array([[2.0, 3.0]]), np.array([1.0, 1.0]))
    array([[2., 3., 1.]])
    """
    base = float(score(typical[np.newaxis])[0])
    parts = np.zeros((len(rows), len(typical) + 1))
    parts[:, -1] = base
    for row, own in zip(parts, rows, strict=True):
        differ = np.flatnonzero((own != typical) & ~(np.isnan(own) & np.isnan(typical)))
        if differ.size:
            there = _steps(score, typical, own, differ)
            back = _steps(score, typical, own, differ[::-1])[::-1]
            row[differ] = (there + back) / 2
    return parts


def _steps(
    score: Callable[[Float64], Float64], start: Float64, end: Float64, order: NDArray[np.int64]
) -> Float64:
    """Change of the score (m,) at each of m columns changed in an order, from start to end."""
    said = np.empty(len(order) + 1)
    chunk = max(1, _CELLS // len(start))
    for first in range(0, len(said), chunk):
        numbers = np.arange(first, min(first + chunk, len(said)))
        rows = np.tile(start, (len(numbers), 1))
        changed = order[np.newaxis, :] * np.ones((len(numbers), 1), np.int64)
        done = np.arange(len(order)) < numbers[:, np.newaxis]
        line = np.broadcast_to(np.arange(len(numbers))[:, np.newaxis], done.shape)
        rows[line[done], changed[done]] = end[changed[done]]
        said[numbers] = score(rows)
    return np.diff(said)
