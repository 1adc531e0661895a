from __future__ import annotations

import re
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest

from features import RiskError
from training.metrics import average_precision
from training.models import trees
from training.models.estimator import Inputs
from training.models.trees import WEIGHTS, TreesEstimator

GENERATOR = np.random.default_rng(0)
NAMES = tuple(f"column_{number}" for number in range(8))
VALUES = GENERATOR.normal(size=(800, 8))
VALUES[GENERATOR.random(VALUES.shape) < 0.1] = np.nan
Y = (np.nan_to_num(VALUES[:, 0]) * np.nan_to_num(VALUES[:, 1]) > 0.2).astype(np.int8)
INPUTS = Inputs(VALUES)
ONES = np.ones(800)


def fitted(seed: int = 1, **parameters: object) -> TreesEstimator:
    return TreesEstimator(NAMES, seed=seed, parameters={"trees": 40, **parameters}).fit(
        INPUTS, Y, ONES
    )


def test_it_learns_an_interaction() -> None:
    assert average_precision(Y, fitted().log_odds(INPUTS)) > 0.9


def test_the_seed_decides_and_the_threads_do_not() -> None:
    first = fitted().log_odds(INPUTS)
    np.testing.assert_array_equal(fitted().log_odds(INPUTS), first)
    np.testing.assert_array_equal(fitted(n_jobs=2).log_odds(INPUTS), first)
    assert (fitted(seed=2).log_odds(INPUTS) != first).any()


def test_threads_do_not_decide_which_of_two_sparse_columns_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sparse columns that meet in a single row would be bundled, and one of the two values lost."""
    generator = np.random.default_rng(0)
    rows, pairs = 12_000, 100
    values = np.zeros((rows, 2 * pairs))
    for pair in range(pairs):
        some = generator.choice(rows, 161, replace=False)
        values[some[:81], pair] = generator.normal(size=81) + 3
        values[some[80:], pair + pairs] = generator.normal(size=81) + 3
    y_true = (values.sum(axis=1) + generator.normal(size=rows) > 1).astype(np.int8)
    names = tuple(f"column_{number}" for number in range(2 * pairs))
    said = []
    for cores in (1, 2, 8):
        monkeypatch.setattr(trees, "CORES", cores)
        model = TreesEstimator(names, seed=0, parameters={"trees": 20})
        said.append(model.fit(Inputs(values), y_true, np.ones(rows)).log_odds(Inputs(values)))
    np.testing.assert_array_equal(said[1], said[0])
    np.testing.assert_array_equal(said[2], said[0])


def test_equal_weights_are_none_at_all() -> None:
    settings = {
        "objective": "binary", "num_leaves": 8, "learning_rate": 0.06, "min_data_in_leaf": 20,
        "lambda_l2": 5.0, "feature_fraction": 0.2, "bagging_fraction": 0.8, "bagging_freq": 1,
        "extra_trees": True, "num_threads": 1, "seed": 1, "deterministic": True,
        "force_col_wise": True, "is_enable_sparse": False, "enable_bundle": False,
        "verbosity": -1,
    }  # fmt: skip
    rows = lgb.Dataset(VALUES, label=Y, params=settings)
    plain = lgb.train(settings, rows, num_boost_round=40)
    np.testing.assert_array_equal(
        fitted().log_odds(INPUTS), plain.predict(VALUES, raw_score=True, num_threads=1)
    )


def test_copies_learn_from_their_fold_alone() -> None:
    part = np.arange(0, 800, 2)
    model = TreesEstimator(NAMES, seed=1, parameters={"trees": 40})
    (copy,) = model.fit_folds(INPUTS, Y, ONES, [part])
    np.testing.assert_array_equal(model.log_odds(INPUTS), fitted().log_odds(INPUTS))
    changed = np.where(np.isin(np.arange(800), part), Y, 1 - Y).astype(np.int8)
    other = TreesEstimator(NAMES, seed=1, parameters={"trees": 40})
    (same,) = other.fit_folds(INPUTS, changed, ONES, [part])
    np.testing.assert_array_equal(same.log_odds(INPUTS), copy.log_odds(INPUTS))


def test_a_tree_of_a_large_table_reads_so_many_rows() -> None:
    model = fitted(rows_per_tree=100, trees=3, min_leaf_rows=1)
    dumped = model.booster_.dump_model()["tree_info"]  # type: ignore[union-attr]
    # every row is drawn by itself
    assert all(60 < tree["tree_structure"]["internal_count"] < 140 for tree in dumped)


def test_rows_count_by_their_weight() -> None:
    wrong = np.arange(800) % 2 == 0
    model = TreesEstimator(NAMES, seed=1, parameters={"trees": 200})
    model.fit(INPUTS, np.where(wrong, 1 - Y, Y).astype(np.int8), np.where(wrong, 0.01, 1.99))
    assert average_precision(Y[wrong], model.log_odds(Inputs(VALUES[wrong]))) > 0.6


def test_contributions_sum_to_the_log_odds() -> None:
    model = fitted()
    parts = model.contributions(INPUTS)
    assert parts.shape == (800, 9)
    np.testing.assert_allclose(parts.sum(axis=1), model.log_odds(INPUTS), rtol=0, atol=1e-9)


def test_one_row_gives_the_bits_of_the_batch() -> None:
    model = fitted()
    for whole in (model.log_odds, model.contributions):
        single = np.concatenate([whole(Inputs(row[None, :])) for row in VALUES[:60]])
        np.testing.assert_array_equal(single, whole(INPUTS)[:60])


def test_no_rows_give_no_scores() -> None:
    nothing = Inputs(np.empty((0, 8)))
    assert fitted().log_odds(nothing).shape == (0,)
    assert fitted().contributions(nothing).shape == (0, 9)


def test_saved_trees_give_the_same_bits(tmp_path: Path) -> None:
    model = fitted()
    model.save(tmp_path)
    loaded = TreesEstimator.load(tmp_path, NAMES)
    np.testing.assert_array_equal(loaded.log_odds(INPUTS), model.log_odds(INPUTS))
    np.testing.assert_array_equal(loaded.contributions(INPUTS), model.contributions(INPUTS))


def test_other_features_are_refused(tmp_path: Path) -> None:
    fitted().save(tmp_path)
    with pytest.raises(RiskError, match="grown on other features"):
        TreesEstimator.load(tmp_path, NAMES[::-1])


def test_other_content_is_refused(tmp_path: Path) -> None:
    (tmp_path / WEIGHTS).write_text("no trees")
    with pytest.raises(RiskError, match="is not a LightGBM model"):
        TreesEstimator.load(tmp_path, NAMES)


def test_an_unfitted_model_says_so() -> None:
    with pytest.raises(RiskError, match="has not been fitted"):
        TreesEstimator(NAMES, seed=0, parameters={}).log_odds(INPUTS)


@pytest.mark.parametrize("line", ["leaf_value", "threshold", "internal_value", "leaf_count"])
@pytest.mark.parametrize("value", ["nan", "-inf"])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, line: str, value: str) -> None:
    fitted().save(tmp_path)
    text = (tmp_path / WEIGHTS).read_text()
    changed = re.sub(rf"(\n{line}=)[^ \n]+", rf"\g<1>{value}", text, count=1)
    assert changed != text
    (tmp_path / WEIGHTS).write_text(changed)
    with pytest.raises(RiskError, match=f"1 weights of {line} are not finite"):
        TreesEstimator.load(tmp_path, NAMES)


def test_text_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / WEIGHTS).write_bytes(b"\xff" * 100)
    with pytest.raises(RiskError, match="is not a LightGBM model"):
        TreesEstimator.load(tmp_path, NAMES)
