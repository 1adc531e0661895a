"""Columns by view, and one way to fit and judge them; an arm is a set of columns."""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiments.common.results import Measure
from features import Ledger
from features.view import Column, View
from features.views import VIEWS
from training.metrics import average_precision, best_single_feature, single_feature_score
from training.models.estimator import Inputs
from training.models.trees import TreesEstimator

Float64s = npt.NDArray[np.float64]
Int8s = npt.NDArray[np.int8]
Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

PLAIN = ("coverage", "amounts", "timing", "counterparties")
RELATIONAL = ("one_hop", "relative")
EXPOSURE = ("exposure",)
AROUND = ("around",)
LABELS = (*EXPOSURE, *AROUND)  # views that say nothing without labels


def views_named(names: Collection[str]) -> tuple[View, ...]:
    """Views of these names, in the table's order."""
    return tuple(view for view in VIEWS if view.name in names)


def shapes() -> tuple[str, ...]:
    """Names of the views that look for shapes of flows: all that the other groups do not hold."""
    known = {*PLAIN, *RELATIONAL, *LABELS}
    return tuple(view.name for view in VIEWS if view.name not in known)


def column_names(views: Collection[str], *, scale_free: bool) -> tuple[str, ...]:
    """Columns of the named views; ``scale_free`` leaves out absolute amounts and hours."""
    return tuple(
        column.name
        for view in views_named(views)
        for column in view.columns
        if not scale_free or _scale_free(column)
    )


def _scale_free(column: Column) -> bool:
    return column.scale_free and not column.calendar


def fitted_scores(
    train: pd.DataFrame,
    y_true: Int8s,
    test: pd.DataFrame,
    names: Sequence[str],
    *,
    seed: int,
    weights: Float64s | None = None,
) -> Float64s:
    """Log-odds of the test rows from the project's trees with their default parameters."""
    chosen = list(names)
    estimator = TreesEstimator(tuple(chosen), seed=seed, parameters={})
    each = np.ones(len(train)) if weights is None else weights
    estimator.fit(Inputs(train[chosen].to_numpy()), y_true, each)
    return estimator.log_odds(Inputs(test[chosen].to_numpy()))


def single_feature(
    train: pd.DataFrame, y_train: Int8s, test: pd.DataFrame, y_test: Int8s, names: Sequence[str]
) -> tuple[str, float]:
    """The column that ranks the training rows best by itself, and its PR-AUC on the test rows."""
    chosen = list(names)
    values = train[chosen].to_numpy()
    column, sign = best_single_feature(values, y_train)
    score = single_feature_score(test[chosen].to_numpy(), column, sign)
    name = f"{chosen[column]} ({'high' if sign > 0 else 'low'})"
    return name, average_precision(y_test, score)


def over_seeds(
    name: str, values: Iterable[float], *, target: float | None = None, unit: str = ""
) -> Measure:
    """Mean over seeds, least and greatest as the interval."""
    listed = list(values)
    return Measure(
        name, float(np.mean(listed)), unit, min(listed), max(listed), target, at_least=True
    )


def joint_rarity(table: pd.DataFrame, reference: Bools) -> Float64s:
    """How rare a row's most unusual column is among the reference rows; small is unusual.

    For each column the share of reference rows that reach the row's value (nan and zero: 1); of
    all columns the least share. No reference row is compared with fewer rows than itself.
    """
    rarest = np.ones(len(table))
    for name in table.columns:
        values = np.nan_to_num(table[name].to_numpy(), nan=0.0)
        ordered = np.sort(values[reference])
        reached = ordered.size - np.searchsorted(ordered, values, side="left")
        share = np.where(values > 0, np.maximum(reached, 1) / max(ordered.size, 1), 1.0)
        rarest = np.minimum(rarest, share)
    return rarest


def flagged(rarity: Float64s, reference: Bools, budget: float) -> Bools:
    """Rows above the loosest threshold that flags at most a share ``budget`` of the reference."""
    levels = np.unique(rarity[rarity < 1.0])
    of_reference = np.sort(rarity[reference])
    shares = np.searchsorted(of_reference, levels, side="right") / max(of_reference.size, 1)
    allowed = levels[shares <= budget]
    return rarity <= (allowed[-1] if allowed.size else -1.0)


def end_of(ledger: Ledger) -> pd.Timestamp:
    """A microsecond after the last transfer."""
    last = ledger.last_timestamp
    if last is None:
        raise ValueError("the ledger holds no transfer")
    return last + pd.Timedelta(1, "us")
