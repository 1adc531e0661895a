from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from training.weights import fit_weights, group_weights

DAYS = pd.DatetimeIndex(
    pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta([0, 0, 90, 180], unit="D")
)
SURE = np.ones(4)


def test_groups_count_the_same() -> None:
    weights = group_weights(np.array([0, 0, 1, 2]))
    np.testing.assert_allclose(weights, np.array([0.5, 0.5, 1, 1]) * 4 / 3)


def test_a_number_that_no_row_has_counts_nothing() -> None:
    np.testing.assert_array_equal(group_weights(np.array([3, 7, 3, 7])), 1.0)


def test_doubtful_labels_count_less() -> None:
    weights = fit_weights(np.arange(4), np.array([1, 1, 0.5, 0.05]), DAYS, None)
    np.testing.assert_allclose(weights / weights[0], [1, 1, 0.5, 0.05])
    assert weights.mean() == pytest.approx(1)


def test_old_rows_fade() -> None:
    weights = fit_weights(np.arange(4), SURE, DAYS, pd.Timedelta(90, "D"))
    np.testing.assert_allclose(weights / weights[-1], [0.25, 0.25, 0.5, 1])


def test_alike_rows_weigh_exactly_one() -> None:
    np.testing.assert_array_equal(fit_weights(np.arange(4), SURE, DAYS, None), 1.0)
