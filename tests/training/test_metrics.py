from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from training import metrics

GENERATOR = np.random.default_rng(0)
Y = (GENERATOR.random(500) < 0.2).astype(np.int8)
NOISE = GENERATOR.normal(size=500)
P = np.clip(0.2 + np.where(Y == 1, 0.3, 0.0) + 0.2 * NOISE, 0.01, 0.99).round(2)
W = GENERATOR.integers(0, 4, 500).astype(np.float64)


def test_average_precision_by_hand() -> None:
    # hits at ranks 1 and 3: (1/1 + 2/3) / 2
    y_true, score = np.array([1, 0, 1, 0], np.int8), np.array([4.0, 3.0, 2.0, 1.0])
    assert metrics.average_precision(y_true, score) == pytest.approx(5 / 6)


@pytest.mark.parametrize("weights", [None, W])
def test_average_precision_is_scikit_learns(weights: np.ndarray | None) -> None:
    theirs = average_precision_score(Y, P, sample_weight=weights)
    assert metrics.average_precision(Y, P, weights) == pytest.approx(theirs, abs=1e-12)


def test_weights_are_copies_of_rows() -> None:
    copies = np.repeat(np.arange(500), W.astype(int))
    for measure in (metrics.ranking_metrics, metrics.probability_metrics):
        weighted, copied = measure(Y, P, W), measure(Y[copies], P[copies])
        assert weighted.keys() == copied.keys()
        for name in weighted:
            # equal-mass bins cut between copies of one row, so ECE agrees only nearly
            tolerance = 0.02 if name == "ece" else 1e-9
            assert weighted[name] == pytest.approx(copied[name], abs=tolerance), name


def test_no_metric_depends_on_the_order_of_rows() -> None:
    order = GENERATOR.permutation(500)
    here, there = metrics.ranking_metrics(Y, P), metrics.ranking_metrics(Y[order], P[order])
    for name, value in here.items():
        assert there[name] == pytest.approx(value, abs=1e-12), name


@pytest.mark.parametrize(
    ("budget", "precision", "recall"),
    [(0.01, 1.0, 0.5), (0.25, 1.0, 0.5), (0.26, 0.5, 0.5), (0.75, 2 / 3, 1.0), (1.0, 0.5, 1.0)],
)
def test_budgets_round_up_to_whole_rows(budget: float, precision: float, recall: float) -> None:
    y_true, score = np.array([1, 0, 1, 0], np.int8), np.array([4.0, 3.0, 2.0, 1.0])
    found = metrics.precision_recall_at(y_true, score, budget)
    assert list(found) == pytest.approx([precision, recall])


def test_ties_at_the_budget_count_in_expectation() -> None:
    y_true, score = np.array([1, 1, 0, 0], np.int8), np.array([2.0, 1.0, 1.0, 1.0])
    precision, recall = metrics.precision_recall_at(y_true, score, 0.5)
    assert precision == pytest.approx((1 + 1 / 3) / 2)
    assert recall == pytest.approx((1 + 1 / 3) / 2)


def test_brier_and_log_loss_are_scikit_learns() -> None:
    for weights in (None, W):
        assert metrics.brier(Y, P, weights) == pytest.approx(
            brier_score_loss(Y, P, sample_weight=weights)
        )
        theirs = sklearn_log_loss(Y, P, sample_weight=weights)
        assert metrics.log_loss(Y, P, weights) == pytest.approx(theirs)
    sure = np.array([1.0, 0.0])
    wrong = np.array([0, 1], np.int8)
    assert metrics.log_loss(wrong, sure) == pytest.approx(sklearn_log_loss(wrong, sure))


def test_brier_skill_of_the_prevalence_is_zero() -> None:
    said = np.full(500, Y.mean())
    assert metrics.probability_metrics(Y, said)["brier_skill"] == pytest.approx(0, abs=1e-12)


def test_calibration_error_by_hand() -> None:
    y_true = np.array([0, 1] * 15, np.int8)
    curve = metrics.calibration_curve(y_true, np.linspace(0.01, 0.99, 30))
    assert len(curve.said) == 15
    assert curve.mass.tolist() == pytest.approx([1 / 15] * 15)
    constant = np.full(30, 0.9)
    assert metrics.expected_calibration_error(y_true, constant) == pytest.approx(0.4)


def test_perfect_probabilities_score_the_chance_error() -> None:
    generator = np.random.default_rng(1)
    probability = generator.random(3000)
    errors = [
        metrics.expected_calibration_error(
            (generator.random(3000) < probability).astype(np.int8), probability
        )
        for _ in range(40)
    ]
    assert np.mean(errors) == pytest.approx(metrics.chance_calibration_error(probability), rel=0.1)


def test_base_rate_weights_set_the_prevalence() -> None:
    weights = metrics.base_rate_weights(Y, 0.01)
    assert weights.sum() == pytest.approx(500)
    assert np.average(Y, weights=weights) == pytest.approx(0.01)


def test_precision_at_a_base_rate_is_bayes_rule() -> None:
    # a budget that takes exactly the upper score: recall 0.5, false positive rate 0.1
    y_true = np.array([1] * 10 + [0] * 10, np.int8)
    score = np.array([1.0] * 5 + [0.0] * 5 + [1.0] + [0.0] * 9)
    weights = metrics.base_rate_weights(y_true, 0.2)
    reviewed = 0.2 * 0.5 + 0.8 * 0.1
    precision, recall = metrics.precision_recall_at(y_true, score, reviewed, weights)
    # the budget is rounded up to whole rows: 0.18 * 20 = 3.6 rows of weight become 4
    assert precision == pytest.approx((0.2 * 0.5 * 20 + 0.4 * (0.2 * 0.5 / 0.82)) / 4)
    assert recall == pytest.approx(precision * 4 / (0.2 * 20))


def test_the_best_single_feature_has_a_direction() -> None:
    features = np.column_stack([GENERATOR.normal(size=500), -P, np.full(500, np.nan)])
    column, sign = metrics.best_single_feature(features, Y)
    assert (column, sign) == (1, -1)
    score = metrics.single_feature_score(features, column, sign)
    assert metrics.average_precision(Y, score) == pytest.approx(metrics.average_precision(Y, P))


def slow_best_single_feature(features: np.ndarray, y_true: np.ndarray) -> tuple[int, int]:
    """The definition: every column ranks all rows, high values first and low ones first."""
    every = [(column, sign) for column in range(features.shape[1]) for sign in (1, -1)]
    found = [
        average_precision_score(y_true, metrics.single_feature_score(features, *one))
        for one in every
    ]
    return every[int(np.argmax(np.array(found) >= max(found) - 1e-12))]


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("missing", [0.0, 0.4])
@pytest.mark.parametrize("digits", [0, 8])
def test_the_best_single_feature_is_that_of_whole_rankings(
    share: float, missing: float, digits: int
) -> None:
    for seed in range(8):
        generator = np.random.default_rng(seed)
        y_true = (generator.random(120) < share).astype(np.int8)
        y_true[:2] = [0, 1]
        features = (generator.normal(size=(120, 6)) + 0.4 * y_true[:, None]).round(digits)
        features[generator.random(features.shape) < missing] = np.nan
        features[:, 4] = -features[:, 3]
        features[:, 5] = np.nan
        found = metrics.best_single_feature(features, y_true)
        assert found == slow_best_single_feature(features, y_true)


def test_rows_of_no_weight_may_lead_the_ranking() -> None:
    weights = (np.arange(500) % 2).astype(np.float64)
    score = P + (weights == 0)
    kept = weights > 0
    assert metrics.average_precision(Y, score, weights) == pytest.approx(
        metrics.average_precision(Y[kept], P[kept])
    )


def test_undefined_values_rank_last_in_either_direction() -> None:
    features = np.array([[1.0], [np.nan]])
    for sign in (1, -1):
        score = metrics.single_feature_score(features, 0, sign)
        assert np.isfinite(score[1])
        assert score[1] < score[0]


def index_of(wallets: list[str], days: list[int]) -> pd.MultiIndex:
    as_of = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(days, unit="D")
    return pd.MultiIndex.from_arrays([wallets, as_of], names=["wallet", "as_of"])


def test_blocks_keep_wallets_whole_and_times_together() -> None:
    wallets = [f"w{number % 100}" for number in range(300)]
    blocks = metrics.time_blocks(index_of(wallets, list(range(300))))
    by_wallet = pd.Series(blocks).groupby(wallets).nunique()
    assert by_wallet.max() == 1
    assert np.bincount(blocks).tolist() == [15] * 20
    assert (np.diff(blocks[:100]) >= 0).all()


def test_intervals_hold_the_point_and_repeat() -> None:
    index = index_of([f"w{number}" for number in range(500)], list(range(500)))

    def intervals(seed: int) -> dict[str, tuple[float, float]]:
        return metrics.bootstrap_intervals(
            lambda weights: metrics.ranking_metrics(Y, P, weights), Y, index, seed=seed
        )

    found = intervals(1)
    low, high = found["pr_auc"]
    assert low < metrics.average_precision(Y, P) < high
    assert intervals(1) == found
    assert intervals(2) != found


def test_one_block_gives_a_point() -> None:
    index = index_of(["w"] * 4, [0, 1, 2, 3])
    y_true = np.array([0, 1, 0, 1], np.int8)
    found = metrics.bootstrap_intervals(
        lambda weights: {"sum": float(weights.sum())}, y_true, index, seed=0, draws=3
    )
    assert found == {"sum": (4.0, 4.0)}
