from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features import RiskError
from features.contracts.labels import check_labels
from serving.ledger_settings import Bands
from serving.scoring.scorer import Scorer
from tests.training.conftest import SIGNAL, make_ledger, make_table
from training import RiskModel, TrainConfig, out_of_time_shares, train
from training.categories import FILE, LEAST_WALLETS, Categories, row_categories

GENERATOR = np.random.default_rng(0)
KINDS = np.array(["phishing", "theft", "mixer"], object)
TRUTH = np.array([[1.5, -1.5], [-1.5, 1.5], [0.0, 0.0]])


def planted(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Illicit rows whose kind follows two of five columns; (features, shares, kind)."""
    generator = np.random.default_rng(seed)
    logs = generator.normal(size=(rows, 5))
    features = np.copysign(np.expm1(np.abs(logs)), logs)  # columns are read as signed logarithms
    scores = logs[:, :2] @ TRUTH.T
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    kind = (shares.cumsum(axis=1) < generator.random((rows, 1))).sum(axis=1)
    return features, shares, KINDS[kind]


def test_shares_are_near_those_planted_and_sum_to_one() -> None:
    features, _, kind = planted(3000)
    found = Categories.fit(features, kind, np.arange(3000), seed=0)
    assert found is not None
    later, shares, later_kind = planted(3000, seed=1)
    said = found.shares(later)
    np.testing.assert_allclose(said.sum(axis=1), 1.0, atol=1e-12)
    order = [list(KINDS).index(name) for name in found.names]
    assert np.abs(said - shares[:, order]).mean() < 0.05
    assert found.log_loss < found.log_loss_of_shares - 0.1
    for place, name in enumerate(found.names):
        # said as often as seen, where it is said more
        half = said[:, place] > np.median(said[:, place])
        seen = (later_kind == name)[half].mean()
        assert said[half, place].mean() == pytest.approx(seen, abs=0.05)


def test_too_few_wallets_are_no_category() -> None:
    kind = np.array(["phishing"] * 200 + ["theft"] * 50 + ["mixer"] * (LEAST_WALLETS - 1), object)
    features = GENERATOR.normal(size=(len(kind), 3))
    found = Categories.fit(features, kind, np.arange(len(kind)), seed=0)
    assert found is not None
    assert found.names == ("phishing", "theft")
    assert found.omitted == {"mixer": "29 wallets, 30 are needed"}
    np.testing.assert_allclose(found.bare_shares, [0.8, 0.2])
    assert Categories.fit(features[:200], kind[:200], np.arange(200), seed=0) is None


def test_rows_of_one_wallet_are_one_wallet() -> None:
    kind = np.array(["phishing"] * 200 + ["theft"] * 50, object)
    groups = np.concatenate([np.arange(200), np.full(50, 200)])
    assert Categories.fit(GENERATOR.normal(size=(250, 3)), kind, groups, seed=0) is None


def test_files_keep_the_bits_and_refuse_what_is_none() -> None:
    features, _, kind = planted(300)
    found = Categories.fit(features, kind, np.arange(300), seed=0)
    assert found is not None
    files = found.to_files()
    again = Categories.from_files(files, 5)
    assert again is not None
    np.testing.assert_array_equal(again.shares(features), found.shares(features))
    assert Categories.from_files({}, 5) is None
    content = json.loads(files[FILE])
    for name, value in (("slope", [[float("nan")] * 10] * 3), ("intercept", [1.0]), ("names", 1)):
        broken = json.dumps({**content, name: value}).encode()
        with pytest.raises(RiskError, match=FILE):
            Categories.from_files({FILE: broken}, 5)


def test_a_trained_model_tells_which_kind(tmp_path: Path) -> None:
    table, labels = make_table(wallets=600)
    labels["category"] = np.where(table[SIGNAL[0]].fillna(0.0) > 0, "scam", "hack")
    spine = table.index.to_frame(index=False)
    split = out_of_time_shares(spine, test_share=0.2, calibrate_share=0.2)
    config = TrainConfig(
        model="logistic", base_rate=0.01, folds=2,
        columns=[*SIGNAL, "coverage_in_count", "coverage_out_count"],
    )  # fmt: skip
    trained = train(table, labels, split, config)
    trained.model.save(tmp_path / "model")
    model = RiskModel.load(tmp_path / "model")
    assert model.categories is not None
    assert model.categories.names == ("phishing", "theft")
    ledger = make_ledger()
    asked = pd.DataFrame({"wallet": ["w00001", "w00002", "stranger"]})
    asked["as_of"] = pd.Timestamp("2024-10-01", tz="UTC")
    said = model.score(ledger, asked)
    kinds = said[["probability_phishing", "probability_theft"]]
    np.testing.assert_allclose(kinds.sum(axis=1), said["probability"], rtol=1e-12)
    assert said["status"].tolist()[2] == "unknown_wallet"
    np.testing.assert_allclose(kinds.iloc[2], 0.01 * model.categories.bare_shares)
    scorer = Scorer(ledger, model, labels=None, bands=Bands())
    instant = asked["as_of"].iloc[0].value // 1000
    for at, wallet in enumerate(asked["wallet"]):
        answer = scorer.score(wallet, instant)
        if answer["status"] == "scored":
            assert list(answer["categories"].values()) == kinds.iloc[at].tolist()
        else:
            assert answer["categories"] is None


def test_words_of_labels_become_categories() -> None:
    table, labels = make_table(wallets=20)
    assert set(row_categories(check_labels(labels), table.index)) == {"other"}
    named = check_labels(labels.assign(category="Scam"))
    assert set(row_categories(named, table.index)) == {"phishing"}
