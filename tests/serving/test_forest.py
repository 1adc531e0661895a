"""A scikit-learn forest is served like any other kind: scores of a batch, reasons that add up."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from features import Ledger
from serving import create_app
from tests.serving.conftest import TestClient, World, build, settings
from training import RiskModel
from training.beside import BESIDE

LATE = "2024-12-01T00:00:00Z"
WALLETS = ["w1", "w7", "w33", "never seen"]


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("forest")
    return build(folder, "random_forest", n_estimators=10)


@pytest.fixture
def client(forest: World, tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(create_app(settings(forest, tmp_path))) as opened:
        yield opened


def test_answers_are_those_of_a_batch_bit_for_bit(client: TestClient, forest: World) -> None:
    model, labels = RiskModel.load(forest.model), pd.read_parquet(forest.labels)
    spine = pd.DataFrame({"wallet": WALLETS, "as_of": pd.Timestamp(LATE)})
    batch = model.score(Ledger.open(forest.ledger), spine, labels=labels)
    batch = batch.drop(columns=list(BESIDE))
    names = list(batch.columns)
    for wallet, expected in zip(WALLETS, batch.itertuples(index=False), strict=True):
        asked = {"wallet": wallet, "as_of": LATE}
        answer = client.post("/v1/wallets/score", json=asked).json()
        told = [None if pd.isna(one) else one for one in expected]
        assert [answer[name] for name in names] == told


@pytest.mark.parametrize("wallet", WALLETS)
def test_reasons_add_up_to_the_log_odds(client: TestClient, wallet: str) -> None:
    answer = client.post("/v1/wallets/score", json={"wallet": wallet, "as_of": LATE}).json()
    parts = [reason["contribution"] for reason in answer["reasons"]]
    total = answer["base_log_odds"] + sum(parts) + answer["other_log_odds"]
    assert total == pytest.approx(answer["log_odds"], abs=1e-9)


def test_the_folder_holds_no_pickle_and_names_a_kind(forest: World) -> None:
    files = {path.name: path.read_bytes() for path in forest.model.iterdir()}
    ours = {"manifest.json", "calibration.json", "reference.json", "typical.json"}
    assert ours | {"classifier.skops", "classifier.json"} == set(files)
    assert b'"kind": "random_forest"' in files["manifest.json"]
    assert not any(content.startswith(b"\x80") for content in files.values())
