"""Many wallets at once get the answers of single questions, to the last bit."""

from __future__ import annotations

from typing import Any

import pytest

from features import RiskError
from serving import create_app
from serving.schemas.requests import ScoreRequest
from serving.scoring import many
from serving.service import Service, Told
from tests.serving.conftest import LATER, START, TestClient, World, build, settings


@pytest.fixture(scope="module", params=["lightgbm", "logistic"])
def client(
    request: pytest.FixtureRequest, world: World, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    folder = tmp_path_factory.mktemp("many")
    own = world if request.param == "lightgbm" else build(folder, request.param)
    with TestClient(create_app(settings(own, tmp_path_factory.mktemp("served")))) as one:
        yield one


def service_of(client: TestClient) -> Service:
    app: Any = client.app
    found: Service = app.state.endpoint.service
    return found


def questions() -> list[ScoreRequest]:
    asked = []
    for number in range(70):
        as_of = [LATER, START, None][number % 3]
        include = [["reasons"], ["groups"], ["reasons", "groups"], []][number % 4]
        content = {"wallet": f"w{number}", "include": include}
        if as_of is not None:
            content["as_of"] = as_of.isoformat()
        asked.append(ScoreRequest.model_validate(content))
    return asked


@pytest.mark.parametrize("work", [1, 3_000, 10**9])
def test_the_same_bits_in_parts_of_any_size(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, work: int
) -> None:
    monkeypatch.setattr(many, "PART_WORK", work)
    service = service_of(client)
    now = service.intake.now_us()
    object.__setattr__(service.intake, "now_us", lambda: now)  # "now" is one instant
    try:
        told = service.told_many(questions())
        alone = [service.told(one) for one in questions()]
    finally:
        object.__delattr__(service.intake, "now_us")
    for one, other in zip(told, alone, strict=True):
        assert isinstance(one, Told)
        assert one.content == other.content
        assert one.values.tobytes() == other.values.tobytes()
        assert one.position == other.position
        assert (one.wallet, one.as_of) == (other.wallet, other.as_of)


def test_one_that_cannot_be_answered_leaves_the_others_theirs(client: TestClient) -> None:
    wrong = [
        {"wallet": "w1", "as_of": "2090-01-01T00:00:00Z"},
        {"wallet": "w1", "context": {"colour": 1.0}},
        {"wallet": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"},
    ]
    asked = [{"wallet": "w1"}, *wrong, {"wallet": "w2"}]
    told = service_of(client).told_many([ScoreRequest.model_validate(one) for one in asked])
    assert [isinstance(one, RiskError) for one in told] == [False, True, True, True, False]
    assert service_of(client).told_many([]) == []


def test_a_batch_mixes_what_is_answered_together_and_alone(client: TestClient) -> None:
    moved = {"sender": "w3", "recipient": "w1", "amount": "5", "asset": "ETH"}
    items: list[Any] = [
        {"wallet": "w1", "as_of": LATER.isoformat()},
        {"wallet": "w1", "as_of": LATER.isoformat(), "include": ["exposure"]},
        {"wallet": "w1", "as_of": LATER.isoformat(), "transfers": [moved]},
        {"wallet": 5},
        {"wallet": {"address": "w1", "chain": "moon"}},
        {"wallet": "w1", "level": "entity"},
        {"wallet": "w2", "as_of": LATER.isoformat(), "include": []},
    ] * 9
    said = client.post("/v1/wallets/score:batch", json={"items": items}).json()["items"]
    assert len(said) == len(items)
    for item, answer in zip(items, said, strict=True):
        alone = client.post("/v1/wallets/score", json=item).json()
        apart = ("id", "request_id", "instance", "detail", "errors")  # which say where they stand
        assert {name: one for name, one in answer.items() if name not in apart} == {
            name: one for name, one in alone.items() if name not in apart
        }
