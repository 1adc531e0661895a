"""A leak of each kind, planted, is caught; without it the line passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features import Ledger, check_labels, feature_table
from features.views import VIEWS
from training import OutOfTime, TrainConfig, Trained, train
from training.gate.adversarial import adversarial, adversarial_line, column_auc
from training.gate.duplicates import duplicates, duplicates_line
from training.gate.future import check_future, future_line, other_labels
from training.gate.lines import base_rate_line, latency_line, own_lines, shuffle_line
from training.gate.replay import Served, replay, replay_line
from training.gate.shares import shares_of

SOME = tuple(view for view in VIEWS if view.name in ("coverage", "amounts", "exposure"))
DAY = pd.Timedelta(1, "D")


def spine(ledger: Ledger) -> pd.DataFrame:
    wallets = [ledger.wallet(code) for code in range(0, ledger.n_wallets, 2)]
    as_of = pd.date_range("2024-03-01", periods=len(wallets), freq="4D", tz="UTC").as_unit("us")
    return pd.DataFrame({"wallet": wallets, "as_of": as_of})


@pytest.fixture(scope="module")
def known(ledger: Ledger) -> pd.DataFrame:
    wallets = [ledger.wallet(code) for code in range(ledger.n_wallets)]
    known_at = pd.date_range("2024-01-01", periods=len(wallets), freq="5D", tz="UTC")
    label = ["illicit" if at % 3 == 0 else "licit" for at in range(len(wallets))]
    return pd.DataFrame({"wallet": wallets, "label": label, "known_at": known_at.as_unit("us")})


def test_rows_of_the_past_alone_stand_any_future(ledger: Ledger, known: pd.DataFrame) -> None:
    table = feature_table(ledger, spine(ledger), labels=known, views=SOME)
    before = ledger.n_transfers
    found = check_future(table, ledger, known, SOME, seed=0)
    assert ledger.n_transfers == before
    assert (found.rows, found.columns, found.differs) == (20, table.shape[1], [])
    assert future_line(found).passed


def test_transfers_of_the_future_are_caught(ledger: Ledger, known: pd.DataFrame) -> None:
    asked = spine(ledger)
    late = asked.assign(as_of=asked["as_of"] + 60 * DAY)
    table = feature_table(ledger, late, labels=known, views=SOME)
    table.index = pd.MultiIndex.from_frame(asked)
    line = future_line(check_future(table, ledger, known, SOME, seed=0))
    assert line.passed is False
    assert "such as coverage_" in line.detail


def test_labels_of_the_future_are_caught(ledger: Ledger, known: pd.DataFrame) -> None:
    at_once = known.assign(known_at=pd.Timestamp("2020-01-01", tz="UTC"))
    table = feature_table(ledger, spine(ledger), labels=at_once, views=SOME)
    line = future_line(check_future(table, ledger, known, SOME, seed=0))
    assert line.passed is False
    assert "such as exposure_" in line.detail


def test_another_future_has_other_ends_of_labels(ledger: Ledger, known: pd.DataFrame) -> None:
    ends = pd.date_range("2024-01-02", periods=len(known), freq="9D", tz="UTC").as_unit("us")
    as_of = pd.Timestamp("2024-03-01", tz="UTC")
    told = other_labels(check_labels(known.assign(until=ends + 30 * DAY)), ledger, as_of)
    assert (told["until"].dropna() < as_of).all()
    assert told["until"].notna().any()
    assert told["until"].isna().any()


def test_columns_of_no_view_are_named_as_unchecked(ledger: Ledger) -> None:
    table = feature_table(ledger, spine(ledger), views=SOME[:1]).assign(own=1.0)
    line = future_line(check_future(table, ledger, None, SOME[:1], seed=0))
    assert line.passed
    assert line.detail.endswith("not checked, being of no view: own")
    assert future_line(None).passed is None


def two_sides(drift: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    learnt, tested = random.normal(size=(400, 6)), random.normal(size=(200, 6))
    for side in (learnt, tested):
        side[random.random(side.shape) < 0.01] = np.nan
        side[:, 2] = random.normal(size=len(side))
    tested[:, 2] += 2 * drift
    return learnt, tested


def test_a_column_that_carries_the_time_is_caught() -> None:
    names = tuple("abcdef")
    alike = adversarial(*two_sides(), names, seed=0)
    assert adversarial_line(alike, None).passed
    assert alike.joint < 0.65
    dated = adversarial(*two_sides(drift=6.0), names, seed=0)
    line = adversarial_line(dated, {"a": 0.6, "c": 0.4})
    assert line.passed is False
    assert line.detail.startswith(
        "1 of 6 columns above an AUC of 0.99, 40.0% of the scores, at most 5%: c 1.000"
    )
    assert adversarial_line(dated, None).passed is False
    assert adversarial_line(dated, {"a": 0.96, "c": 0.04}).passed  # it drifts, and is hardly read
    assert dated.joint > 0.95


def test_a_copy_of_the_label_is_caught(
    table: pd.DataFrame, labels: pd.DataFrame, split: OutOfTime
) -> None:
    columns = [str(name) for name in table.columns[:4]]
    config = TrainConfig(model="logistic", base_rate=0.01, columns=columns)
    told = table.copy()
    told[columns[2]] = (labels["label"] == "illicit").to_numpy(np.float64)
    leaky = train(told, labels, split, config)
    failed = [line.name for line in own_lines(leaky.metrics) if not line.passed]
    assert "better than the best single feature" in failed
    shares = shares_of(leaky.model, told, seed=0)
    assert shares is not None
    assert next(iter(shares)) == columns[2]
    assert sum(shares.values()) == pytest.approx(1.0)


def test_a_column_that_is_missing_on_one_side_only_is_caught() -> None:
    missing = np.full(50, np.nan)
    assert column_auc(missing, np.ones(50)) == 1.0
    assert column_auc(missing, missing) == 0.5


def test_rows_of_one_wallet_under_two_names_are_caught(table: pd.DataFrame) -> None:
    learnt, tested = np.arange(800), np.arange(800, 1500)
    assert len(duplicates(table, learnt, tested)) == 0
    copied = table.copy()
    copied.iloc[800:900] = table.iloc[:100].to_numpy()
    found = duplicates(copied, learnt, tested)
    assert found.tolist() == list(range(800, 900))
    assert duplicates_line(len(found), len(tested), "w").passed is False
    assert duplicates_line(0, len(tested), "").passed


def test_a_wallet_may_repeat_its_own_row(table: pd.DataFrame) -> None:
    twice = pd.concat([table.iloc[:5], table.iloc[:5]])
    assert len(duplicates(twice, np.arange(5), np.arange(5, 10))) == 0
    blank = table.iloc[:10] * np.nan
    assert len(duplicates(blank, np.arange(5), np.arange(5, 10))) == 0


def test_a_table_that_is_not_what_the_endpoint_computes_is_caught(
    trained: Trained, table: pd.DataFrame
) -> None:
    model, served = trained.model, Served(Path("m"), Path("l"), None)

    def endpoint(_: Served, questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        asked = pd.MultiIndex.from_tuples(
            [(one["wallet"], pd.Timestamp(one["as_of"])) for one in questions]
        )
        return [
            {"status": "scored", "probability": said}
            for said in model.predict_proba(table.loc[asked]).tolist()
        ]

    line = replay_line(replay(model, table, served, endpoint, seed=0))
    assert (line.passed, line.detail[:8]) == (True, "100 rows")
    skewed = table + 5.0  # as if the table had been made by other definitions
    assert replay_line(replay(model, skewed, served, endpoint, seed=0)).passed is False

    def silent(_: Served, questions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{"status": "insufficient_data", "probability": 0.01} for _ in questions]

    assert replay_line(replay(model, table, served, silent, seed=0)).passed is False
    told = replay_line(None, "no endpoint")
    assert (told.passed, told.detail) == (None, "not measured: no endpoint")


@pytest.mark.parametrize(("shuffled", "passed"), [(0.2, True), (0.15, True), (0.45, False)])
def test_swapped_labels_must_teach_nothing(shuffled: float, passed: bool) -> None:
    assert shuffle_line(0.6, shuffled, 0.2).passed is passed


@pytest.mark.parametrize(
    ("said", "passed"), [(0.01, True), (0.0051, True), (0.021, False), (0.004, False), (None, None)]
)
def test_ordinary_wallets_must_get_about_the_base_rate(
    said: float | None, passed: bool | None
) -> None:
    assert base_rate_line(said, 0.01, 2.0).passed is passed


def test_slow_rows_and_missing_numbers_fail() -> None:
    assert latency_line(3.0, 80.0, 50.0).passed
    assert not latency_line(51.0, 80.0, 50.0).passed
    assert not any(line.passed for line in own_lines({}))
