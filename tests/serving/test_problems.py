"""A caller's mistake is told as such, and never repeated at length."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from serving import create_app
from serving.bodies import SHORT_BYTES
from serving.journal import JournalError
from tests.serving.conftest import TestClient, World, settings, transfer

SCORE, TRANSFERS = "/v1/wallets/score", "/v1/transfers"
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def client(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One endpoint for all: nothing that is sent here changes it."""
    with TestClient(create_app(settings(world, tmp_path_factory.mktemp("problems")))) as one:
        yield one


def send(client: TestClient, path: str, body: bytes | Iterator[bytes]) -> Any:
    response = client.post(path, content=body, headers=JSON)
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["instance"] == path
    assert {"type", "title", "detail"} <= set(problem)
    assert len(response.content) < 10_000
    return problem


@pytest.mark.parametrize("path", [SCORE, TRANSFERS, "/v1/wallets/score:batch"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"wallet": "w1",}',
        b"\xff\xfe",
        b'{"wallet": "\xff"}',
        b'{"wallet": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 5_000,
        b"null null",
    ],
)
def test_what_is_no_json_is_a_400(client: TestClient, path: str, body: bytes) -> None:
    long = path == SCORE and len(body) > SHORT_BYTES
    assert send(client, path, body)["status"] == (413 if long else 400)


@pytest.mark.parametrize("body", [b"null", b"[]", b'"w1"', b"5", b"NaN", b"{}", b"Infinity"])
@pytest.mark.parametrize("path", [SCORE, TRANSFERS, "/v1/wallets/score:batch"])
def test_the_wrong_shape_is_a_422(client: TestClient, path: str, body: bytes) -> None:
    assert send(client, path, body)["status"] == 422


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"wallet": "x" * 10_000}, "#/wallet"),
        ({"wallet": {"address": "x" * 10_000}}, "#/wallet/address"),
        ({"wallet": ""}, "#/wallet"),
        ({"wallet": "a\x00b"}, "#/wallet"),
        ({"wallet": 5}, "#/wallet"),
        ({"as_of": "yesterday"}, "#/as_of"),
        ({"as_of": "2024-05-01T00:00:00"}, "#/as_of"),
        ({"include": ["everything"]}, "#/include/0"),
        ({"transfer": []}, "#/transfer"),
        ({"a/b~c" + "x" * 1_000: 1}, "#/a~1b~0c" + "x" * 95),
    ],
)
def test_a_bad_question_is_placed(client: TestClient, fields: dict[str, Any], pointer: str) -> None:
    problem = send(client, SCORE, json.dumps({"wallet": "w1"} | fields).encode())
    assert problem["status"] == 422
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert "xxx" not in problem["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"amount": -1}, "#/transfers/1/amount"),
        ({"amount": "-1"}, "#/transfers/1/amount"),
        ({"amount": float("nan")}, "#/transfers/1/amount"),
        ({"amount": float("inf")}, "#/transfers/1/amount"),
        ({"amount": "1" * 99}, "#/transfers/1/amount"),
        ({"position": -1}, "#/transfers/1/position"),
        ({"timestamp": "2024-01-01T00:00:00"}, "#/transfers/1/timestamp"),
        ({"timestamp": "1600-01-01T00:00:00Z"}, "#/transfers/1/timestamp"),
        ({"sender": "x" * 257}, "#/transfers/1/sender"),
        ({"recipient": None}, "#/transfers/1/recipient"),
        ({"fee": 1}, "#/transfers/1/fee"),
    ],
)
def test_a_bad_transfer_is_placed(client: TestClient, fields: dict[str, Any], pointer: str) -> None:
    body = json.dumps({"transfers": [transfer(1), transfer(2, **fields)]}).encode()
    problem = send(client, TRANSFERS, body)
    assert problem["status"] == 422
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    ledger = client.app.state.endpoint.service.scorer.held.ledger  # type: ignore[attr-defined]
    assert ledger.n_transfers == 900


def test_many_mistakes_are_counted_and_some_are_listed(client: TestClient) -> None:
    body = json.dumps({"transfers": [transfer(one, amount=-1) for one in range(500)]}).encode()
    problem = send(client, TRANSFERS, body)
    assert problem["detail"].startswith("500 mistake(s)")
    assert len(problem["errors"]) == 20


def test_two_assets_are_refused(client: TestClient) -> None:
    body = json.dumps({"transfers": [transfer(1, asset="BTC")]}).encode()
    problem = send(client, TRANSFERS, body)
    assert problem["status"] == 422
    assert "the ledger holds 'ETH'" in problem["detail"]


def test_ten_megabytes_are_too_much(client: TestClient) -> None:
    body = b'{"wallet": "' + b"x" * 10_000_000 + b'"}'
    assert send(client, SCORE, body)["status"] == 413
    assert send(client, TRANSFERS, body)["status"] == 413

    def pieces() -> Iterator[bytes]:
        for at in range(0, len(body), 100_000):
            yield body[at : at + 100_000]

    assert send(client, SCORE, pieces())["status"] == 413  # chunked: no length to look at


def test_too_many_values_are_not_parsed(client: TestClient) -> None:
    for path in (TRANSFERS, "/v1/wallets/score:batch"):
        problem = send(client, path, b"[" + b"0," * 100_000 + b"0]")
        assert problem["status"] == 413
        assert "more than 100000 values" in problem["detail"]


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_the_media_type_must_be_json(client: TestClient, media: str) -> None:
    response = client.post(SCORE, content=b'{"wallet": "w1"}', headers={"content-type": media})
    assert response.status_code == 415
    assert response.json()["title"] == "Unsupported Media Type"
    charset = {"content-type": "application/json; charset=utf-8"}
    assert client.post(SCORE, content=b'{"wallet": "w1"}', headers=charset).status_code == 200


def test_unknown_routes_and_methods(client: TestClient) -> None:
    missing = client.get("/v1/nothing")
    assert (missing.status_code, missing.json()["instance"]) == (404, "/v1/nothing")
    wrong = client.get(SCORE)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert wrong.headers["content-type"] == "application/problem+json"


def test_a_journal_that_fails_is_a_503(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> int:
        raise JournalError("the journal did not take the transfers, none was added: disk is full")

    journal = client.app.state.endpoint.service.journal  # type: ignore[attr-defined]
    monkeypatch.setattr(journal, "append", full)
    response = client.post(TRANSFERS, json={"transfers": [transfer(1)]})
    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert "disk is full" in response.json()["detail"]


def test_a_defect_tells_nothing_of_the_inside(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    service = client.app.state.endpoint.service  # type: ignore[attr-defined]
    monkeypatch.setattr(service.scorer, "told", broken)
    quiet = TestClient(client.app, raise_server_exceptions=False)
    response = quiet.post(SCORE, json={"wallet": "w1"})
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert "secret" not in response.text
