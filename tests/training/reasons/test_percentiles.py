"""Values have a place among those of the training rows."""

import numpy as np
import pandas as pd
import pytest

from training import Trained
from training.reasons.percentiles import Percentiles
from training.watch.reference import Reference


@pytest.fixture(scope="module")
def percentiles() -> Percentiles:
    values = np.concatenate([np.zeros(60), np.arange(1, 41) / 10, [np.nan, np.inf]])
    features = np.column_stack([values, np.full(102, np.nan)])
    y_true = (np.arange(102) % 2).astype(np.int8)
    reference = Reference.of(features, np.arange(102.0), y_true, ("a", "b"), base_rate=0.01)
    return Percentiles(reference)


def test_ties_count_half(percentiles: Percentiles) -> None:
    assert percentiles.of("a", -1.0) == 0
    assert percentiles.of("a", 0.0) == 30
    assert percentiles.of("a", 2.05) == 80
    assert percentiles.of("a", 0.1) == 60.5  # equal to a value that is kept in fewer digits
    assert percentiles.of("a", 99.0) == 100


def test_what_is_not_defined_has_no_place(percentiles: Percentiles) -> None:
    assert percentiles.of("a", float("nan")) is None
    assert percentiles.of("b", 1.0) is None
    assert percentiles.of("c", 1.0) is None


def test_half_of_the_training_rows_lie_below_the_median(
    trained: Trained, table: pd.DataFrame
) -> None:
    name = trained.model.feature_names[-1]
    median = float(table[name].median())
    assert trained.model.percentiles.of(name, median) == pytest.approx(50, abs=3)
