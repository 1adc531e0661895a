"""An endpoint over a small bank's ledger whose names are free text, and its desk."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features import Ledger
from serving import create_app
from serving.access import keys
from serving.access.caller import Scope
from serving.records import Records
from tests.serving.conftest import LATER, TestClient, World, random_transfers, settings

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'
FORMULA = '=HYPERLINK("http://evil.example";"w")'
SANCTIONED = "w3"
AS_OF = "2024-09-01 00:00"


def hostile_world(world: World, folder: Path) -> World:
    """The same world with names that hurt, and a sanction."""
    made = World(folder / "ledger", world.model, folder / "labels.parquet")
    transfers = random_transfers()
    for number, name in ((41, HOSTILE), (42, FORMULA)):
        for side in ("sender", "recipient"):
            transfers[side] = transfers[side].replace(f"w{number}", name)
    Ledger.from_transfers(transfers).save(made.ledger)
    labels = pd.read_parquet(world.labels).assign(category="mixer", source="a list")
    new = pd.DataFrame(
        {
            "wallet": [SANCTIONED, HOSTILE],
            "label": ["none", "none"],
            "category": ["sanctioned", "<b>scam</b>"],
            "source": ["ofac", "<i>list</i>"],
            "known_at": LATER - pd.Timedelta(100, "D"),
        }
    )
    pd.concat([labels, new]).to_parquet(made.labels)
    return made


@pytest.fixture(scope="module")
def hostile(world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    return hostile_world(world, tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module")
def desk(hostile: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The desk on this machine, where no key is asked for."""
    chosen = settings(hostile, tmp_path_factory.mktemp("desk"))
    with TestClient(create_app(chosen)) as client:
        yield client


Make = Callable[..., str]


@pytest.fixture(scope="module")
def guarded(
    hostile: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TestClient, Make]]:
    """The desk that asks for keys, and what makes them."""
    folder = tmp_path_factory.mktemp("guarded")
    url = f"sqlite:///{folder / 'records.sqlite'}"
    chosen = settings(hostile, folder, no_keys=False, records=url)
    with TestClient(create_app(chosen), client=("192.0.2.7", 1)) as client:
        beside = Records(url)

        def make(name: str, *scopes: Scope) -> str:
            text, _ = keys.create(beside, name, scopes or (Scope.SCORE,))
            client.app.state.endpoint.keys.refresh()  # type: ignore[attr-defined]
            return text

        yield client, make
        beside.close()


def csrf_of(text: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', text)
    assert found is not None
    return found[1]


def looked_up(client: TestClient, wallet: str, **fields: str) -> str:
    """Look a wallet up as a browser does, and return the path of its case."""
    token = csrf_of(client.get("/").text)
    form = {"csrf": token, "wallet": wallet, "as_of": AS_OF} | fields
    answer = client.post("/", data=form, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    path: str = answer.headers["location"]
    return path


def part(client: TestClient, path: str, **fields: str) -> str:
    """One of the parts that a page asks for later."""
    answer: Any = client.post(path, data={"csrf": csrf_of(client.get("/").text)} | fields)
    assert answer.status_code == 200, answer.text
    text: str = answer.text
    return text
