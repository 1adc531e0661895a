from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from features import RiskError
from training.models.estimator import Inputs
from training.models.kinds import estimator_class
from training.models.stack import WEIGHTS, StackEstimator

GENERATOR = np.random.default_rng(0)
NAMES = ("a", "b", "c", "d")
VALUES = GENERATOR.normal(size=(300, 4))
VALUES[GENERATOR.random(VALUES.shape) < 0.1] = np.nan
Y = (np.nan_to_num(VALUES[:, 0]) + GENERATOR.normal(size=300) / 2 > 0).astype(np.int8)
INPUTS = Inputs(VALUES)
SMALL = {
    "kinds": ["lightgbm", "logistic", "extra_trees"],
    "of": {"lightgbm": {"trees": 20}, "extra_trees": {"n_estimators": 10}},
    "folds": 2,
}


@pytest.fixture(scope="module")
def stack() -> StackEstimator:
    return StackEstimator(NAMES, seed=1, parameters=SMALL).fit(INPUTS, Y, np.ones(300))


def test_contributions_sum_to_the_log_odds(stack: StackEstimator) -> None:
    some = Inputs(VALUES[:40])
    parts = stack.contributions(some)
    assert parts.shape == (40, 5)
    np.testing.assert_allclose(parts.sum(axis=1), stack.log_odds(some), rtol=0, atol=1e-9)


def test_a_saved_stack_gives_the_same_bits(stack: StackEstimator, tmp_path: Path) -> None:
    stack.save(tmp_path)
    loaded = StackEstimator.load(tmp_path, NAMES)
    np.testing.assert_array_equal(loaded.log_odds(INPUTS), stack.log_odds(INPUTS))


def test_weights_that_are_no_numbers_are_refused(stack: StackEstimator, tmp_path: Path) -> None:
    stack.save(tmp_path)
    content = json.loads((tmp_path / WEIGHTS).read_text())
    content["weights"]["logistic"] = None
    (tmp_path / WEIGHTS).write_text(json.dumps(content))
    with pytest.raises(RiskError, match=r"stack.json"):
        StackEstimator.load(tmp_path, NAMES)


def test_copies_of_a_wallet_are_held_back_together() -> None:
    noise = GENERATOR.normal(size=(100, 4)).repeat(4, axis=0)
    coin = (GENERATOR.random(100) < 0.5).astype(np.int8).repeat(4)
    given = {"kinds": ["extra_trees", "logistic"], "folds": 3}

    def weight(groups: np.ndarray) -> float:
        made = StackEstimator(NAMES, seed=0, parameters=given)
        made.fit_groups(Inputs(noise), coin, np.ones(400), groups)
        assert made.weights_ is not None
        return float(made.weights_[0])

    # trees know a wallet again by its other rows, which says nothing about another wallet
    assert weight(np.arange(400)) > 2 * abs(weight(np.arange(100).repeat(4)))


@pytest.mark.parametrize("kind", ["extra_trees", "hist_boosting"])
def test_kinds_of_scikit_learn_learn_save_and_explain(kind: str, tmp_path: Path) -> None:
    few = {"n_estimators": 10} if kind == "extra_trees" else {"max_iter": 10}
    model = estimator_class(kind)(NAMES, seed=1, parameters=few).fit(INPUTS, Y, np.ones(300))
    said = model.log_odds(INPUTS)
    assert np.corrcoef(said, Y)[0, 1] > 0.6
    some = Inputs(VALUES[:20])
    np.testing.assert_allclose(model.contributions(some).sum(axis=1), said[:20], rtol=0, atol=1e-9)
    model.save(tmp_path)
    loaded = estimator_class(kind).load(tmp_path, NAMES)
    np.testing.assert_array_equal(loaded.log_odds(INPUTS), said)
