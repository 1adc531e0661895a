"""Clients of other servers' protocols, as they are installed, get the answers of this endpoint."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from serving import create_app
from tests.serving.conftest import LATER, START, World, settings
from tests.serving.live import CLIENTS, live, program

WALLETS = ["w1", "w2", "w3", "w4", "w5", "w40", "newcomer", "nobody"]
EARLY = START + pd.Timedelta(4, "D")


@pytest.fixture(scope="module")
def url(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("live")
    records = f"sqlite:///{folder / 'records.sqlite'}"
    with live(create_app(settings(world, folder, records=records))) as at:
        yield at


@pytest.fixture(scope="module")
def spine() -> pd.DataFrame:
    rows = [(wallet, as_of) for as_of in (LATER, EARLY) for wallet in WALLETS]
    return pd.DataFrame(rows, columns=["wallet", "as_of"])


def test_mlflow_asks_as_it_asks_its_own_server(world: World, spine: pd.DataFrame, url: str) -> None:
    with warnings.catch_warnings():
        # mlflow.pyfunc warns of type hints of its own
        warnings.filterwarnings("ignore", ".*Any type hint is inferred", UserWarning)
        from mlflow.pyfunc.scoring_server.client import ScoringServerClient

    ledger, model, labels = world.open()
    wanted = model.score(ledger, spine, labels=labels)
    host, _, port = url.partition(":")
    client: Any = ScoringServerClient(host, port)  # type: ignore[no-untyped-call]
    client.ping()
    assert client.get_version().count(".") == 2
    answer = client.invoke(spine)
    said = answer.get_predictions()  # as mlflow reads them, a frame
    assert list(said.columns) == list(wanted.columns)
    for name in ("probability", "probability_low", "probability_high", "ledger_age_s"):
        np.testing.assert_array_equal(said[name].astype(float), wanted[name])
    for name in ("status", "known", "stale"):
        assert said[name].tolist() == wanted[name].tolist()
    now = client.invoke(["w1", "nobody"], params={"as_of": LATER.isoformat()})
    assert now.get_predictions()["status"].tolist() == ["scored", "unknown_wallet"]
    with pytest.raises(Exception, match=r"error code 422.*is none that is read"):
        client.invoke(pd.DataFrame({"address": ["w1"]}))


def test_triton_asks_as_it_asks_its_own_server(world: World, url: str) -> None:
    python = program("python")
    ledger, model, labels = world.open()
    spine = pd.DataFrame({"wallet": WALLETS, "as_of": LATER})
    wanted = model.score(ledger, spine, labels=labels)
    asked = [CLIENTS / "open_inference.py", url, LATER.isoformat(), *WALLETS]
    said: dict[str, Any] = json.loads(ran(python, *asked))
    assert [said["live"], said["ready"], said["model_ready"]] == [True, True, True]
    assert said["server"]["extensions"] == ["binary_tensor_data"]
    assert said["id"] == "mine"
    assert "there is no model 'another' here" in said["refused"]
    assert said["binary"] == said["json"] == said["default"]
    columns = said["binary"]
    assert columns["probability"] == wanted["probability"].tolist()
    assert columns["status"] == wanted["status"].tolist()
    assert [one is None for one in columns["probability_low"]] == [
        status != "scored" for status in columns["status"]
    ]
    assert [band == "unknown" for band in columns["band"]] == [
        status != "scored" for status in columns["status"]
    ]
    assert set(columns["known"]) == {"listed", "not_listed"}


def test_a_client_made_from_the_document_asks(world: World, url: str, tmp_path: Path) -> None:
    generator = program("openapi-python-client")
    document = tmp_path / "openapi.json"
    document.write_bytes(urllib.request.urlopen(f"http://{url}/openapi.json").read())
    made = ["generate", "--path", document, "--output-path", tmp_path / "walletrisk_client"]
    told = ran(generator, *made, "--meta", "none")
    left_out = set(re.findall(r"^(?:WARNING|ERROR) parsing (\S+ \S+)", told, flags=re.MULTILINE))
    assert left_out <= {"POST /invocations"}  # whose CSV and parquet the generator does not know
    asked = [tmp_path, f"http://{url}", LATER.isoformat(), *WALLETS]
    said = json.loads(ran(program("python"), CLIENTS / "generated.py", *asked))
    ledger, model, labels = world.open()
    spine = pd.DataFrame({"wallet": WALLETS, "as_of": LATER})
    wanted = model.score(ledger, spine, labels=labels)
    assert [one["probability"] for one in said["batch"]] == wanted["probability"].tolist()
    assert [one["status"] for one in said["batch"]] == wanted["status"].tolist()
    assert said["one"]["probability"] == wanted["probability"].iloc[0]
    assert said["one"]["groups"][0]["sentence"]
    assert said["refused"] == [True, 422]
    assert (said["model"], said["added"]) == (model.version, 1)
    assert said["trails"] > 0
    assert said["features"] > 100


def ran(*arguments: object) -> str:
    """What a program prints that ends well."""
    done = subprocess.run([*map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
