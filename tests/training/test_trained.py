from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Literal, Self

import numpy as np
import pandas as pd
import pytest

from features import Ledger, RiskError, feature_table
from features.views import feature_columns
from training import OutOfTime, TrainConfig, Trained, out_of_time_shares, recipe, train
from training.calibration import log_odds_of, probability_of
from training.chosen import chosen_columns
from training.models.estimator import Inputs, Where
from training.models.logistic import LogisticEstimator
from training.recipe import recipe_of
from training.trained import label_shuffle
from training.weights import wallet_weights

LINEAR = TrainConfig(model="logistic", base_rate=0.01, seed=3, min_transfers=3, folds=2)


def test_it_beats_chance_and_the_best_feature(trained: Trained) -> None:
    metrics = trained.metrics
    assert metrics["pr_auc"] > metrics["pr_auc_low"] > metrics["prevalence"]
    assert metrics["pr_auc"] > metrics["pr_auc_single_feature"] > metrics["prevalence"]
    assert metrics["calibration_slope"] > 0.1


def test_every_row_is_used_or_counted(trained: Trained, table: pd.DataFrame) -> None:
    used = sum(trained.metrics[f"rows_{name}"] for name in ("train", "calibrate", "test"))
    assert used + trained.metrics["rows_dropped"] == len(table)
    assert sum(trained.dropped.values()) == trained.metrics["rows_dropped"]
    assert set(trained.dropped) == {
        "outside the split or in a gap",
        "fewer transfers than min_transfers",
    }


def test_two_trainings_give_the_same_bits(
    trained: Trained, table: pd.DataFrame, labels: pd.DataFrame, split: OutOfTime
) -> None:
    config = recipe_of(trained.model.manifest)
    again = train(table, labels, split, config)
    pd.testing.assert_frame_equal(again.scores, trained.scores, check_exact=True)
    assert again.metrics == trained.metrics
    assert again.model.version == trained.model.version


def test_the_order_of_columns_changes_nothing(
    table: pd.DataFrame, labels: pd.DataFrame, split: OutOfTime
) -> None:
    first = train(table, labels, split, LINEAR)
    second = train(table[table.columns[::-1]], labels, split, LINEAR)
    assert first.model.version == second.model.version


def test_scores_are_at_both_prevalences(trained: Trained) -> None:
    scores, rows = trained.scores, trained.rows
    odds = {
        name: scores[name] / (1 - scores[name])
        for name in ("probability", "probability_as_labelled")
    }
    learnt = rows.y_true[rows.learnt].mean()
    ratio = odds["probability"] / odds["probability_as_labelled"]
    np.testing.assert_allclose(ratio, (0.01 / 0.99) / (learnt / (1 - learnt)), rtol=1e-9)
    assert learnt > 0.1


def test_swapped_labels_leave_the_prevalence(
    table: pd.DataFrame, labels: pd.DataFrame, split: OutOfTime, trained: Trained
) -> None:
    prevalence = trained.metrics["prevalence"]
    areas = [
        label_shuffle(table, labels, split, LINEAR.model_copy(update={"seed": seed}))
        for seed in range(3)
    ]
    assert np.mean(areas) == pytest.approx(prevalence, abs=0.06)


def test_every_wallet_counts_once(table: pd.DataFrame) -> None:
    pooled = table.iloc[[0, 1, 1, 2, 2, 2, 3]]
    weights = wallet_weights(pooled, np.arange(6))
    np.testing.assert_allclose(weights, [2, 1, 1, 2 / 3, 2 / 3, 2 / 3], rtol=1e-15)
    assert weights.mean() == pytest.approx(1)
    alone = wallet_weights(table, np.arange(0, len(table), 3))
    np.testing.assert_array_equal(alone, 1.0)


@pytest.mark.parametrize("run", [train, label_shuffle])
def test_training_weighs_the_wallets_of_its_slice(
    run: Callable[..., object],
    table: pd.DataFrame,
    labels: pd.DataFrame,
    split: OutOfTime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[np.ndarray] = []

    class Watched(LogisticEstimator):
        def fit(self, inputs: Inputs, y_true: np.ndarray, weights: np.ndarray) -> Self:
            given.append(weights)
            return super().fit(inputs, y_true, weights)

    monkeypatch.setattr(recipe, "estimator_class", lambda _kind: Watched)
    earlier = table[:1].reset_index()
    earlier["as_of"] -= pd.Timedelta(1, "D")
    pooled = pd.concat([earlier.set_index(["wallet", "as_of"]), table])
    run(pooled, labels, split, LINEAR)
    # of all that is learnt from first, then out of fold
    assert all(weights.mean() == pytest.approx(1) for weights in given)
    weights = given[0]
    counts = np.unique(weights, return_counts=True)
    assert counts[1].tolist()[0] == 2
    assert counts[0][1] == pytest.approx(2 * counts[0][0])


def test_columns_can_be_chosen(table: pd.DataFrame) -> None:
    columns = [column for column in feature_columns() if table[column.name].notna().any()]
    every = [column.name for column in columns]
    asked = [column.name for column in columns if not column.unasked]
    assert list(chosen_columns(table, LINEAR)) == asked
    scale_free = chosen_columns(table, LINEAR.model_copy(update={"columns": "scale_free"}))
    assert list(scale_free) == [
        column.name
        for column in columns
        if column.scale_free and not column.calendar and not column.unasked
    ]
    named = LINEAR.model_copy(update={"columns": ["dust_in_count"]})
    assert chosen_columns(table, named) == ("dust_in_count",)
    two = [every[9], every[4]]
    chosen = chosen_columns(table, LINEAR.model_copy(update={"columns": two}))
    assert chosen == (every[4], every[9])


def test_a_column_that_the_table_lacks_is_named(table: pd.DataFrame) -> None:
    config = LINEAR.model_copy(update={"columns": ["mood_ratio"]})
    with pytest.raises(RiskError, match="does not hold: mood_ratio"):
        chosen_columns(table, config)


def test_coverage_is_always_needed(table: pd.DataFrame) -> None:
    with pytest.raises(RiskError, match="does not hold: coverage_in_count"):
        chosen_columns(table.drop(columns="coverage_in_count"), LINEAR)


def test_columns_that_are_no_feature_are_refused(table: pd.DataFrame) -> None:
    with pytest.raises(RiskError, match=r"1 columns that are no feature, or twice: answer"):
        chosen_columns(table.assign(answer=1.0), LINEAR)


def test_other_types_are_refused(table: pd.DataFrame) -> None:
    other = table.astype({"coverage_in_count": "int64"})
    with pytest.raises(RiskError, match=r"must be float64, got {'coverage_in_count': 'int64'}"):
        chosen_columns(other, LINEAR)


def test_the_index_is_part_of_the_contract(table: pd.DataFrame) -> None:
    with pytest.raises(RiskError, match=r"indexed by \(wallet, as_of\), got \[None\]"):
        chosen_columns(table.reset_index(drop=True), LINEAR)


class ReadsLedger(LogisticEstimator):
    """Stands for a graph network."""

    reads: ClassVar[Literal["table", "ledger"]] = "ledger"

    def inputs(self, features: np.ndarray, where: Where) -> Inputs:
        assert where.ledger.n_wallets
        assert len(where.codes) == len(where.as_of) == len(features)
        return Inputs(features)


def test_kinds_that_read_neighbourhoods_need_the_ledger(
    table: pd.DataFrame, labels: pd.DataFrame, split: OutOfTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "estimator_class", lambda _kind: ReadsLedger)
    with pytest.raises(RiskError, match=r"reads neighbourhoods: ledger=... is needed"):
        train(table, labels, split, LINEAR)


def test_kinds_that_read_neighbourhoods_ask_the_ledger(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe, "estimator_class", lambda _kind: ReadsLedger)
    generator = np.random.default_rng(0)
    wallets = ledger.codes([f"w{number:05d}" for number in range(60)])
    spine = pd.DataFrame({"wallet": [ledger.wallet(code) for code in wallets]})
    spine["as_of"] = pd.Timestamp(str(ledger.last_timestamp)) - pd.to_timedelta(range(60), unit="D")
    labels = spine.rename(columns={"as_of": "known_at"})
    labels["label"] = generator.choice(["illicit", "licit"], 60)
    labels["known_at"] -= pd.Timedelta(90, "D")
    table = feature_table(ledger, spine, labels=labels)
    split = out_of_time_shares(spine, test_share=0.3, calibrate_share=0.3)
    model = train(table, labels, split, LINEAR, ledger=ledger).model
    with pytest.raises(RiskError, match=r"use score\(ledger, spine\)"):
        model.predict_proba(table)
    with pytest.raises(RiskError, match=r"use score\(ledger, spine\)"):
        model.score_rows(np.zeros((1, 5)))
    scores = model.score(ledger, spine, labels=labels)
    scored = (scores["status"] == "scored").to_numpy()
    assert scored.any()
    features = Inputs(table[list(model.feature_names)].to_numpy())
    expected = probability_of(model.calibration.log_odds(model.estimator.log_odds(features)))
    np.testing.assert_array_equal(scores["probability"][scored], expected[scored])


def test_the_drift_of_the_prior_is_told(trained: Trained, table: pd.DataFrame) -> None:
    rows = trained.judged[0].rows
    y_true = rows.y_true
    weights = wallet_weights(table, rows.learnt)
    learnt = float(np.average(y_true[rows.learnt], weights=weights))
    drift = log_odds_of(float(y_true[rows.test].mean())) - log_odds_of(learnt)
    assert trained.metrics["prior_drift_origin_1"] == pytest.approx(drift)
    assert drift != 0
