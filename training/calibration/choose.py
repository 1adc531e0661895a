"""Fit a calibration; which method is chosen by its log loss on wallets it was not fitted to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError
from training.calibration.calibration import CURVES, Calibration, Tried
from training.calibration.curve import Curve, Rows
from training.calibration.venn_abers import VennAbersCurve, one_of_each
from training.group_folds import folds

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
FOLDS = 5
SPAN = (0.05, 0.95)


def fit_calibration(
    raw: Float64,
    y_true: NDArray[np.int8],
    *,
    weights: Float64 | None = None,
    groups: Int64,
    base_rate: float,
    seed: int,
    methods: Sequence[str] = tuple(CURVES),
) -> Calibration:
    """Fit a calibration to scores of wallets that the scoring model did not learn from.

    Parameters
    ----------
    raw
        float64 (n,) raw log-odds, out of fold.
    y_true
        int8 (n,), 1 = illicit; both classes must occur.
    weights
        float64 (n,), what each row counts; None: all the same.
    groups
        int64 (n,), the wallet or entity of each row.
    base_rate
        Stated share of illicit wallets in the world.
    seed
        Of folds and draws.
    methods
        Names to choose from, the simplest first.

    Returns
    -------
    Calibration
        By the first method whose cross-fitted log loss is within one standard error, over wallets,
        of the least (Breiman et al., *Classification and Regression Trees*, 1984, section 3.4.3).

    Raises
    ------
    RiskError
        If a class is missing or a raw score is not finite.
    """
    counts = np.ones(len(raw)) if weights is None else weights / weights.mean()
    rows = _checked(Rows(raw, y_true, counts))
    tried = compared(rows, groups, methods, seed) if len(methods) > 1 else ()
    method = next((one.method for one in tried if one.above_best <= one.standard_error), methods[0])
    single = one_of_each(rows, groups, seed)
    low, high = np.quantile(raw, SPAN).tolist()
    return Calibration(
        fitted(method, rows, groups, seed), VennAbersCurve.fit(single), rows.prevalence,
        base_rate, (low, high), tried,
    )  # fmt: skip


def fitted(method: str, rows: Rows, groups: Int64, seed: int) -> Curve:
    """Fit a method by name; Venn-Abers to one row a wallet, the others to all by weight."""
    curve = CURVES[method]
    return curve.fit(one_of_each(rows, groups, seed) if curve is VennAbersCurve else rows)


def compared(rows: Rows, groups: Int64, methods: Sequence[str], seed: int) -> tuple[Tried, ...]:
    """Return the cross-fitted log loss of each method, beside the best of them.

    Parameters
    ----------
    rows, groups
        (n,) rows and their wallets.
    methods
        Names.
    seed
        Of folds and draws.

    Notes
    -----
    With fewer than two wallets of a class nothing can be compared: the result is empty.
    """
    member = np.unique(groups, return_inverse=True)[1]
    illicit = np.bincount(member, rows.y_true) > 0
    if min(illicit.sum(), (~illicit).sum()) < 2:
        return ()
    losses = {method: np.empty(len(rows.raw)) for method in methods}
    for learnt, held in folds(rows.y_true, groups, FOLDS, seed):
        part = rows.at(learnt)
        for method, loss in losses.items():
            said = fitted(method, part, groups[learnt], seed)(rows.raw[held])
            loss[held] = np.logaddexp(0.0, said) - rows.y_true[held] * said
    mean = {
        method: float(np.average(loss, weights=rows.weights)) for method, loss in losses.items()
    }
    best = min(mean, key=mean.__getitem__)
    return tuple(
        Tried(
            method, mean[method], mean[method] - mean[best],
            _standard_error(loss - losses[best], rows.weights, member),
        )
        for method, loss in losses.items()
    )  # fmt: skip


def _standard_error(values: Float64, weights: Float64, member: Int64) -> float:
    """Return that of a weighted mean of rows (n,), when groups are drawn and not rows."""
    mean = np.average(values, weights=weights)
    of_group = np.bincount(member, weights * (values - mean))
    return float(np.sqrt((of_group**2).sum()) / weights.sum())


def _checked(rows: Rows) -> Rows:
    illicit = int(rows.y_true.sum())
    if illicit in (0, len(rows.y_true)):
        raise RiskError(
            f"calibration needs illicit and licit rows, got {illicit} illicit of {len(rows.y_true)}"
        )
    if not np.isfinite(rows.raw).all():
        raise RiskError("raw scores of the calibration slice are not all finite")
    return rows
