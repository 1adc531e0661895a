"""Views of an installed package: on the command line, in the table, over HTTP."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import walletrisk
from features import VIEWS, Ledger, feature_table
from features.guests import all_views
from serving import create_app
from tests.guests import install
from tests.serving.conftest import LATER, TestClient, World, build, settings

NAME = "mine_known_share"
VIEW = f"""
from features.view import Column, Trail, View
import numpy as np

def compute(past, out):
    out[:, 0] = past.wallets >= 0

def trails(past):
    return [Trail(("{NAME}",), np.array([0]), np.array([1.0]))]

MINE = View("mine", 1, (Column("{NAME}", "whether the ledger holds the wallet"),), compute, trails)
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("world"), "lightgbm", trees=5, min_leaf_rows=3)


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = {"walletrisk.views": "mine = guest_view:MINE"}
    install(monkeypatch, tmp_path / "site", "guest_view", VIEW, points)


def say(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert walletrisk.run([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out


def test_guests_come_after_ours() -> None:
    assert all_views()[:-1] == VIEWS
    assert all_views()[-1].name == "mine"


def test_describe_names_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    last = say(capsys, "features", "--describe").splitlines()[-1]
    assert last == f"{NAME}  [share]  whether the ledger holds the wallet"


def test_its_columns_are_in_the_table(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spine, out = tmp_path / "spine.csv", tmp_path / "table.parquet"
    spine.write_text(f"wallet,as_of\nw1,{LATER.isoformat()}\nnobody,{LATER.isoformat()}\n")
    facts = json.loads(
        say(capsys, "features", world.ledger, "--spine", spine, "--out", out, "--json")
    )
    table = pd.read_parquet(out)
    assert facts == {"table": str(out), "rows": 2, "columns": table.shape[1]}
    assert table[NAME].tolist() == [1.0, 0.0]
    ours = feature_table(Ledger.open(world.ledger), table.index.to_frame(index=False))
    pd.testing.assert_frame_equal(table.drop(columns=NAME), ours)


def test_its_trails_are_traced(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    said = say(capsys, "trace", "w1", "--ledger", world.ledger, "--as-of", LATER.isoformat())
    assert f"  {NAME} = 1: whether the ledger holds the wallet" in said


def test_the_endpoint_lists_and_traces_it(world: World, tmp_path: Path) -> None:
    with TestClient(create_app(settings(world, tmp_path))) as client:
        listed = client.get("/v1/features").json()["columns"][-1]
        asked = {"wallet": "w1", "as_of": LATER.isoformat()}
        trails = client.post("/v1/wallets/trace", json=asked).json()["trails"]
    assert (listed["name"], listed["view"], listed["used"]) == (NAME, "mine", False)
    assert NAME in [name for trail in trails for name in trail["columns"]]


def test_views_can_be_given_instead(world: World, tmp_path: Path) -> None:
    with TestClient(create_app(settings(world, tmp_path), views=VIEWS)) as client:
        columns: list[dict[str, Any]] = client.get("/v1/features").json()["columns"]
    assert {column["view"] for column in columns} == {view.name for view in VIEWS}


def test_warmup_runs_it_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("features.guests.all_views", lambda: all_views()[-1:])
    facts = json.loads(say(capsys, "warmup", "--json"))
    assert set(facts) == {"seconds", "folder"}
