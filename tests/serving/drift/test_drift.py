"""Live drift: what is kept of answers, what is said of them, and what it costs."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from features import feature_table
from serving.drift.block import Block
from serving.drift.drift import Drift
from serving.drift.report import report
from serving.observability import Metrics
from tests.serving.conftest import LATER, START, Start, TestClient, World
from training.watch.reference import Reference

SCORE, MONITOR = "/v1/wallets/score", "/v1/monitor"
NAMES = ("x", "y")


def trained(rows: int = 4_000, base_rate: float = 0.1) -> tuple[Reference, Any, Any]:
    """A reference of two columns, of which x tells the classes apart; its rows and scores."""
    generator = np.random.default_rng(0)
    y_true = (generator.random(rows) < base_rate).astype(np.int8)
    features = generator.normal(size=(rows, 2)) + np.column_stack([2 * y_true, 0 * y_true])
    log_odds = 2 * features[:, 0] - 2 + np.log(base_rate / (1 - base_rate))
    return (
        Reference.of(features, log_odds, y_true, NAMES, base_rate=base_rate),
        features,
        log_odds,
    )


def block_of(features: Any, log_odds: Any, size: int = 1_000) -> Block:
    block = Block(0, size, 2)
    for row, score in zip(features, log_odds, strict=True):
        probability = 1 / (1 + np.exp(-score))
        block.bands["high" if probability > 0.5 else "low"] += 1
        block.note(row, np.arange(2), float(score), float(probability))
    return block


def test_rows_are_kept_at_equal_chance() -> None:
    kept = np.zeros(200)
    for _ in range(400):
        block = Block(0, 20, 1)
        for number in range(200):
            block.note(np.array([float(number)]), np.arange(1), 0.0, 0.5)
        assert (block.seen, block.kept) == (200, 20)
        kept[block.rows[:, 0].astype(int)] += 1
    assert kept.sum() == 400 * 20
    parts = kept.reshape(10, 20).sum(axis=1)  # 800 each, with a deviation of 27
    assert np.abs(parts - 800).max() < 130


def test_wallets_like_those_of_training_show_no_sign() -> None:
    reference, features, log_odds = trained()
    said = report(block_of(features, log_odds), reference, 0.1, {"high": 0.5})
    assert said["enough"]
    assert said["score_psi"] < 0.05
    assert (said["columns_moved"], said["signs"]) == (0, [])
    low, high = said["bands"]
    assert low["share"] + high["share"] == pytest.approx(1)
    assert high["share"] == pytest.approx(high["expected"], abs=0.03)
    assert 0.5 < said["base_rate_factor"] < 2


def test_a_column_that_moved_is_named_first() -> None:
    reference, features, log_odds = trained()
    said = report(
        block_of(features + np.array([0.0, 1.5]), log_odds), reference, 0.1, {"high": 0.5}
    )
    assert said["columns"][0]["column"] == "y"
    assert said["columns_moved"] == 1
    (sign,) = said["signs"]
    assert sign.startswith("1 of 2 columns moved by a PSI of 0.25 or more")


def test_another_base_rate_and_other_scores_are_told() -> None:
    reference, features, log_odds = trained()
    said = report(
        block_of(features + np.array([2.0, 0.0]), log_odds + 4), reference, 0.1, {"high": 0.5}
    )
    assert said["base_rate_factor"] > 2
    first, second, *_ = said["signs"]
    assert "times the base rate" in first
    assert "scores are spread otherwise" in second


def test_few_answers_say_nothing() -> None:
    reference, features, log_odds = trained()
    said = report(block_of(features[:50], log_odds[:50]), reference, 0.1, {"high": 0.5})
    assert (said["enough"], said["score_psi"], said["signs"]) == (False, None, [])
    nothing = report(Block(0, 10, 2), None, 0.1, {})
    assert (nothing["answers"], nothing["mean_probability"]) == (0, None)


def test_the_endpoint_compares_what_it_is_asked(client: TestClient) -> None:
    for number in range(130):
        body = {"wallet": f"w{number % 60}", "as_of": LATER.isoformat(), "include": []}
        client.post(SCORE, json=body).raise_for_status()
    client.post(SCORE, json={"wallet": "nobody"}).raise_for_status()
    move = {"sender": "w1", "recipient": "w2", "amount": 5.0, "asset": "ETH"}
    client.post(SCORE, json={"wallet": "w1", "transfers": [move]}).raise_for_status()
    drift: Drift = client.app.state.endpoint.drift  # type: ignore[attr-defined]
    (made,) = drift.compare()
    (said,) = client.get(MONITOR).json()["models"]
    assert said == made
    assert (said["answers"], said["rows"], said["enough"]) == (130, 130, True)
    assert sum(one["share"] for one in said["bands"]) == pytest.approx(1)
    assert said["columns_compared"] > 100
    text = client.get("/metrics").text
    version = said["model_version"]
    line = f'walletrisk_drift_rows{{ledger="{said["ledger"]}",model_version="{version}"}} 130.0'
    assert line in text
    assert 'band="low",kind="answered"' in text
    assert "w1" not in client.get(MONITOR).text


def test_the_rows_that_are_kept_are_those_of_the_table(start: Start, world: World) -> None:
    wallets = [f"w{number}" for number in range(20, 50)]
    as_of = START.replace(month=8)
    with start() as client:
        for wallet in wallets:
            client.post(SCORE, json={"wallet": wallet, "as_of": as_of.isoformat()})
        model = client.app.state.endpoint.drift._models["ledger"]  # type: ignore[attr-defined]
        kept = model.block.rows
    ledger, loaded, labels = world.open()
    spine = pd.DataFrame({"wallet": wallets, "as_of": as_of})
    table = feature_table(ledger, spine, labels=labels)[list(loaded.feature_names)]
    assert np.array_equal(kept, table.to_numpy().astype(np.float32), equal_nan=True)


def test_a_report_takes_the_place_of_the_one_before() -> None:
    metrics = Metrics()
    said = report(block_of(*trained()[1:]), None, 0.1, {"high": 0.5})
    metrics.drift([{"ledger": "one", "model_version": "first", **said}])
    assert b'walletrisk_drift_rows{ledger="one",model_version="first"} 1000.0' in metrics.text()
    metrics.drift([{"ledger": "one", "model_version": "second", **said}])
    assert b"first" not in metrics.text()
