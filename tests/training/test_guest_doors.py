"""A guest's view, columns and kind of model, from training to a loaded model's scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from features import VIEWS, Ledger, RiskError, feature_table, join_context
from features.view import Column, View
from training import OutOfTime, RiskModel, TrainConfig, Trained, out_of_time_shares, train
from training.chosen import chosen_columns
from training.models import kinds, register, sklearn_kind
from training.trained import label_shuffle

COLUMNS = (Column("mine_turn_ratio", "whether the wallet's number is odd"),)


def compute(past: object, out: np.ndarray) -> None:
    out[:, 0] = past.wallets % 2  # type: ignore[attr-defined]


MINE = View("mine", 1, COLUMNS, compute)
ALL = (*VIEWS, MINE)
COVERAGE = ["coverage_in_count", "coverage_age_s"]
CONFIG = TrainConfig(
    model="logistic",
    base_rate=0.02,
    min_transfers=1,
    columns=[*COVERAGE, "mine_turn_ratio"],
    context=["kyc_age_days"],
)


@pytest.fixture(scope="module")
def spine(ledger: Ledger) -> pd.DataFrame:
    last = pd.Timestamp(str(ledger.last_timestamp))
    wallets = [f"w{number:05d}" for number in range(60)]
    return pd.DataFrame({"wallet": wallets, "as_of": last - pd.to_timedelta(range(60), unit="D")})


@pytest.fixture(scope="module")
def kyc(spine: pd.DataFrame) -> pd.DataFrame:
    days = np.random.default_rng(1).normal(size=60)
    days[::7] = np.nan
    return pd.DataFrame({"kyc_age_days": days}, index=pd.MultiIndex.from_frame(spine))


@pytest.fixture(scope="module")
def known(spine: pd.DataFrame) -> pd.DataFrame:
    early = spine["as_of"] - pd.Timedelta(90, "D")
    label = np.random.default_rng(0).choice(["illicit", "licit"], 60)
    return pd.DataFrame({"wallet": spine["wallet"], "label": label, "known_at": early})


@pytest.fixture(scope="module")
def rows(ledger: Ledger, spine: pd.DataFrame, kyc: pd.DataFrame) -> pd.DataFrame:
    return join_context(feature_table(ledger, spine, views=ALL), kyc.dropna(), views=ALL)


@pytest.fixture(scope="module")
def made(rows: pd.DataFrame, known: pd.DataFrame) -> Trained:
    return train(rows, known, halves(rows), CONFIG, views=ALL)


def halves(rows: pd.DataFrame) -> OutOfTime:
    return out_of_time_shares(rows, test_share=0.3, calibrate_share=0.3)


def test_a_guest_and_own_columns_from_training_to_a_score(
    made: Trained, rows: pd.DataFrame, ledger: Ledger, spine: pd.DataFrame, kyc: pd.DataFrame,
    tmp_path: Path,
) -> None:  # fmt: skip
    made.model.save(tmp_path / "model")
    model = RiskModel.load(tmp_path / "model", views=ALL)
    assert [view.name for view in model.views] == ["coverage", "mine"]
    assert model.context_names == ("kyc_age_days",)
    assert model.feature_names[-2:] == ("mine_turn_ratio", "kyc_age_days")
    scores = model.score(ledger, spine, context=kyc)
    np.testing.assert_array_equal(scores["probability"], model.predict_proba(rows))
    reasons = model.explain_wallets(ledger, spine, context=kyc)
    np.testing.assert_allclose(reasons.sum(axis=1), model.log_odds(rows), rtol=0, atol=1e-9)
    values = feature_table(ledger, spine, views=model.views).to_numpy()
    at_once = model.score_rows(values, context=kyc.to_numpy())
    np.testing.assert_array_equal(at_once.probability, scores["probability"])


def test_what_is_not_given_is_nan_and_not_zero(
    made: Trained, rows: pd.DataFrame, ledger: Ledger, spine: pd.DataFrame
) -> None:
    absent = made.model.score(ledger, spine)["probability"].to_numpy()
    for value, same in ((np.nan, True), (0.0, False)):
        filled = made.model.predict_proba(rows.assign(kyc_age_days=value))
        assert np.array_equal(filled, absent) == same


def test_a_guest_that_is_missing_or_changed_is_refused(made: Trained, tmp_path: Path) -> None:
    made.model.save(tmp_path / "model")
    with pytest.raises(RiskError, match="reads the view mine, which is not among the views given"):
        RiskModel.load(tmp_path / "model")
    with pytest.raises(RiskError, match=r"view mine is not what .*: version 1 -> 2"):
        RiskModel.load(tmp_path / "model", views=(*VIEWS, replace(MINE, version=2)))
    other = View("other", 1, (Column("other_of_it_ratio", "other"),), compute)
    assert RiskModel.load(tmp_path / "model", views=(other, *ALL)).version == made.model.version


def test_own_columns_must_be_named_and_there(rows: pd.DataFrame, known: pd.DataFrame) -> None:
    unnamed = CONFIG.model_copy(update={"context": []})
    with pytest.raises(RiskError, match=r"no feature, or twice: kyc_age_days"):
        chosen_columns(rows, unnamed, ALL)
    with pytest.raises(RiskError, match=r"no feature, or twice: mine_turn_ratio"):
        chosen_columns(rows, CONFIG)
    with pytest.raises(RiskError, match="does not hold: kyc_age_days"):
        chosen_columns(rows.drop(columns="kyc_age_days"), CONFIG, ALL)
    scale_free = CONFIG.model_copy(update={"columns": "scale_free"})
    assert chosen_columns(rows, scale_free, ALL)[-1] == "kyc_age_days"


@pytest.mark.parametrize("kind", ["random_forest", "small_forest"])
def test_a_forest_is_trained_saved_and_loaded_with_reasons(
    kind: str, table: pd.DataFrame, labels: pd.DataFrame, split: OutOfTime, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(kinds, "_REGISTERED", {})
    register(sklearn_kind("small_forest", RandomForestClassifier(n_estimators=15)))
    names = [*table.columns[:25], *(name for name in table.columns[25:] if "share" in name)]
    config = TrainConfig(
        model=kind,
        base_rate=0.01,
        seed=3,
        folds=2,
        columns=names,
        parameters={"n_estimators": 20},
    )
    trained = train(table, labels, split, config)
    assert trained.metrics["pr_auc_low"] > trained.metrics["prevalence"]
    trained.model.save(tmp_path / "model")
    model = RiskModel.load(tmp_path / "model")
    assert model.version == train(table, labels, split, config).model.version
    some = table[:6]
    np.testing.assert_array_equal(model.predict_proba(some), trained.model.predict_proba(some))
    reasons = model.explain(some)
    np.testing.assert_allclose(reasons.sum(axis=1), model.log_odds(some), rtol=0, atol=1e-9)
    area = label_shuffle(table, labels, split, config)
    assert area == pytest.approx(trained.metrics["prevalence"], abs=0.1)


def test_they_say_what_they_are_in_one_line(made: Trained, rows: pd.DataFrame) -> None:
    model = made.model
    said = f"<RiskModel logistic {model.version}: 3 columns of 2 views and 1 of context"
    assert repr(model).startswith(said)
    assert "coverage, mine" in model._repr_html_()
    assert repr(made).startswith(f"<Trained logistic {model.version}: recipe PR-AUC ")
    assert repr(halves(rows)).startswith("<OutOfTime train_until ")
    assert model.classes_.tolist() == [0, 1]
    assert not any("\n" in repr(one) for one in (model, made, halves(rows)))
