"""Drift of columns: what did not move is said not to have moved, and what did is measured."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp
from sklearn.metrics import roc_auc_score

from training.watch.columns import beyond, coarse, column_drift, moved_much, psi
from training.watch.reference import equal_parts

SIZE = 4000


def drift(trained: np.ndarray, window: np.ndarray) -> dict[str, float]:
    values = coarse(trained[:, np.newaxis])
    missing = np.isnan(values).mean(axis=0)
    table = column_drift(equal_parts(values), missing, SIZE, window[:, np.newaxis], ("a",))
    return dict(zip(map(str, table.columns), table.to_numpy(np.float64)[0].tolist(), strict=True))


def normal(seed: int, size: int = SIZE) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=size)


def test_what_did_not_move_is_near_nothing() -> None:
    found = drift(normal(0), normal(1))
    assert found["psi"] < 0.02
    assert found["ks"] < 0.05
    assert found["auc"] < 0.53
    assert found["beyond"] == pytest.approx(0.01, abs=0.007)


def test_measures_are_those_of_the_two_samples() -> None:
    trained, window = normal(2), normal(3) + 0.7
    found = drift(trained, window)
    side = np.repeat([0, 1], SIZE)
    auc = roc_auc_score(side, np.concatenate([trained, window]))
    assert found["ks"] == pytest.approx(ks_2samp(trained, window).statistic, abs=0.015)
    assert found["auc"] == pytest.approx(auc, abs=0.01)
    assert drift(window, trained)["auc"] == pytest.approx(auc, abs=0.01)  # whichever is higher


def test_psi_is_that_of_tenths() -> None:
    window = normal(5) + 1.0
    cuts = np.quantile(normal(4), np.arange(1, 10) / 10)
    counts = np.bincount(np.searchsorted(cuts, window), minlength=10).astype(float)
    assert drift(normal(4), window)["psi"] == pytest.approx(psi(np.full(10, 0.1), counts), rel=0.05)


def test_a_third_is_a_third() -> None:
    """A reference is kept coarser than a window comes: equal values must stay equal."""
    values = np.random.default_rng(6).choice([0.0, 1 / 3, 2 / 3, 1.0], SIZE)
    found = drift(values, values)
    assert found["psi"] < 1e-3
    assert found["auc"] == pytest.approx(0.5, abs=0.01)


def test_a_column_that_goes_missing_moved() -> None:
    gone = np.where(np.random.default_rng(7).random(SIZE) < 0.5, np.nan, normal(8))
    found = drift(normal(9), gone)
    assert found["psi"] > 0.25
    assert found["missing"] == pytest.approx(0.5, abs=0.03)
    assert found["auc"] < 0.53  # the values that are there did not move


def test_columns_without_a_value_are_told_not_guessed() -> None:
    empty = np.full(SIZE, np.nan)
    assert np.isnan(drift(empty, normal(0))["auc"])
    assert drift(empty, normal(0))["psi"] > 1
    assert np.isnan(drift(normal(0), empty)["ks"])
    assert drift(empty, empty)["psi"] == 0


def test_infinite_values_are_no_values() -> None:
    assert np.isnan(coarse(np.array([np.inf, -np.inf, np.nan]))).all()
    assert np.isfinite(coarse(np.array([1e300, -1e300]))).all()


def test_beyond_is_below_or_above_all_quantiles() -> None:
    quantiles = np.array([[0.0, 1.0]])
    values = np.array([[-1.0], [0.0], [1.0], [2.0], [np.nan]])
    assert beyond(values, quantiles)[:, 0].tolist() == [True, False, False, True, False]


def test_largest_psi_comes_first() -> None:
    trained = np.column_stack([normal(1), normal(2)])
    window = np.column_stack([normal(3), normal(4) + 3])
    table = column_drift(equal_parts(trained), np.zeros(2), SIZE, window, ("still", "moved"))
    assert list(table.index) == ["moved", "still"]


def test_a_small_window_does_not_move_by_chance() -> None:
    """Ten bins of three rows each: without an allowance for chance, most would "move much"."""
    trained = np.random.default_rng(0).normal(size=(SIZE, 60))
    window = np.random.default_rng(1).normal(size=(30, 60))
    names = tuple(f"c{number}" for number in range(60))
    table = column_drift(equal_parts(trained), np.zeros(60), SIZE, window, names)
    assert (table["psi"] >= 0.25).mean() > 0.3
    assert moved_much(table).mean() < 0.1
    window[:, 0] += 3
    table = column_drift(equal_parts(trained), np.zeros(60), SIZE, window, names)
    assert moved_much(table)["c0"]
