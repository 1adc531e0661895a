"""Rows that lie where a model learnt are not told apart; another prior alone is seen through."""

from __future__ import annotations

import numpy as np

from tests.training.watch.conftest import COLUMNS, rows
from training import RiskModel
from training.watch.reference import Reference
from training.watch.rows import RowsOutside, rows_outside, told_apart


def outside(model: RiskModel, window: np.ndarray, prior: float) -> RowsOutside:
    reference = Reference.of_model(model)
    assert list(reference.names) == COLUMNS
    return rows_outside(reference, window, np.arange(len(window)), prior=prior, seed=0)


def test_rows_of_the_same_world_are_not_told_apart(model: RiskModel) -> None:
    found = outside(model, rows(600, 0.3, seed=2)[0][COLUMNS].to_numpy(), prior=0.3)
    assert found.adversarial_auc < 0.56
    assert found.share < 0.05


def test_rows_beyond_what_was_learnt_are_counted_and_the_columns_named(model: RiskModel) -> None:
    window = rows(600, 0.3, seed=3)[0][COLUMNS].to_numpy().copy()
    window[:300, 2:] += 50
    found = outside(model, window, prior=0.3)
    assert 0.4 < found.share < 0.55
    assert found.adversarial_auc > 0.7
    assert set(found.telling.index[:2]) == set(COLUMNS[2:])


def test_another_prior_alone_tells_rows_apart_until_it_is_allowed_for(model: RiskModel) -> None:
    found = outside(model, rows(1000, 0.95, seed=4)[0][COLUMNS].to_numpy(), prior=0.95)
    assert found.adversarial_auc > 0.7
    assert found.at_prior_auc < 0.6


def test_rows_of_one_wallet_are_on_one_side_of_a_fold() -> None:
    """Rows of a few wallets, each its own point: copies in the learnt part would tell them."""
    generator = np.random.default_rng(0)
    ours, wallets = generator.normal(size=(300, 5)), np.repeat(np.arange(20), 15)
    theirs = generator.normal(size=(20, 5))[wallets]
    grouped, _ = told_apart(ours, theirs, wallets, seed=0)
    alone, _ = told_apart(ours, theirs, np.arange(300), seed=0)
    assert grouped < 0.65
    assert alone > 0.9


def test_too_few_wallets_tell_nothing() -> None:
    area, gain = told_apart(np.zeros((50, 2)), np.ones((50, 2)), np.zeros(50, np.int64), seed=0)
    assert np.isnan(area)
    assert gain.tolist() == [0.0, 0.0]
