"""Questions that come together are answered together: each as if it had come alone."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from serving import create_app
from serving.service import Service
from tests.serving.conftest import LATER, World, settings

AS_OF = LATER.isoformat()
SCORE = "/v1/wallets/score"


@pytest.fixture(scope="module")
def app(world: World, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return create_app(settings(world, tmp_path_factory.mktemp("gathered")))


async def ask(app: Any, *rounds: list[dict[str, Any]]) -> list[httpx.Response]:
    """Ask round after round, all of a round at once."""
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 50_000), raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        asked = [[client.post(SCORE, json=one) for one in questions] for questions in rounds]
        return [one for each in asked for one in await asyncio.gather(*each)]


def question(wallet: str, **further: Any) -> dict[str, Any]:
    return {"wallet": wallet, "as_of": AS_OF, **further}


def without_ids(answer: httpx.Response) -> dict[str, Any]:
    own = {"id", "request_id", "instance"}
    return {name: value for name, value in answer.json().items() if name not in own}


def test_each_gets_its_own_answer(app: Any, answered_together: list[int]) -> None:
    include = [["reasons", "groups"], ["exposure"], [], ["groups"]]
    asked = [question(f"w{n}", include=include[n % 4]) for n in range(50)]
    asked += [
        question("w1", context={"unheard": 1.0}),
        question("w1", as_of="2999-01-01T00:00:00Z"),
    ]
    told = asyncio.run(ask(app, asked))
    assert max(answered_together) > 1
    answered_together.clear()
    alone = asyncio.run(ask(app, *([one] for one in asked)))
    assert not answered_together
    assert [one.status_code for one in told] == [200] * 50 + [422, 422]
    assert [without_ids(one) for one in told] == [without_ids(one) for one in alone]
    assert len({one.json()["id"] for one in told[:50]}) == 50


def test_one_at_fault_fails_alone(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Service._plain
    told_alone = Service.told

    def fails(self: Service, asked: Any) -> Any:
        if asked.wallet == "w7":
            raise ZeroDivisionError
        return plain(self, asked)

    def fails_alone(self: Service, asked: Any) -> Any:
        if asked.wallet == "w7":
            raise ZeroDivisionError
        return told_alone(self, asked)

    monkeypatch.setattr(Service, "_plain", fails)
    monkeypatch.setattr(Service, "told", fails_alone)
    told = asyncio.run(ask(app, [question(f"w{n}") for n in range(12)]))
    assert [one.status_code for one in told] == [500 if n == 7 else 200 for n in range(12)]
