"""A model that learnt from a user's own column answers over HTTP as it does in a batch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features import Ledger, feature_table, join_context
from serving import create_app
from tests.serving.conftest import START, TestClient, World, settings
from training import RiskModel, TrainConfig, out_of_time, train

LATE = "2024-12-01T00:00:00Z"
SCORE, BATCH = "/v1/wallets/score", "/v1/wallets/score:batch"


@pytest.fixture(scope="module")
def own(world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The session's world with a model that reads the age of the customer's account too."""
    folder = tmp_path_factory.mktemp("own") / "model"
    ledger, labels = Ledger.open(world.ledger), pd.read_parquet(world.labels)
    wallets = [f"w{number}" for number in range(60)]
    days = np.arange(60) * 37 % 300
    spine = pd.DataFrame({"wallet": wallets, "as_of": START + pd.to_timedelta(days, unit="D")})
    table = feature_table(ledger, spine, labels=labels)
    age = np.where(np.arange(60) < 20, 5.0, 500.0)
    known = pd.DataFrame({"kyc_age_days": age}, index=table.index)[::2]
    split = out_of_time(
        spine,
        train_until=START + pd.Timedelta(150, "D"),
        calibrate_until=START + pd.Timedelta(230, "D"),
    )
    config = TrainConfig(
        model="lightgbm", base_rate=0.02, context=["kyc_age_days"],
        parameters={"trees": 20, "min_leaf_rows": 3},
    )  # fmt: skip
    train(join_context(table, known), labels, split, config).model.save(folder)
    return World(world.ledger, folder, world.labels)


@pytest.fixture
def client(own: World, tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(create_app(settings(own, tmp_path))) as opened:
        yield opened


def asked(wallet: str, context: dict[str, float | None] | None) -> dict[str, Any]:
    question: dict[str, Any] = {"wallet": wallet, "as_of": LATE}
    return question if context is None else question | {"context": context}


def batch(own: World, wallet: str, age: float | None) -> float:
    model = RiskModel.load(own.model)
    spine = pd.DataFrame({"wallet": [wallet], "as_of": [pd.Timestamp(LATE)]})
    context = None
    if age is not None:
        index = pd.Index([wallet], name="wallet")
        context = pd.DataFrame({"kyc_age_days": [age]}, index=index)
    labels = pd.read_parquet(own.labels)
    scored = model.score(Ledger.open(own.ledger), spine, labels=labels, context=context)
    return float(scored["probability"].iloc[0])


@pytest.mark.parametrize("age", [5.0, 500.0, None])
def test_http_equals_batch_bit_for_bit(client: TestClient, own: World, age: float | None) -> None:
    answer = client.post(SCORE, json=asked("w7", {"kyc_age_days": age})).json()
    assert answer["probability"] == batch(own, "w7", age)


def test_what_is_left_out_is_unknown_and_not_zero(client: TestClient) -> None:
    given: list[dict[str, float | None] | None] = [
        None, {"kyc_age_days": None}, {"kyc_age_days": 0.0},
    ]  # fmt: skip
    left_out, null, zero = (
        client.post(SCORE, json=asked("w7", context)).json() for context in given
    )
    assert left_out["probability"] == null["probability"]
    shown = {reason["feature"]: reason["value"] for reason in zero["reasons"]}
    assert shown.get("kyc_age_days", 0.0) == 0.0
    shown = {reason["feature"]: reason["value"] for reason in left_out["reasons"]}
    assert shown.get("kyc_age_days") is None


def test_a_young_account_is_no_safer_than_an_old_one(client: TestClient) -> None:
    young, old = (
        client.post(SCORE, json=asked("w7", {"kyc_age_days": age})).json()["log_odds"]
        for age in (5.0, 500.0)
    )
    assert young >= old


@pytest.mark.parametrize("name", ["kyc_age", "coverage_in_count", ""])
def test_a_name_that_the_model_does_not_read_is_refused(client: TestClient, name: str) -> None:
    response = client.post(SCORE, json=asked("w7", {name: 1.0}))
    assert response.status_code == 422
    assert "kyc_age_days" in response.text


def test_one_bad_item_of_a_batch_leaves_the_others(client: TestClient) -> None:
    items = [asked("w7", {"kyc_age_days": 5.0}), asked("w8", {"other": 1.0}), asked("w9", None)]
    said = client.post(BATCH, json={"items": items}).json()["items"]
    assert ["probability" in item for item in said] == [True, False, True]
    assert said[0]["probability"] == client.post(SCORE, json=items[0]).json()["probability"]


def test_features_name_the_users_own_columns(client: TestClient) -> None:
    assert "kyc_age_days" in str(client.get("/v1/features").json()["context"])


@pytest.mark.parametrize("value", ["NaN", '"5"', "true", "[5]", "1e999"])
def test_what_is_no_finite_number_is_refused(client: TestClient, value: str) -> None:
    body = f'{{"wallet": "w7", "as_of": "{LATE}", "context": {{"kyc_age_days": {value}}}}}'
    response = client.post(SCORE, content=body, headers={"content-type": "application/json"})
    assert response.status_code in (400, 422)
