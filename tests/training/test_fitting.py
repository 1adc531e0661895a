from __future__ import annotations

import numpy as np

from training import TrainConfig
from training.fitting import HELD_OF_EACH, HELD_ROWS, Sample, enough_folds, fit_recipe
from training.models.estimator import Inputs
from training.models.trees import TreesEstimator

GENERATOR = np.random.default_rng(0)


def parts(rows: int, count: int = 5) -> list[tuple[np.ndarray, np.ndarray]]:
    return [
        (np.flatnonzero(np.arange(rows) % count != at), np.arange(at, rows, count))
        for at in range(count)
    ]


def test_a_small_sample_is_scored_whole() -> None:
    y_true = (np.arange(1000) % 7 == 0).astype(np.int8)
    assert len(enough_folds(parts(1000), y_true)) == 5


def test_a_large_sample_needs_no_more_than_enough_rows() -> None:
    rows = 5 * HELD_ROWS
    often = (np.arange(rows) % 7 == 0).astype(np.int8)
    assert len(enough_folds(parts(rows), often)) == 1
    seldom = np.zeros(rows, np.int8)
    seldom[GENERATOR.permutation(rows)[: 2 * HELD_OF_EACH]] = 1
    assert 2 <= len(enough_folds(parts(rows), seldom)) <= 4


def test_rows_out_of_fold_are_scored_by_copies_of_other_wallets() -> None:
    values = GENERATOR.normal(size=(400, 3))
    wallets = np.arange(400) // 2
    coin = (GENERATOR.random(200) < 0.5).astype(np.int8)[wallets]
    values[:, 0] = wallets  # a column that knows the wallet, and nothing else
    config = TrainConfig(model="lightgbm", base_rate=0.01)
    parameters = {
        "trees": 100, "min_leaf_rows": 1, "column_share": 1.0, "leaves": 64, "l2": 0.0,
        "learning_rate": 0.3, "random_thresholds": False,
    }  # fmt: skip

    def new() -> TreesEstimator:
        return TreesEstimator(("a", "b", "c"), seed=0, parameters=parameters)

    sample = Sample(lambda rows: Inputs(values[rows]), coin, np.ones(400), wallets)
    fitted = fit_recipe(new, sample, config)
    own = fitted.estimator.log_odds(Inputs(values))
    assert np.corrcoef(own, coin)[0, 1] > 0.7
    assert abs(np.corrcoef(fitted.raw, coin)[0, 1]) < 0.3
