"""Sums, means and central moments over a moving window of one side, at constant cost.

A moving window that adds and subtracts rounds differently with every history of additions, and
cancels on heavy tails. Here nothing is subtracted (van Herk 1992; Gil and Werman 1993): a side is
cut into blocks, and a window that meets a boundary is what came before it, accumulated backwards
from the boundary, merged with what came after it, accumulated forwards. Both are the same numbers
whichever row asks, so that a row of a batch has the bits of the row alone, and consecutive rows
share them. Accumulated and merged by the formulas of Pebay (2008), sections 2 and 3.
"""

import math
from typing import NamedTuple

import numpy as np

from features.kernel import Float64s, Record, Records, inner_kernel, kernel
from features.past import HISTORY_CAP

SPREADLESS = 1e-9  # of the mean: a standard deviation below it is rounding and has no shape

_SUMS = [
    ("total", np.float64),
    ("mean", np.float64),
    ("second", np.float64),  # sum of (x - mean) ** 2
    ("third", np.float64),
    ("fourth", np.float64),
]
SUMS = np.dtype(_SUMS)
MOMENTS = np.dtype([("n", np.float64), *_SUMS])


class Moments(NamedTuple):
    """Number, sum and mean of a set, and the sums of ``(x - mean) ** k`` for k = 2, 3 and 4."""

    n: float
    total: float
    mean: float
    second: float
    third: float
    fourth: float


class Shape(NamedTuple):
    """Population variance, standard deviation over mean, skewness and kurtosis."""

    variance: float
    cv: float
    skew: float
    kurtosis: float


@kernel
def empty_runs() -> Records:
    """Working memory of three runs; entry ``d`` of one: sums of its first ``d`` values."""
    runs = np.empty((3, HISTORY_CAP + 1), dtype=SUMS)
    for k in range(3):
        none = runs[k, 0]
        none.total = none.mean = none.second = none.third = none.fourth = 0.0
    return runs


@inner_kernel
def moving_moments(amounts: Float64s, windows: Records, runs: Records, moments: Records) -> None:
    """Sum up the amounts in the window of each row.

    Parameters
    ----------
    amounts : float64 array, those of a side
    windows : records of type ``features.past.moving_window.WINDOW``, shape (n,)
        Windows of the same width that follow each other in one wallet share their work.
    runs : working memory, see :func:`empty_runs`
    moments : records of type ``MOMENTS``, shape (n,), to be filled; ``n = 0`` and nothing else in
        an empty window
    """
    before, between, after = runs[0], runs[1], runs[2]
    n_before, n_between, n_after = 0, 0, 0  # accumulated beside the places where blocks meet
    left, right = -1, -1
    for row in range(windows.size):
        window, found = windows[row], moments[row]
        first, end = window.first, window.end
        found.n = end - first
        if first == end:
            continue
        if window.left != left or window.right != right:
            n_before, n_between, n_after = 0, 0, 0
            left, right = window.left, window.right
        n_before = _extend(before, n_before, left - first, amounts, left - 1, -1)
        n_between = _extend(between, n_between, right - left, amounts, left, 1)
        n_after = _extend(after, n_after, end - right, amounts, right, 1)
        earlier = _merged(_entry(before, left - first), _entry(between, right - left))
        whole = _merged(earlier, _entry(after, end - right))
        found.total, found.mean = whole.total, whole.mean
        found.second, found.third, found.fourth = whole.second, whole.third, whole.fourth


@inner_kernel
def _extend(run: Records, done: int, length: int, values: Float64s, at: int, step: int) -> int:
    """Accumulate a run that holds ``done`` values up to ``length``; returns what it then holds.

    Its d-th value, from 0, is ``values[at + d * step]``.
    """
    if length <= done:
        return done
    last = run[done]
    total, mean, second, third, fourth = last.total, last.mean, last.second, last.third, last.fourth
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
        held = run[n]
        held.total, held.mean = total, mean
        held.second, held.third, held.fourth = second, third, fourth
    return length


@inner_kernel
def _entry(run: Records, length: int) -> Moments:
    """Moments of the first ``length`` values of a run."""
    held = run[length]
    return Moments(
        float(length), held.total, held.mean, held.second, held.third, held.fourth
    )  # fmt: skip


@inner_kernel
def _merged(a: Moments, b: Moments) -> Moments:
    """Moments of two sets together."""
    if a.n == 0.0:
        return b
    if b.n == 0.0:
        return a
    n = a.n + b.n
    change = b.mean - a.mean
    step = change / n
    product = a.n * b.n
    grown = change * step * product
    second = a.second + b.second + grown
    third = (
        a.third + b.third
        + grown * step * (a.n - b.n)
        + 3 * step * (a.n * b.second - b.n * a.second)
    )  # fmt: skip
    fourth = (
        a.fourth + b.fourth
        + grown * step * step * (a.n * a.n - product + b.n * b.n)
        + 6 * step * step * (a.n * a.n * b.second + b.n * b.n * a.second)
        + 4 * step * (a.n * b.third - b.n * a.third)
    )  # fmt: skip
    return Moments(n, a.total + b.total, a.mean + step * b.n, second, third, fourth)


@inner_kernel
def shape(moments: Record) -> Shape:
    """Shape of one entry of moments that is not empty; skew and kurtosis nan without spread."""
    n, mean = moments.n, moments.total / moments.n
    variance = moments.second / n
    sd = math.sqrt(variance)
    cv = sd / mean if mean > 0.0 else np.nan
    if not sd > SPREADLESS * mean:
        return Shape(variance, cv, np.nan, np.nan)
    skew = moments.third / n / variance / sd
    return Shape(variance, cv, skew, moments.fourth / n / variance / variance)
