"""Requests with a key are done once, whatever becomes of their answers."""

import asyncio
import json
import re
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from serving.access.caller import Caller, Scope
from serving.idempotency import AnsweredRequests, held_key, operation
from serving.records import RecordsError
from tests.serving.conftest import Start, TestClient, transfer
from walletrisk import run

ROUTE = "/v1/transfers"
CHANGES = re.compile(
    "/v1/(transfers$|retractions|contradictions:resolve|checkpoint|labels(:end)?$|feedback|models:|watch/deliveries:replay)"
)


def post(client: TestClient, key: str, *numbers: int) -> httpx.Response:
    body = {"transfers": [transfer(number) for number in numbers]}
    response: httpx.Response = client.post(ROUTE, json=body, headers={"Idempotency-Key": key})
    return response


def test_the_same_request_is_answered_again_and_not_done_again(start: Start) -> None:
    with start() as client:
        first = post(client, "one", 1, 2)
        again = post(client, "one", 1, 2)
        assert first.json()["added"] == 2
        assert "idempotency-replayed" not in first.headers
        assert again.headers["idempotency-replayed"] == "true"
    with start() as client:  # also after a restart
        later = post(client, '"one"', 1, 2)
        assert client.post(ROUTE, json=json.loads(first.request.content)).json()["added"] == 0
    assert first.content == again.content == later.content
    assert again.headers["content-type"] == "application/json"


def test_a_key_is_of_one_request(client: TestClient) -> None:
    assert post(client, "one", 1).status_code == 200
    other = post(client, "one", 2)
    assert (other.status_code, other.headers["content-type"]) == (422, "application/problem+json")
    assert "came with another request before" in other.json()["detail"]
    elsewhere = client.post(
        "/v1/retractions", json={"tx_ids": ["new1"]}, headers={"Idempotency-Key": "one"}
    )
    assert elsewhere.status_code == 422
    assert client.post(ROUTE, json={"transfers": [transfer(2)]}).json()["added"] == 1


def test_what_was_refused_changed_nothing_and_frees_its_key(client: TestClient) -> None:
    body = {"transfers": [transfer(1, asset="BTC")]}
    refused = client.post(ROUTE, json=body, headers={"Idempotency-Key": "one"})
    assert refused.status_code == 422
    assert "the ledger holds 'ETH'" in refused.json()["detail"]
    assert post(client, "one", 1).json()["added"] == 1


def test_a_key_is_visible_ascii(client: TestClient) -> None:
    for key in ("", '"', '""', "a b", "x" * 256, "e\xe9"):
        headers = {"idempotency-key": key.encode("latin-1")}
        refused = client.post(ROUTE, json={"transfers": [transfer(1)]}, headers=headers)
        assert refused.status_code == 400
        assert "header Idempotency-Key: one text of 1 to 255" in refused.json()["detail"]


def test_one_at_a_time(client: TestClient) -> None:
    async def both() -> list[httpx.Response]:
        transport = httpx.ASGITransport(client.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as asked:
            body = {"transfers": [transfer(1)]}
            headers = {"Idempotency-Key": "one"}
            sent = [asked.post(ROUTE, json=body, headers=headers) for _ in range(2)]
            return await asyncio.gather(*sent)

    answers = sorted(asyncio.run(both()), key=lambda one: one.status_code)
    assert [one.status_code for one in answers] == [200, 409]
    assert answers[1].headers["retry-after"] == "1"
    assert post(client, "one", 1).json() == answers[0].json()


def test_a_kill_between_doing_and_answering_neither_doubles_nor_loses(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise RecordsError("it was done, but its answer was not kept: killed")

    with start() as client:
        monkeypatch.setattr(AnsweredRequests, "_keep", killed)
        assert post(client, "one", 1, 2).status_code == 503
        monkeypatch.undo()
    with start() as client:
        assert post(client, "one", 3).status_code == 422  # the key was on disk first
        again = post(client, "one", 1, 2)
        assert (again.json()["added"], again.json()["duplicates"]) == (0, 2)
        assert post(client, "one", 1, 2).json() == again.json()


def test_keys_end(start: Start) -> None:
    with start(keep_keys_s=1e-6) as client:
        assert post(client, "one", 1).json()["added"] == 1
        assert post(client, "one", 2).json()["added"] == 1


def test_keys_are_their_callers() -> None:
    def of(name: str, *keys: bytes) -> Request:
        headers = [(b"idempotency-key", key) for key in keys]
        who = Caller(name, frozenset({Scope.WRITE}))
        return Request({"type": "http", "headers": headers, "caller": who})

    assert held_key(of("a", b"k")) == held_key(of("a", b'"k"')) != held_key(of("b", b"k"))
    assert operation(of("a", b"k")) != operation(of("b", b"k"))
    assert held_key(of("a")) is None
    assert operation(of("a")) is None


def test_every_route_that_changes_something_takes_a_key(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    taking = {
        path
        for path, methods in document["paths"].items()
        for one in methods.get("post", {}).get("parameters", ())
        if one["name"] == "Idempotency-Key"
    }
    posts = {path for path, methods in document["paths"].items() if "post" in methods}
    assert {path for path in posts if CHANGES.match(path)} == taking


def test_a_url_is_text(client: TestClient) -> None:
    wrong = (("/v1/%00", "path"), ("/v1/model?a=%ED%A0%80", "query"), ("/%ff", "path"))
    for url, place in wrong:
        refused = client.get(url)
        assert refused.status_code == 400
        assert refused.json()["detail"].startswith(f"the {place} of the URL is no UTF-8 text")
    assert client.get("/livez?a=%C3%A4").status_code == 200


NO_TEXT = [
    (rb'{"wallet": "a\u0000"}', 422, "#/wallet"),
    (rb'{"wallet": "a", "as_of": "2024-01-01T00:00:00Z\u0000"}', 422, "#/as_of"),
    (rb'{"wallet": "a", "context": {"a\u0000": 1}}', 422, "context"),
    (rb'{"wallet": "a\ud800"}', 400, "hex escape at line 1 column 20"),
    (rb'{"wallet": "a", "\udc00": 1}', 400, "hex escape at line 1 column 2"),
    (b'{"wallet": "a\xed\xa0\x80"}', 400, "line 1 column"),
    (b'{"wallet": "a\0"}', 400, "line 1 column 14"),
]


def test_a_body_is_text(client: TestClient) -> None:
    headers = {"content-type": "application/json"}
    for body, status, place in NO_TEXT:
        refused = client.post("/v1/wallets/score", content=body, headers=headers)
        assert refused.status_code == status, refused.text
        assert place in refused.text


def test_an_argument_of_the_command_line_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", "w\udcff", "--ledger", "ledger", "--model", "model"]) == 2
    assert "text that is no UTF-8" in capsys.readouterr().err
