from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from features import RiskError
from training.calibration import (
    CURVES,
    MIN_SLOPE,
    Calibration,
    fit_calibration,
    log_odds_of,
    probability_of,
)
from training.calibration.beta import BetaCurve
from training.calibration.calibration import NEAR
from training.calibration.curve import Rows
from training.calibration.platt import PlattCurve
from training.calibration.venn_abers import VennAbersCurve, one_of_each
from training.metrics import average_precision, expected_calibration_error

GENERATOR = np.random.default_rng(0)
TRUE = GENERATOR.normal(-1, 1.5, 4000)
Y = (GENERATOR.random(4000) < probability_of(TRUE)).astype(np.int8)
OVERCONFIDENT = 3 * TRUE + 2
# what no straight line undoes: a quarter of what the scores say is illicit is not
HIDDEN = (GENERATOR.random(4000) < np.where(TRUE > 0, 0.75, 0.02)).astype(np.int8)


def fit(
    raw: np.ndarray,
    y_true: np.ndarray = Y,
    base_rate: float | None = None,
    method: str = "platt",
    weights: np.ndarray | None = None,
) -> Calibration:
    return fit_calibration(
        raw,
        y_true,
        weights=weights,
        groups=np.arange(len(raw)),
        base_rate=base_rate or float(y_true.mean()),
        seed=0,
        methods=(method,),
    )


def read(calibration: Calibration) -> Calibration:
    data = json.loads(calibration.to_json())
    return Calibration.from_data(data, base_rate=calibration.base_rate)


def platt(calibration: Calibration) -> PlattCurve:
    assert isinstance(calibration.curve, PlattCurve)
    return calibration.curve


def test_the_distortion_is_undone() -> None:
    calibration = fit(OVERCONFIDENT)
    assert calibration.slope == pytest.approx(1 / 3, rel=0.1)
    assert platt(calibration).intercept == pytest.approx(-2 / 3, rel=0.2)


def test_the_fit_is_maximum_likelihood() -> None:
    model = LogisticRegression(C=np.inf, tol=1e-10).fit(OVERCONFIDENT[:, None], Y)
    curve = platt(fit(OVERCONFIDENT))
    # Platt's targets differ from 0 and 1 by about 1 in 1000 here
    assert curve.slope == pytest.approx(model.coef_[0, 0], rel=0.02)
    assert curve.intercept == pytest.approx(model.intercept_[0], rel=0.02)


def test_beta_is_maximum_likelihood_of_two_slopes() -> None:
    raw = np.where(TRUE < 0, TRUE / 2, 2 * TRUE)
    columns = np.column_stack([-np.logaddexp(0, -raw), np.logaddexp(0, raw)])
    model = LogisticRegression(C=np.inf, tol=1e-10).fit(columns, Y)
    curve = fit(raw, method="beta").curve
    assert isinstance(curve, BetaCurve)
    assert [curve.low, curve.high] == pytest.approx(model.coef_[0], rel=0.02)
    assert curve.low > 1.5 * curve.high


@pytest.mark.parametrize("method", CURVES)
def test_calibration_lowers_the_error_and_reorders_nothing(method: str) -> None:
    half = 2000
    before = probability_of(OVERCONFIDENT)
    calibration = fit(OVERCONFIDENT[:half], Y[:half], method=method)
    after = probability_of(calibration.log_odds(OVERCONFIDENT))
    assert expected_calibration_error(Y[half:], before[half:]) > 0.1
    assert expected_calibration_error(Y[half:], after[half:]) < 0.05
    assert (np.diff(after[np.argsort(OVERCONFIDENT, kind="stable")]) >= 0).all()
    if method in ("platt", "beta"):
        assert average_precision(Y, after) == pytest.approx(average_precision(Y, before))


@pytest.mark.parametrize("method", CURVES)
def test_weights_count_rows(method: str) -> None:
    twice = np.repeat(np.arange(4000), 1 + (TRUE > 0))
    prevalence = float(Y[twice].mean())
    weighted = fit(OVERCONFIDENT, base_rate=0.01, method=method, weights=1.0 + (TRUE > 0))
    repeated = fit(OVERCONFIDENT[twice], Y[twice], base_rate=0.01, method=method)
    assert weighted.prevalence == pytest.approx(prevalence)
    apart = weighted.curve(OVERCONFIDENT) - repeated.curve(OVERCONFIDENT)
    # Venn-Abers draws rows by weight instead
    assert np.median(np.abs(apart)) < (0.3 if method == "venn_abers" else 1e-2)
    unweighted = fit(OVERCONFIDENT, base_rate=0.01)
    assert abs(unweighted.prevalence - prevalence) > 0.05


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


@pytest.mark.parametrize("method", CURVES)
def test_parts_add_up_and_keep_their_signs_and_proportions(method: str) -> None:
    parts = GENERATOR.normal(size=(500, 4)) * np.array([2.0, 1.0, 0.1, 0.1])
    parts[0, :3] = 0.0
    calibration = fit(OVERCONFIDENT, base_rate=0.02, method=method)
    found = calibration.contributions(parts)
    expected = calibration.log_odds(parts.sum(axis=1))
    assert found.sum(axis=1) == pytest.approx(expected, abs=1e-12)
    assert (found[:, :3] * parts[:, :3] >= 0).all()
    far = np.abs(parts[:, :3].sum(axis=1)) >= 2 * NEAR
    base = calibration.log_odds(parts[:, -1])
    assert found[far, -1] == pytest.approx(base[far], abs=1e-9)


def test_a_jump_near_the_base_gives_no_parts_out_of_proportion() -> None:
    y_true = np.array([0] * 50 + [1] * 50, np.int8)
    raw = np.sort(GENERATOR.normal(size=100))
    calibration = fit(raw, y_true, method="venn_abers")
    at = raw[49:51].mean()
    parts = np.array([[30.0, -30.0 + 1e-9, at - 1e-9], [1.0, -1.0, at]])
    jump = float(np.ptp(calibration.log_odds(raw)))
    assert np.abs(calibration.contributions(parts)[:, :2]).max() <= 30 * jump / (2 * NEAR)


def test_separable_scores_stay_finite() -> None:
    y_true = np.array([0] * 20 + [1] * 20, np.int8)
    raw = np.where(y_true == 1, 50.0, -50.0)
    calibration = fit(raw, y_true)
    assert 0 < calibration.slope < 1
    assert probability_of(calibration.log_odds(np.array([50.0])))[0] == pytest.approx(21 / 22)
    for method in CURVES:
        assert np.isfinite(
            fit(raw, y_true, method=method).log_odds(np.array([-1e6, 0.0, 1e6]))
        ).all()


@pytest.mark.parametrize("raw", [-OVERCONFIDENT, np.zeros(4000)], ids=["reversed", "constant"])
@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_without_signal_everybody_gets_the_prevalence(raw: np.ndarray, method: str) -> None:
    calibration = fit(raw, method=method)
    assert calibration.slope in (0.0, MIN_SLOPE, pytest.approx(MIN_SLOPE))
    assert probability_of(calibration.log_odds(raw)) == pytest.approx(Y.mean(), abs=0.01)


def test_venn_abers_is_two_isotonic_fits_of_one_row_more() -> None:
    raw = GENERATOR.integers(-4, 5, 60).astype(float)
    y_true = (GENERATOR.random(60) < probability_of(raw)).astype(np.int8)
    curve = VennAbersCurve.fit(Rows(raw, y_true, np.ones(60)))
    for at in [*np.unique(raw), -9.0, 0.5, 9.0]:
        found = np.array(curve.bounds(np.array([at]))).ravel()
        for label in (0, 1):
            fitted = IsotonicRegression().fit(np.append(raw, at), np.append(y_true, label))
            assert found[label] == pytest.approx(fitted.predict([at])[0], abs=1e-12)
        said = probability_of(curve(np.array([at])))[0]
        assert said == pytest.approx(found[1] / (1 - found[0] + found[1]))


def test_the_library_silences_no_warning_of_others() -> None:
    fit(OVERCONFIDENT[:50], Y[:50])
    assert np.geterr()["divide"] == "warn"


@pytest.mark.parametrize("method", CURVES)
def test_the_interval_holds_what_is_said_and_the_share_seen_in_each_band(method: str) -> None:
    # every band of new wallets, at the prevalence and at the base rate
    raw = GENERATOR.normal(-1, 1.5, 40_000)
    y_true = GENERATOR.random(40_000) < probability_of(raw)
    calibration = fit(3 * TRUE + 2, base_rate=0.02, method=method)
    low, high = calibration.interval(3 * raw + 2)
    said = calibration.log_odds(3 * raw + 2)
    assert ((low <= said) & (said <= high)).all()
    licit = 0.98 / (1 - calibration.prevalence)
    world = np.where(y_true, 0.02 / calibration.prevalence, licit)
    for weights, shift in ((np.ones(40_000), calibration.shift), (world, 0.0)):
        for part in np.array_split(np.argsort(raw), 8):
            counts = weights[part] / weights[part].sum()
            seen = counts @ y_true[part]
            noise = 3 * np.sqrt((counts**2).sum() * seen * (1 - seen)) + 0.02 * seen
            assert counts @ probability_of(low[part] - shift) <= seen + noise
            assert seen - noise <= counts @ probability_of(high[part] - shift)


def test_the_interval_narrows_with_more_wallets() -> None:
    def width(rows: int) -> float:
        calibration = fit(OVERCONFIDENT[:rows], Y[:rows])
        low, high = calibration.interval(OVERCONFIDENT[:200])
        return float(np.mean(probability_of(high) - probability_of(low)))

    assert width(4000) < width(400) < width(100)


def test_rows_of_one_wallet_are_not_taken_for_many_wallets() -> None:
    many = np.repeat(np.arange(400), 10)
    rows = Rows(OVERCONFIDENT[many], Y[many], np.ones(4000))
    calibration = fit_calibration(
        rows.raw, rows.y_true, groups=many, base_rate=0.01, seed=0, methods=("platt",)
    )
    alone = fit(OVERCONFIDENT[:400], Y[:400], base_rate=0.01)
    for one, other in zip(
        calibration.spread.bounds(OVERCONFIDENT), alone.spread.bounds(OVERCONFIDENT), strict=True
    ):
        np.testing.assert_allclose(one, other)


def test_wallets_are_drawn_by_weight() -> None:
    groups = np.repeat(np.arange(2000), 2)
    weights = np.where(groups < 1000, 1.0, 0.2) * np.tile([3.0, 1.0], 2000)
    y_true = np.tile([1, 0], 2000).astype(np.int8)
    kept = one_of_each(Rows(groups.astype(float), y_true, weights), groups, 0)
    assert len(np.unique(kept.raw)) == len(kept.raw)
    assert (kept.raw < 1000).sum() == 1000
    assert (kept.raw >= 1000).sum() == pytest.approx(200, abs=50)
    assert kept.y_true.mean() == pytest.approx(0.75, abs=0.05)


def test_the_simplest_method_within_one_standard_error_is_chosen() -> None:
    def choose(raw: np.ndarray, y_true: np.ndarray) -> Calibration:
        return fit_calibration(raw, y_true, groups=np.arange(4000), base_rate=0.01, seed=0)

    straight = choose(OVERCONFIDENT, Y)
    assert straight.method == "platt"
    assert [one.method for one in straight.tried] == list(CURVES)
    assert min(one.above_best for one in straight.tried) == 0.0
    bent = choose(OVERCONFIDENT, HIDDEN)
    assert bent.method in ("isotonic", "venn_abers")
    by_name = {one.method: one for one in bent.tried}
    assert by_name["platt"].above_best > by_name["platt"].standard_error
    top = probability_of(bent.curve(OVERCONFIDENT[TRUE > 0.5]))
    assert top.mean() == pytest.approx(0.75, abs=0.03)


def test_the_losses_told_are_those_of_wallets_not_fitted_to() -> None:
    # noise, every wallet twice: a method that saw the other row would gain from it
    raw = np.repeat(GENERATOR.normal(size=200), 2)
    y_true = np.repeat((GENERATOR.random(200) < 0.5).astype(np.int8), 2)
    groups = np.repeat(np.arange(200), 2)
    found = fit_calibration(raw, y_true, groups=groups, base_rate=0.1, seed=0)
    assert min(one.log_loss for one in found.tried) > 0.68


def test_too_few_wallets_to_compare_are_fitted_by_the_simplest() -> None:
    raw, y_true = np.array([2.0, -1.0, -2.0]), np.array([1, 0, 0], np.int8)
    found = fit_calibration(raw, y_true, groups=np.arange(3), base_rate=0.1, seed=0)
    assert (found.method, found.tried) == ("platt", ())


def test_one_class_is_refused() -> None:
    with pytest.raises(RiskError, match="needs illicit and licit rows, got 0 illicit of 3"):
        fit(np.zeros(3), np.zeros(3, np.int8), base_rate=0.1)


def test_scores_must_be_finite() -> None:
    with pytest.raises(RiskError, match="not all finite"):
        fit(np.array([1.0, np.nan]), np.array([0, 1], np.int8))


@pytest.mark.parametrize("method", CURVES)
def test_what_was_saved_is_read_back_to_the_last_bit(method: str) -> None:
    calibration = replace(
        fit(OVERCONFIDENT, base_rate=0.01, method=method),
        tried=fit_calibration(
            OVERCONFIDENT[:200], Y[:200], groups=np.arange(200), base_rate=0.01, seed=0
        ).tried,
    )
    again = read(calibration)
    assert (again.method, again.tried, again.span) == (method, calibration.tried, calibration.span)
    np.testing.assert_array_equal(
        again.log_odds(OVERCONFIDENT), calibration.log_odds(OVERCONFIDENT)
    )
    np.testing.assert_array_equal(
        again.interval(OVERCONFIDENT), calibration.interval(OVERCONFIDENT)
    )
    assert again.to_json() == calibration.to_json()


@pytest.mark.parametrize(
    ("method", "place", "value", "message"),
    [
        ("platt", ("method",), "magic", "must be one of platt, beta"),
        ("platt", ("curve", "slope"), -1.0, "slope above 0"),
        ("platt", ("curve", "intercept"), float("inf"), "finite"),
        ("platt", ("curve", "slope"), "1.0", "list of numbers"),
        ("platt", ("curve", "slope"), True, "list of numbers"),
        ("platt", ("curve", "slope"), 10**400, "finite"),
        ("platt", ("prevalence",), 0.0, "prevalence must lie"),
        ("platt", ("span",), [2.0, 1.0], "must not fall"),
        ("beta", ("curve", "high"), 0.0, "finite slopes above 0"),
        ("isotonic", ("curve", "levels"), [0.5], "as many levels as knots"),
        ("isotonic", ("curve", "levels", 0), 0.9999, "levels no less"),
        ("isotonic", ("curve", "levels", 0), 0.0, "between 0 and 1"),
        ("isotonic", ("curve", "knots", 0), 1e9, "knots that rise"),
        ("venn_abers", ("curve", "lower_levels", 0), 0.9999, "never fall"),
        ("venn_abers", ("spread", "upper_edges", 0), 1e9, "edges of upper that rise"),
        ("venn_abers", ("spread", "lower_levels", -1), 1.0, "below 1"),
    ],
)
def test_impossible_values_are_refused(
    method: str, place: tuple[Any, ...], value: Any, message: str
) -> None:
    data = json.loads(fit(OVERCONFIDENT, method=method).to_json())
    inner = data
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with pytest.raises(RiskError, match=message):
        Calibration.from_data(data, base_rate=0.01)


def test_the_base_rate_must_lie_between_0_and_1() -> None:
    with pytest.raises(RiskError, match="base_rate must lie"):
        replace(fit(OVERCONFIDENT), base_rate=1.0)


def test_probability_and_log_odds_are_inverse() -> None:
    for value in (1e-9, 0.3, 0.999):
        assert probability_of(np.array([log_odds_of(value)]))[0] == pytest.approx(value, rel=1e-12)
