from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from features import RiskError
from training.metrics import average_precision
from training.models.estimator import Inputs
from training.models.logistic import WEIGHTS, LogisticEstimator
from training.models.scaling import Scaler

GENERATOR = np.random.default_rng(0)
NAMES = ("a", "b", "c", "d")


def make_inputs(rows: int = 600) -> tuple[Inputs, np.ndarray]:
    values = GENERATOR.lognormal(2, 2, (rows, 4)) * GENERATOR.choice([-1, 1], (rows, 4))
    values[:, 2] = 7.0  # constant
    missing = GENERATOR.random(rows) < 0.3
    values[missing, 1] = np.nan
    score = np.copysign(np.log1p(np.abs(values[:, 0])), values[:, 0]) + 2.0 * missing - 1
    return Inputs(values), (GENERATOR.random(rows) < 1 / (1 + np.exp(-score))).astype(np.int8)


INPUTS, Y = make_inputs()
ONES = np.ones(600)


def fitted() -> LogisticEstimator:
    return LogisticEstimator(NAMES, seed=0, parameters={}).fit(INPUTS, Y, ONES)


def test_it_learns_values_and_their_absence() -> None:
    model = fitted()
    weights = model.weights_
    assert weights is not None
    assert weights.slope[0] > 0.5
    assert weights.missing_slope[1] > 0.5
    assert average_precision(Y, model.log_odds(INPUTS)) > Y.mean() + 0.2


def test_equal_weights_are_none_at_all() -> None:
    scaler = Scaler.fit(INPUTS.features)
    plain = LogisticRegression(C=0.1, solver="newton-cholesky", max_iter=500)
    plain.fit(scaler.scale(INPUTS.features), Y)
    weights = fitted().weights_
    assert weights is not None
    learnt = np.concatenate([weights.slope, weights.missing_slope])
    np.testing.assert_allclose(learnt, plain.coef_[0], rtol=1e-12, atol=1e-14)


def test_rows_count_by_their_weight() -> None:
    wrong = np.arange(600) % 2 == 0
    model = LogisticEstimator(NAMES, seed=0, parameters={})
    model.fit(INPUTS, np.where(wrong, 1 - Y, Y).astype(np.int8), np.where(wrong, 0.01, 1.99))
    assert model.weights_ is not None
    assert model.weights_.slope[0] > 0.5


def test_constant_columns_say_nothing() -> None:
    parts = fitted().contributions(INPUTS)
    np.testing.assert_array_equal(parts[:, 2], 0.0)


def test_a_column_that_was_never_there_says_nothing() -> None:
    values = INPUTS.features.copy()
    values[:, 3] = np.nan
    model = LogisticEstimator(NAMES, seed=0, parameters={}).fit(Inputs(values), Y, ONES)
    assert np.isfinite(model.log_odds(INPUTS)).all()


def test_contributions_sum_to_the_log_odds() -> None:
    model = fitted()
    parts = model.contributions(INPUTS)
    np.testing.assert_array_equal(parts.sum(axis=1), model.log_odds(INPUTS))


def test_outliers_are_clipped() -> None:
    row = INPUTS.features[:1].copy()
    row[0, 0] = 1e12
    large = fitted().log_odds(Inputs(row))
    row[0, 0] = 1e60
    np.testing.assert_array_equal(fitted().log_odds(Inputs(row)), large)


def test_one_row_gives_the_bits_of_the_batch() -> None:
    model = fitted()
    single = [model.log_odds(Inputs(row[None, :]))[0] for row in INPUTS.features[:100]]
    np.testing.assert_array_equal(single, model.log_odds(INPUTS)[:100])


def test_saved_weights_give_the_same_bits(tmp_path: Path) -> None:
    model = fitted()
    model.save(tmp_path)
    loaded = LogisticEstimator.load(tmp_path, NAMES)
    np.testing.assert_array_equal(loaded.contributions(INPUTS), model.contributions(INPUTS))


def test_weights_of_another_width_are_refused(tmp_path: Path) -> None:
    fitted().save(tmp_path)
    with pytest.raises(RiskError, match=r"median has shape \(4,\), wanted \(3,\)"):
        LogisticEstimator.load(tmp_path, NAMES[:3])


def test_other_content_is_refused(tmp_path: Path) -> None:
    (tmp_path / WEIGHTS).write_text(json.dumps({"median": [0.0]}))
    with pytest.raises(RiskError, match="does not hold logistic weights"):
        LogisticEstimator.load(tmp_path, NAMES)


def test_an_unfitted_model_says_so() -> None:
    with pytest.raises(RiskError, match="has not been fitted"):
        LogisticEstimator(NAMES, seed=0, parameters={}).log_odds(INPUTS)


@pytest.mark.parametrize("name", ["slope", "missing_slope", "intercept", "median", "mean", "sd"])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, name: str) -> None:
    fitted().save(tmp_path)
    content = json.loads((tmp_path / WEIGHTS).read_text())
    inside = content["scaler"] if name in content["scaler"] else content
    if name == "intercept":
        inside[name] = float("nan")
    else:
        inside[name][1] = float("nan")
    (tmp_path / WEIGHTS).write_text(json.dumps(content))
    with pytest.raises(RiskError, match=r"not finite|must be above 0"):
        LogisticEstimator.load(tmp_path, NAMES)
