from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features import RiskError
from features.views import LABEL_COLUMNS
from training import OutOfTime, TrainConfig, Trained, out_of_time_shares, train
from training.evaluation import evaluate
from training.metrics import average_precision, brier


@pytest.fixture(scope="module")
def early(table: pd.DataFrame, labels: pd.DataFrame, split: OutOfTime) -> Trained:
    """A model that was trained when half of the rows were there."""
    return train_before(table, labels, split.calibrate_until)


def train_before(table: pd.DataFrame, labels: pd.DataFrame, end: pd.Timestamp) -> Trained:
    there = table[table.index.get_level_values("as_of") < end]
    known = labels[labels["known_at"] < end]
    split = out_of_time_shares(there, test_share=0.3, calibrate_share=0.2)
    config = TrainConfig(model="logistic", base_rate=0.01, min_transfers=3)
    return train(there, known, split, config)


def test_rows_after_the_training_are_judged(
    early: Trained, table: pd.DataFrame, labels: pd.DataFrame
) -> None:
    found = evaluate(early.model, table, labels, seed=3)
    later = table.index.get_level_values("as_of") >= early.model.manifest.trained_until
    assert 0 < len(found.scores) <= later.sum()
    said = early.model.predict_proba(table.loc[found.scores.index])
    np.testing.assert_array_equal(found.scores["probability"], said)
    assert found.dropped["no label"] == 0
    assert sum(found.dropped.values()) + len(found.scores) == len(table)


def test_a_model_is_not_judged_on_what_it_learnt(
    trained: Trained, table: pd.DataFrame, labels: pd.DataFrame
) -> None:
    with pytest.raises(RiskError, match=r'trained_until": 1500.* so only later rows judge it'):
        evaluate(trained.model, table, labels)


def test_numbers_are_of_the_rows_as_labelled(trained: Trained) -> None:
    y_true = trained.scores["y_true"].to_numpy()
    probability = trained.scores["probability_as_labelled"].to_numpy()
    assert trained.metrics["pr_auc"] == average_precision(y_true, probability)
    assert trained.metrics["brier"] == pytest.approx(brier(y_true, probability), rel=1e-12)
    assert trained.metrics["prevalence"] == y_true.mean()


def test_numbers_at_the_base_rate_stand_beside_them(trained: Trained) -> None:
    metrics = trained.metrics
    assert metrics["prevalence_base_rate"] == pytest.approx(0.01)
    assert 0.01 < metrics["pr_auc_base_rate"] < metrics["pr_auc"]
    assert metrics["precision_at_1.0pct_base_rate"] < metrics["precision_at_1.0pct"]
    assert metrics["brier_base_rate"] < metrics["brier"]


def test_every_number_has_an_interval(trained: Trained) -> None:
    metrics = trained.metrics
    for name in ("pr_auc", "recall_at_1.0pct", "brier", "ece", "pr_auc_base_rate"):
        assert metrics[f"{name}_low"] <= metrics[f"{name}_high"]
    assert metrics["pr_auc_low"] < metrics["pr_auc"] < metrics["pr_auc_high"]
    assert all(np.isfinite(value) for value in metrics.values())


def test_rows_of_one_class_are_refused(
    early: Trained, table: pd.DataFrame, labels: pd.DataFrame
) -> None:
    with pytest.raises(RiskError, match="rows of both classes are needed, got 0 illicit"):
        evaluate(early.model, table, labels.assign(label="licit"))


def test_a_model_of_exposure_is_not_judged_on_a_table_made_without_labels(
    trained: Trained, table: pd.DataFrame, labels: pd.DataFrame
) -> None:
    assert trained.model.reads_labels
    blind = table.assign(**dict.fromkeys(LABEL_COLUMNS, np.nan))
    with pytest.raises(RiskError, match="the table was made without labels"):
        evaluate(trained.model, blind, labels)


def test_a_model_that_reads_no_exposure_needs_no_table_with_labels(
    table: pd.DataFrame, labels: pd.DataFrame, split: OutOfTime
) -> None:
    blind = table.assign(**dict.fromkeys(LABEL_COLUMNS, np.nan))
    trained = train_before(blind, labels, split.calibrate_until)
    assert not trained.model.reads_labels
    assert len(evaluate(trained.model, blind, labels).scores)
