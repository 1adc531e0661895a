"""Sums, means and central moments over a moving stretch of one side, at constant cost.

A moving window that adds and subtracts rounds differently with every history of additions, and
cancels on heavy tails. Here nothing is subtracted (van Herk 1992; Gil and Werman 1993): a side is
cut into blocks, and a window that meets a boundary is what came before it, accumulated backwards
from the boundary, merged with what came after it, accumulated forwards. Both are the same numbers
whichever row asks, so that a row of a batch has the bits of the row alone, and consecutive rows
share them. Accumulated and merged by the formulas of Pebay (2008), sections 2 and 3.
"""

import math

import numpy as np
import numpy.typing as npt

from features.kernel import Float64s, Rows, kernel
from features.past.history import HISTORY_CAP

Moments = tuple[float, float, float, float, float, float]  # n, sum, mean, and sums of
# (x - mean) ** k for k = 2, 3, 4
NOISE = 1e-9  # a spread below this part of the mean is rounding: it has no shape


@kernel
def empty_runs() -> npt.NDArray[np.float64]:
    """Working memory of three runs; entry ``d`` of one: moments of its first ``d`` values."""
    runs = np.empty((3, HISTORY_CAP + 1, 5))
    runs[:, 0] = 0.0
    return runs


@kernel
def extend(run: Rows, done: int, length: int, values: Float64s, at: int, step: int) -> None:
    """Accumulate a run that holds ``done`` values up to ``length``.

    Its d-th value, from 0, is ``values[at + d * step]``.
    """
    total, mean = run[done, 0], run[done, 1]
    second, third, fourth = run[done, 2], run[done, 3], run[done, 4]
    for n in range(done + 1, length + 1):
        amount = values[at + (n - 1) * step]
        change = amount - mean
        move = change / n
        square, grown = move * move, change * move * (n - 1)
        fourth += grown * square * (n * n - 3 * n + 3) + 6 * square * second - 4 * move * third
        third += grown * move * (n - 2) - 3 * move * second
        second += grown
        mean += move
        total += amount
        run[n, 0], run[n, 1], run[n, 2], run[n, 3], run[n, 4] = total, mean, second, third, fourth


@kernel
def entry(run: Rows, length: int) -> Moments:
    """Moments of the first ``length`` values of a run."""
    return (
        float(length), run[length, 0], run[length, 1], run[length, 2], run[length, 3],
        run[length, 4],
    )  # fmt: skip


@kernel
def merged(a: Moments, b: Moments) -> Moments:
    """Moments of two sets together."""
    if a[0] == 0.0:
        return b
    if b[0] == 0.0:
        return a
    n_a, n_b = a[0], b[0]
    n = n_a + n_b
    change = b[2] - a[2]
    step = change / n
    product = n_a * n_b
    grown = change * step * product
    second = a[3] + b[3] + grown
    third = a[4] + b[4] + grown * step * (n_a - n_b) + 3 * step * (n_a * b[3] - n_b * a[3])
    fourth = (
        a[5] + b[5]
        + grown * step * step * (n_a * n_a - product + n_b * n_b)
        + 6 * step * step * (n_a * n_a * b[3] + n_b * n_b * a[3])
        + 4 * step * (n_a * b[4] - n_b * a[4])
    )  # fmt: skip
    return n, a[1] + b[1], a[2] + step * n_b, second, third, fourth


@kernel
def shape(moments: Moments) -> tuple[float, float, float, float]:
    """Population variance, cv, skew and kurtosis; the last two nan where there is no spread."""
    n, mean = moments[0], moments[1] / moments[0]
    variance = moments[3] / n
    sd = math.sqrt(variance)
    cv = sd / mean if mean > 0.0 else np.nan
    if not sd > NOISE * mean:
        return variance, cv, np.nan, np.nan
    return variance, cv, moments[4] / n / variance / sd, moments[5] / n / variance / variance
