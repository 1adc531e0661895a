from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from features import RiskError
from training.calibration import MIN_SLOPE, PlattCalibration, log_odds_of, probability_of
from training.metrics import average_precision, expected_calibration_error

GENERATOR = np.random.default_rng(0)
TRUE = GENERATOR.normal(-1, 1.5, 4000)
Y = (GENERATOR.random(4000) < probability_of(TRUE)).astype(np.int8)
OVERCONFIDENT = 3 * TRUE + 2


def fit(
    raw: np.ndarray, y_true: np.ndarray = Y, base_rate: float | None = None
) -> PlattCalibration:
    return PlattCalibration.fit(raw, y_true, base_rate=base_rate or float(y_true.mean()))


def test_the_distortion_is_undone() -> None:
    calibration = fit(OVERCONFIDENT)
    assert calibration.slope == pytest.approx(1 / 3, rel=0.1)
    assert calibration.intercept == pytest.approx(-2 / 3, rel=0.2)


def test_the_fit_is_maximum_likelihood() -> None:
    model = LogisticRegression(C=np.inf, tol=1e-10).fit(OVERCONFIDENT[:, None], Y)
    calibration = fit(OVERCONFIDENT)
    # Platt's targets differ from 0 and 1 by about 1 in 1000 here
    assert calibration.slope == pytest.approx(model.coef_[0, 0], rel=0.02)
    assert calibration.intercept == pytest.approx(model.intercept_[0], rel=0.02)


def test_calibration_lowers_the_error_and_keeps_the_ranking() -> None:
    half = 2000
    before = probability_of(OVERCONFIDENT)
    after = probability_of(fit(OVERCONFIDENT[:half], Y[:half]).log_odds(OVERCONFIDENT))
    assert expected_calibration_error(Y[half:], before[half:]) > 0.1
    assert expected_calibration_error(Y[half:], after[half:]) < 0.04
    assert average_precision(Y, after) == pytest.approx(average_precision(Y, before))


def test_the_shift_is_bayes_rule() -> None:
    calibration = fit(OVERCONFIDENT)
    shifted = replace(calibration, base_rate=0.01)
    prevalence = calibration.prevalence
    said = probability_of(calibration.log_odds(OVERCONFIDENT))
    illicit = said * 0.01 / prevalence
    licit = (1 - said) * 0.99 / (1 - prevalence)
    expected = illicit / (illicit + licit)
    assert probability_of(shifted.log_odds(OVERCONFIDENT)) == pytest.approx(expected, rel=1e-9)
    assert replace(shifted, base_rate=prevalence).shift == pytest.approx(0, abs=1e-12)


def test_parts_add_up() -> None:
    parts = GENERATOR.normal(size=(50, 4))
    calibration = fit(OVERCONFIDENT, base_rate=0.02)
    expected = calibration.log_odds(parts.sum(axis=1))
    assert calibration.contributions(parts).sum(axis=1) == pytest.approx(expected, abs=1e-12)


def test_separable_scores_stay_finite() -> None:
    y_true = np.array([0] * 20 + [1] * 20, np.int8)
    calibration = fit(np.where(y_true == 1, 50.0, -50.0), y_true)
    assert 0 < calibration.slope < 1
    assert probability_of(calibration.log_odds(np.array([50.0])))[0] == pytest.approx(21 / 22)


@pytest.mark.parametrize("raw", [-OVERCONFIDENT, np.zeros(4000)], ids=["reversed", "constant"])
def test_without_signal_everybody_gets_the_prevalence(raw: np.ndarray) -> None:
    calibration = fit(raw)
    assert calibration.slope in (MIN_SLOPE, pytest.approx(MIN_SLOPE))
    assert probability_of(calibration.log_odds(raw)) == pytest.approx(Y.mean(), abs=0.01)


def test_one_class_is_refused() -> None:
    with pytest.raises(RiskError, match="needs illicit and licit rows, got 0 illicit of 3"):
        fit(np.zeros(3), np.zeros(3, np.int8), base_rate=0.1)


def test_scores_must_be_finite() -> None:
    with pytest.raises(RiskError, match="not all finite"):
        fit(np.array([1.0, np.nan]), np.array([0, 1], np.int8))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((-1.0, 0.0, 0.5, 0.5), "slope above 0"),
        ((1.0, np.inf, 0.5, 0.5), "finite intercept"),
        ((1.0, 0.0, 0.0, 0.5), "prevalence must lie"),
        ((1.0, 0.0, 0.5, 1.0), "base_rate must lie"),
    ],
)
def test_impossible_values_are_refused(values: tuple[float, ...], message: str) -> None:
    with pytest.raises(RiskError, match=message):
        PlattCalibration(*values)


def test_probability_and_log_odds_are_inverse() -> None:
    for value in (1e-9, 0.3, 0.999):
        assert probability_of(np.array([log_odds_of(value)]))[0] == pytest.approx(value, rel=1e-12)
