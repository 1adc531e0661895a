"""A running endpoint is kept where a chain is, by its own routes."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features import SourceError
from features.sources.follow import targets
from features.sources.follow.follower import Followed, Follower
from features.sources.follow.state import StateFile
from features.sources.follow.targets import Endpoint
from tests.made_chain import Made
from tests.serving.conftest import TestClient


class InProcess:
    """Stands for the network between the follower and the application."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.host = "testserver"
        self.asked: list[str] = []

    def post(self, body: Any, path: str = "") -> tuple[int, Any]:
        self.asked.append(path)
        answer = self.client.post(path, json=body)
        return answer.status_code, answer.json()


@pytest.fixture
def endpoint(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    monkeypatch.setattr(targets, "Web", lambda url: InProcess(client))
    return Endpoint("http://testserver")


def in_and_out(client: TestClient, wallet: str) -> tuple[int, int]:
    coverage = client.post("/v1/wallets/score", json={"wallet": wallet}).json()["coverage"]
    return coverage["transfers_in"], coverage["transfers_out"]


def catch_up(made: Made, endpoint: Endpoint, folder: Path) -> Followed:
    return Follower(made.chain(), endpoint, StateFile(folder / "state.json"), first=0).catch_up()


def test_an_endpoint_takes_blocks_and_undoes_them(
    client: TestClient, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "TRANSFERS_A_REQUEST", 2)
    assert catch_up(Made("abcd"), endpoint, tmp_path) == Followed(3, 0, blocks=4, added=5)
    assert in_and_out(client, "d") == (1, 0)
    done = catch_up(Made("abcxy"), endpoint, tmp_path)
    assert done == Followed(4, 0, blocks=2, added=2, undone=1, retracted=1)
    assert in_and_out(client, "d") == (0, 0)
    assert in_and_out(client, "x") == (1, 0)


def test_what_is_there_already_is_not_added_twice(
    client: TestClient, endpoint: Endpoint, tmp_path: Path
) -> None:
    catch_up(Made("abcd"), endpoint, tmp_path)
    (tmp_path / "state.json").unlink()
    assert catch_up(Made("abcd"), endpoint, tmp_path) == Followed(3, 0, blocks=4, added=0)
    assert in_and_out(client, "a") == (1, 4)


def test_what_the_endpoint_says_reaches_the_user(endpoint: Endpoint) -> None:
    frame = Made("ab").block(1).frame.assign(asset="BTC")
    with pytest.raises(SourceError, match=r"testserver/v1/transfers answered HTTP 4.*'BTC'"):
        endpoint.change([], frame)


def test_an_address_says_which_of_several_ledgers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, Any]] = []

    class Answering:
        def __init__(self, url: str) -> None:
            assert url == "http://host:1/behind"

        def post(self, body: Any, path: str) -> tuple[int, Any]:
            asked.append((path, body))
            return 200, {"transfers": 1}

    monkeypatch.setattr(targets, "Web", Answering)
    Endpoint("http://host:1/behind/?chain=ethereum").change(["t"], pd.DataFrame())
    assert asked == [("/v1/retractions", {"tx_ids": ["t"], "chain": "ethereum"})]
    with pytest.raises(SourceError, match=r"may have \?chain=NAME and nothing more"):
        Endpoint("http://host:1?chain=a&key=b")
