"""The prior of unlabelled wallets is found where only the prior changed, and doubted otherwise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from features import RiskError
from tests.training.watch.conftest import reference_of_scores, rows, scored
from training import RiskModel
from training.calibration import log_odds_of, probability_of
from training.watch.prior import (
    LEAST,
    at_prior,
    confusion_prior,
    em_prior,
    estimate_prior,
    mixture_prior,
    score_counts,
    unexplained,
)

SHARES = (0.01, 0.05, 0.2, 0.5, 0.8, 0.97)


def saerens(log_odds: np.ndarray, base_rate: float, steps: int = 4000) -> float:
    """EM as printed: equations 2.7 to 2.9, step by step."""
    posterior = 1 / (1 + np.exp(-log_odds))
    share = base_rate
    for _ in range(steps):
        up = share / base_rate * posterior
        down = (1 - share) / (1 - base_rate) * (1 - posterior)
        share = float((up / (up + down)).mean())
    return share


@pytest.mark.parametrize("share", SHARES)
def test_every_method_finds_the_prior_of_a_simulation(share: float) -> None:
    reference = reference_of_scores()
    log_odds, y_true = scored(20_000, share, seed=5)
    counts = score_counts(reference, log_odds)
    classes = (counts, reference.illicit, reference.licit)
    assert em_prior(log_odds, 0.5) == pytest.approx(y_true.mean(), abs=0.012)
    assert mixture_prior(*classes) == pytest.approx(y_true.mean(), abs=0.025)
    assert confusion_prior(*classes) == pytest.approx(y_true.mean(), abs=0.04)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("base_rate", [0.01, 0.4])
def test_it_is_where_em_of_saerens_ends(share: float, base_rate: float) -> None:
    log_odds = scored(2000, share, seed=2)[0] + log_odds_of(base_rate)
    assert em_prior(log_odds, base_rate) == pytest.approx(saerens(log_odds, base_rate), abs=1e-4)


def test_rows_that_count_twice_are_rows_that_occur_twice() -> None:
    log_odds = scored(300, 0.3, seed=3)[0]
    twice = np.concatenate([log_odds, log_odds[:100]])
    weights = np.where(np.arange(300) < 100, 2.0, 1.0)
    assert em_prior(log_odds, 0.5, weights) == pytest.approx(em_prior(twice, 0.5), abs=1e-6)


def test_the_interval_holds_the_truth_in_most_simulations() -> None:
    reference, held = reference_of_scores(), 0
    for seed in range(10):
        log_odds, _ = scored(400, 0.25, seed=100 + seed)
        em = estimate_prior(reference, log_odds, np.arange(400), seed=0).em
        assert em.low < em.share < em.high
        held += em.low <= 0.25 <= em.high
    assert held >= 8


def test_wallets_are_drawn_whole() -> None:
    """Ten copies of every row say no more than the rows: the interval may not shrink."""
    reference, (log_odds, _) = reference_of_scores(), scored(200, 0.3, seed=4)
    once = estimate_prior(reference, log_odds, np.arange(200), seed=0).em
    copies = estimate_prior(reference, np.repeat(log_odds, 10), np.arange(2000) // 10, seed=0).em
    assert copies.high - copies.low == pytest.approx(once.high - once.low, rel=0.1)


def test_all_of_one_class_is_said_to_be_nearly_so() -> None:
    assert em_prior(np.full(50, -9.0), 0.5) == LEAST
    assert em_prior(np.full(50, 9.0), 0.5) == 1 - LEAST


def test_scores_of_another_prior_are_explained_and_methods_agree() -> None:
    reference, (log_odds, _) = reference_of_scores(), scored(3000, 0.05, seed=6)
    priors = estimate_prior(reference, log_odds, np.arange(3000), seed=0)
    assert unexplained(reference, log_odds, priors.em.share) < 0.05
    assert priors.disagreement == 1.0


def test_scores_of_classes_that_changed_are_not_explained() -> None:
    reference, (log_odds, _) = reference_of_scores(), scored(3000, 0.3, seed=7)
    nearer = 0.3 * log_odds  # both classes in the middle, where training had few
    share = em_prior(nearer, 0.5)
    assert unexplained(reference, nearer, share) > 0.25


def test_methods_disagree_where_illicit_wallets_score_otherwise() -> None:
    reference, (log_odds, y_true) = (
        reference_of_scores(apart=4.0),
        scored(2000, 0.2, seed=8, apart=4.0),
    )
    weaker = np.where(y_true == 1, 0.25 * log_odds, log_odds)
    priors = estimate_prior(reference, weaker, np.arange(2000), seed=0)
    assert priors.disagreement > 1.2


def test_a_shifted_model_means_what_it_says(model: RiskModel, tmp_path: Path) -> None:
    table, labels = rows(4000, 0.05, seed=9)
    shifted = at_prior(model, 0.05)
    said, seen = shifted.predict_proba(table), labels["label"].eq("illicit").mean()
    assert said.mean() == pytest.approx(seen, rel=0.25)
    assert model.predict_proba(table).mean() > 2 * seen  # without the shift
    log_odds = model.log_odds(table) + log_odds_of(0.05) - log_odds_of(model.base_rate)
    np.testing.assert_allclose(said, probability_of(log_odds), rtol=1e-12)
    assert shifted.version != model.version
    shifted.save(tmp_path / "shifted")
    loaded = RiskModel.load(tmp_path / "shifted")
    assert loaded.base_rate == 0.05
    np.testing.assert_array_equal(loaded.predict_proba(table), said)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1])
def test_a_prior_is_a_share(model: RiskModel, share: float) -> None:
    with pytest.raises(RiskError, match="a base rate must lie between 0 and 1, got"):
        at_prior(model, share)
