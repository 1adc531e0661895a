"""Contributions from tables are those that LightGBM computes."""

import lightgbm as lgb
import numpy as np
import pytest

from training.models import tree_shap
from training.models.estimator import Inputs
from training.models.tree_shap import TreeShap
from training.models.trees import TreesEstimator

GENERATOR = np.random.default_rng(3)
ROWS = GENERATOR.normal(size=(600, 6))
ROWS[GENERATOR.random(ROWS.shape) < 0.2] = np.nan
ROWS[GENERATOR.random(ROWS.shape) < 0.2] = 0.0
Y = (np.nan_to_num(ROWS[:, 0]) * np.nan_to_num(ROWS[:, 1]) + ROWS[:, 2] > 0.1).astype(np.int8)
# rows that no tree learnt from: new places of nan and zero, and numbers beyond all
ASKED = np.where(GENERATOR.random(ROWS.shape) < 0.3, np.nan, 3 * ROWS[::-1])


def grown(**settings: object) -> lgb.Booster:
    told = {
        "objective": "binary", "num_leaves": 12, "min_data_in_leaf": 5, "verbosity": -1, "seed": 1,
        "num_threads": 1, **settings,
    }  # fmt: skip
    return lgb.train(told, lgb.Dataset(ROWS, label=Y), num_boost_round=30)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"extra_trees": True, "feature_fraction": 0.5},
        {"num_leaves": 40, "max_depth": 9},  # features that stand on a path several times
        {"zero_as_missing": True},
        {"use_missing": False},
        {"num_leaves": 2},
        {"boost_from_average": False},
    ],
)
def test_they_are_lightgbm_s(settings: dict[str, object]) -> None:
    booster = grown(**settings)
    shap = TreeShap.of(booster.model_to_string())
    assert shap is not None
    for rows in (ROWS, ASKED):
        expected = np.asarray(booster.predict(rows, pred_contrib=True))
        np.testing.assert_allclose(shap(rows), expected, rtol=0, atol=1e-12)


def test_trees_that_learnt_nothing_have_a_base_alone() -> None:
    booster = grown(min_data_in_leaf=1000)
    shap = TreeShap.of(booster.model_to_string())
    assert shap is not None
    expected = np.asarray(booster.predict(ROWS, pred_contrib=True))
    np.testing.assert_allclose(shap(ROWS), expected, rtol=0, atol=1e-12)


def test_categories_and_large_trees_are_left_to_lightgbm(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.where(np.isnan(ROWS), 0, np.abs(ROWS)).round()
    data = lgb.Dataset(whole, label=Y, categorical_feature=[0])
    told = {"objective": "binary", "verbosity": -1, "min_data_in_leaf": 5, "min_data_per_group": 5}
    assert TreeShap.of(lgb.train(told, data, num_boost_round=20).model_to_string()) is None

    model = TreesEstimator(tuple("abcdef"), seed=0, parameters={"trees": 20})
    model.fit(Inputs(ROWS), Y, np.ones(len(Y)))
    ours = model.contributions(Inputs(ASKED))
    monkeypatch.setattr(tree_shap, "MOST_CASES", 100)
    model.booster_ = lgb.Booster(model_str=model.booster_.model_to_string())  # type: ignore[union-attr]
    theirs = model.contributions(Inputs(ASKED))
    assert (theirs != ours).any()  # in their last bits
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-12)
