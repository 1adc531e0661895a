"""Python, MLflow, the command line and the endpoint say the same of the same wallets."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import mlflow
import numpy as np
import pandas as pd
import pytest

import walletrisk
from features import feature_table
from tests.serving.conftest import LATER, START, TestClient, World
from training.mlflow_model import save_model, signature
from training.risk_model import RiskModel
from training.scores import COUNTS, SAID, STATUSES

EARLY = START + pd.Timedelta(4, "D")
WALLETS = ["w1", "w2", "w3", "w4", "w5", "w40", "w41", "newcomer", "nobody"]
Predict = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="module")
def spine() -> pd.DataFrame:
    """Some wallets late, when most are known well, and early, when hardly one is."""
    rows = [(wallet, as_of) for as_of in (LATER, EARLY) for wallet in WALLETS]
    return pd.DataFrame(rows, columns=["wallet", "as_of"])


@pytest.fixture(scope="module")
def logged(world: World, tmp_path_factory: pytest.TempPathFactory) -> Predict:
    """The model as MLflow loads it."""
    folder = tmp_path_factory.mktemp("mlflow") / "logged"
    save_model(RiskModel.load(world.model), world.model, folder)
    return mlflow.pyfunc.load_model(str(folder)).predict  # type: ignore[no-any-return]


def test_four_ways_give_one_answer(
    world: World,
    spine: pd.DataFrame,
    logged: Predict,
    client: TestClient,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger, model, labels = world.open()
    python = model.score(ledger, spine, labels=labels)
    assert set(python["status"]) == set(STATUSES)
    table = feature_table(ledger, spine, labels=labels, views=model.views)
    by_mlflow = logged(table.reset_index(drop=True))
    monkeypatch.setattr(sys, "stderr", sys.__stderr__)
    monkeypatch.setenv("WALLETRISK_LABELS", str(world.labels))
    for at, (wallet, as_of) in enumerate(spine.itertuples(index=False)):
        wanted = (python["probability"].iloc[at], python["status"].iloc[at])
        body = {"wallet": wallet, "as_of": as_of.isoformat()}
        endpoint = client.post("/v1/wallets/score", json=body).json()
        assert (endpoint["probability"], endpoint["status"]) == wanted
        assert tuple(by_mlflow.iloc[at][["probability", "status"]]) == wanted
    pd.testing.assert_frame_equal(model.score_table(table), python, check_exact=True)
    np.testing.assert_array_equal(model.predict_proba(table), python["probability"])
    for as_of in (LATER, EARLY):
        command = ["score", *WALLETS, "--ledger", str(world.ledger), "--model", str(world.model)]
        assert walletrisk.run([*command, "--as-of", as_of.isoformat(), "--json"]) == 0
        said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        wanted_rows = python.xs(as_of, level="as_of")
        assert [one["probability"] for one in said] == wanted_rows["probability"].tolist()
        assert [one["status"] for one in said] == wanted_rows["status"].tolist()


def test_of_a_row_of_nulls_nothing_is_known(world: World, logged: Predict) -> None:
    model = RiskModel.load(world.model)
    names = dict.fromkeys((*model.feature_names, *COUNTS))
    said = logged(pd.DataFrame(np.nan, index=[7], columns=list(names)))
    assert said["probability"].tolist() == [0.02]
    assert said["status"].tolist() == ["unknown_wallet"]
    assert said[["probability_low", "probability_high"]].isna().all(axis=None)


def test_mlflow_asks_for_the_counts(world: World) -> None:
    model = RiskModel.load(world.model)
    asked = signature(model).inputs.input_names()
    assert set(asked) == {*model.feature_names, *COUNTS}
    assert signature(model).outputs.input_names() == list(SAID)
