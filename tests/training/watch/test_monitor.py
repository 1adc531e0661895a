"""The monitor says what is wrong with a window, and nothing where nothing is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features import RiskError
from tests.training.watch.conftest import BASE_RATE, COLUMNS, rows
from training import RiskModel
from training.model_folder import REFERENCE
from training.watch.monitor import Watched, monitor, reference_of_table
from training.watch.prior import at_prior


@pytest.fixture(scope="module")
def usual(model: RiskModel) -> Watched:
    table, labels = rows(500, BASE_RATE, seed=2)
    return monitor(model, table, labels=labels)


def test_a_window_like_training_needs_nothing(usual: Watched) -> None:
    assert usual.verdict.action == "nothing"
    assert usual.verdict.sentence.startswith("No need to train again: labels say that the model")
    assert usual.verdict.findings == ()
    assert usual.verdict.prior_trusted


def test_labels_judge_at_the_prevalence_of_training(usual: Watched) -> None:
    judged = usual.judged
    assert judged["rows"] == 500
    assert judged["said"] == pytest.approx(judged["seen"], rel=0.2)
    assert judged["pr_auc_at_trained_prevalence"] == pytest.approx(usual.reference.pr_auc, abs=0.09)
    assert judged["pr_auc_low"] < judged["pr_auc"] < judged["pr_auc_high"]


def test_without_labels_it_judges_nothing(model: RiskModel) -> None:
    watched = monitor(model, rows(500, BASE_RATE, seed=2)[0])
    assert watched.judged == {}
    assert set(watched.rows["y_true"]) == {-1}
    assert watched.verdict.action == "nothing"


def test_another_share_of_illicit_wallets_asks_for_a_shift(model: RiskModel) -> None:
    table, labels = rows(1500, 0.03, seed=3)
    watched = monitor(model, table)
    assert watched.verdict.action == "shift"
    assert "there is no need to train again" in watched.verdict.sentence
    assert watched.score_psi > 0.2 > watched.unexplained_psi
    mended = monitor(at_prior(model, watched.priors.em.share), table)
    assert mended.verdict.action == "nothing"
    assert mended.mean_probability == pytest.approx(labels["label"].eq("illicit").mean(), abs=0.02)


def test_rows_that_are_told_from_training_rows_ask_for_labels_and_a_retrain(
    model: RiskModel,
) -> None:
    table, labels = rows(500, BASE_RATE, seed=4)
    moved = table.assign(**{COLUMNS[3]: table[COLUMNS[3]] + 30})
    watched = monitor(model, moved)
    assert watched.verdict.action == "retrain"
    assert not watched.verdict.prior_trusted
    assert watched.columns.index[0] == COLUMNS[3]
    assert f"with AUC 1.00, by {COLUMNS[3]}" in watched.verdict.sentence
    kept = monitor(model, moved, labels=labels)  # the model gives that column no weight
    assert kept.verdict.action == "nothing"
    assert "although" in kept.verdict.sentence


def test_labels_that_show_a_lost_ranking_ask_for_a_retrain(model: RiskModel) -> None:
    table, labels = rows(500, BASE_RATE, seed=5)
    swapped = labels.assign(label=labels["label"].sample(frac=1, random_state=0).to_numpy())
    watched = monitor(model, table, labels=swapped)
    assert watched.verdict.action == "retrain"
    assert "the model ranks worse than at training" in watched.verdict.sentence


def test_what_a_column_weighs_stands_beside_how_far_it_moved(usual: Watched) -> None:
    weight = usual.columns["weight"]
    assert weight.sum() == pytest.approx(1.0)
    assert weight[COLUMNS[3]] < weight[COLUMNS[0]]  # it carries no signal


def test_thin_histories_are_left_out_and_counted(model: RiskModel) -> None:
    table, _ = rows(100, BASE_RATE, seed=6)
    table.iloc[:40, [-2, -1]] = [1.0, 0.0]
    watched = monitor(model, table)
    assert len(watched.rows) == 60
    assert watched.left_out == {"fewer transfers than min_transfers": 40}
    table.iloc[:80, [-2, -1]] = [1.0, 0.0]
    with pytest.raises(RiskError, match="30 rows that can be scored are needed, got 20; 80 more"):
        monitor(model, table)


def test_the_same_window_gives_the_same_answer(model: RiskModel, usual: Watched) -> None:
    table, labels = rows(500, BASE_RATE, seed=2)
    again = monitor(model, table, labels=labels)
    assert again.priors == usual.priors
    assert again.judged == usual.judged
    pd.testing.assert_frame_equal(again.columns, usual.columns, check_exact=True)


def test_an_earlier_window_can_be_what_is_compared_with(model: RiskModel) -> None:
    files = {name: kept for name, kept in model.parts.files.items() if name != REFERENCE}
    bare = RiskModel(model.parts._replace(files=files), model.views)
    earlier = reference_of_table(bare, *rows(800, BASE_RATE, seed=7))
    assert earlier.rows == 800
    assert monitor(bare, rows(300, BASE_RATE, seed=8)[0], reference=earlier).reference is earlier
    with pytest.raises(RiskError, match=r"reference needs labelled rows of both classes, got 0"):
        reference_of_table(bare, *rows(100, 0.0, seed=9))


def test_a_reference_of_other_columns_is_refused(model: RiskModel) -> None:
    table, labels = rows(300, BASE_RATE, seed=10)
    earlier = reference_of_table(model, table, labels)
    other = type(earlier)(
        **{name: getattr(earlier, name) for name in earlier.__slots__} | {"names": ("a", "b")}
    )
    with pytest.raises(RiskError, match="the reference is of 2 columns that are not the 4 of"):
        monitor(model, table, reference=other)


def test_a_column_all_nan_in_the_window_is_no_error(model: RiskModel) -> None:
    table, _ = rows(200, BASE_RATE, seed=11)
    watched = monitor(model, table.assign(**{COLUMNS[0]: np.nan}))
    assert watched.columns.index[0] == COLUMNS[0]
    assert np.isnan(watched.columns["auc"].iloc[0])
