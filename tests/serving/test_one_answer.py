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
from features import RiskError, feature_table
from tests.serving.conftest import LATER, START, TestClient, World
from training.beside import BESIDE
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
        beside = (endpoint["known"], endpoint["coverage"]["ledger_age_s"], endpoint["stale"])
        assert beside == tuple(python.iloc[at][list(BESIDE)])
        assert tuple(by_mlflow.iloc[at][["probability", "status"]]) == wanted
    alone = python.drop(columns=list(BESIDE))  # of a row without a wallet nothing is looked up
    pd.testing.assert_frame_equal(model.score_table(table), alone, check_exact=True)
    np.testing.assert_array_equal(model.predict_proba(table), python["probability"])
    for as_of in (LATER, EARLY):
        command = ["score", *WALLETS, "--ledger", str(world.ledger), "--model", str(world.model)]
        assert walletrisk.run([*command, "--as-of", as_of.isoformat(), "--json"]) == 0
        said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        wanted_rows = python.xs(as_of, level="as_of")
        assert [one["probability"] for one in said] == wanted_rows["probability"].tolist()
        assert [one["status"] for one in said] == wanted_rows["status"].tolist()
        assert [one["known"] for one in said] == wanted_rows["known"].tolist()
        assert [one["stale"] for one in said] == wanted_rows["stale"].tolist()
        ages = [one["coverage"]["ledger_age_s"] for one in said]
        assert ages == wanted_rows["ledger_age_s"].tolist()


def test_bad_wallets_leave_the_others_their_answers(
    world: World, client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"
    command = ["score", "w1", wrong, "w2", "--ledger", str(world.ledger), "--model",
               str(world.model), "--labels", str(world.labels)]  # fmt: skip
    when = LATER.isoformat()
    assert walletrisk.run([*command, "--as-of", when, "--json"]) == 2
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    items = [{"wallet": wallet, "as_of": when} for wallet in ("w1", wrong, "w2")]
    answers = client.post("/v1/wallets/score:batch", json={"items": items}).json()["items"]
    for one, other in zip(said, answers, strict=True):
        assert one.get("probability") == other.get("probability")
        assert one.get("problem") == other.get("detail")
    assert "wrong checksum" in said[1]["problem"]
    assert walletrisk.run([*command, "--as-of", when]) == 2
    told = capsys.readouterr()
    assert "wrong checksum" in told.err
    assert told.out.count("as of") == 2


def test_what_is_supposed_is_answered_alike(
    world: World, client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["score", "me", "w3", "--ledger", str(world.ledger), "--model", str(world.model),
               "--labels", str(world.labels), "--as-of", LATER.isoformat(), "--exposure", "--json",
               "--suppose", "sender=w3,recipient=me,amount=5,asset=ETH"]  # fmt: skip
    assert walletrisk.run(command) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    moved = {"sender": "w3", "recipient": "me", "amount": "5", "asset": "ETH"}
    for one, wallet in zip(said, ("me", "w3"), strict=True):
        body = {"wallet": wallet, "as_of": LATER.isoformat(), "transfers": [moved],
                "include": ["reasons", "groups", "exposure"]}  # fmt: skip
        endpoint = client.post("/v1/wallets/score", json=body).json()
        assert {name: endpoint[name] for name in one if name != "wallet"} == {
            name: told for name, told in one.items() if name != "wallet"
        }
        assert one["supposed_transfers"] == 1


@pytest.mark.parametrize("ahead", ["3h", "100D"])
def test_the_future_is_refused_everywhere(
    world: World, client: TestClient, capsys: pytest.CaptureFixture[str], ahead: str
) -> None:
    ledger, model, labels = world.open()
    future = pd.Timestamp.now("UTC") + pd.Timedelta(ahead)
    spine = pd.DataFrame({"wallet": ["w1"], "as_of": [future]})
    for ask in (model.score, model.explain_wallets):
        with pytest.raises(RiskError, match="as_of is later than now"):
            ask(ledger, spine, labels=labels)
    with pytest.raises(RiskError, match="as_of is later than now"):
        feature_table(ledger, spine, labels=labels)
    folders = ["--ledger", str(world.ledger), "--labels", str(world.labels)]
    when = ["--as-of", future.isoformat()]
    assert walletrisk.run(["score", "w1", *folders, "--model", str(world.model), *when]) == 2
    assert "lies in the future; now is" in capsys.readouterr().err
    assert walletrisk.run(["trace", "w1", *folders, *when]) == 2
    assert "as_of is later than now" in capsys.readouterr().err
    for route in ("score", "trace"):
        body = {"wallet": "w1", "as_of": future.isoformat()}
        response = client.post(f"/v1/wallets/{route}", json=body)
        assert response.status_code == 422
        assert "lies in the future; now is" in response.json()["detail"]


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
