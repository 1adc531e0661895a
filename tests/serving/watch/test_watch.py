"""Watch lists, as a caller and a receiver see them."""

import base64
import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from serving import watch as watch_room
from serving.records import RecordsError
from serving.watch import deliverer
from serving.watch.deliverer import Deliverer, _delay_s
from serving.watch.sending import Said
from tests import pages
from tests.serving.conftest import Start, TestClient, answered, transfer
from tests.serving.watch.receiver import Receiver, until

LIST = "/v1/watch/lists/customers"
Started = Callable[..., AbstractContextManager[TestClient]]


@pytest.fixture
def watching(start: Start, monkeypatch: pytest.MonkeyPatch) -> Started:
    """Start an endpoint that looks and sends at once, and may send to this machine."""
    monkeypatch.setattr(deliverer, "FIRST_S", 0.05)

    def started(**changes: Any) -> AbstractContextManager[TestClient]:
        quick = {"watch_debounce_s": 0.0, "webhook_networks": "127.0.0.0/8", "webhook_attempts": 4}
        return start(**(quick | changes))

    return started


def put(client: TestClient, url: str, *wallets: str, **asked: Any) -> dict[str, Any]:
    body = {"wallets": list(wallets), "callback": url} | asked
    response = client.put(LIST, json=body)
    assert response.status_code == 200, response.text
    made: dict[str, Any] = response.json()
    return made


def got(client: TestClient, path: str = LIST) -> dict[str, Any]:
    found: dict[str, Any] = client.get(path).json()
    return found


def looked_at(client: TestClient) -> None:
    until(lambda: all(one["band"] for one in got(client)["wallets"]))


def listing(client: TestClient, wallet: str) -> None:
    label = {"wallet": wallet, "label": "illicit", "category": "ransomware", "source": "police"}
    answered(client, "/v1/labels", {"labels": [label]})


def paid(client: TestClient, *wallets: str, first: int = 1) -> None:
    sent = [
        transfer(number, sender="w1", recipient=wallet)
        for number, wallet in enumerate(wallets, start=first)
    ]
    assert answered(client, "/v1/transfers", {"transfers": sent})["added"] == len(sent)


def test_a_list_that_names_a_wallet_is_told(watching: Started) -> None:
    with Receiver() as receiver, watching() as client:
        secret = put(client, f"{receiver.url}/hooks?a=b", "y", "z")["secret"]
        looked_at(client)
        listing(client, "z")
        (came,) = receiver.wait(1)
        assert came.path == "/hooks?a=b"
        verified = Verifier(secret).verify(came.body, came.headers)
        assert verified["type"] == "wallet.changed"
        data = verified["data"]
        assert (data["list"], data["wallet"]["address"]) == ("customers", "z")
        assert (data["changes"], data["known"]["entries"][0]["source"]) == (["listed"], "police")
        assert (data["before"]["band"], data["after"]["band"]) == ("unknown", "unknown")
        with pytest.raises(WebhookVerificationError):
            Verifier(secret).verify(came.body + b" ", came.headers)
        until(lambda: got(client)["waiting"] == 0)
        assert {one["wallet"]: one["listed"] for one in got(client)["wallets"]} == {
            "y": False, "z": True,
        }  # fmt: skip
        assert 'walletrisk_webhooks_total{outcome="delivered"} 1.0' in client.get("/metrics").text


def test_a_band_that_changes_with_transfers_is_told_once(watching: Started) -> None:
    with Receiver() as receiver, watching() as client:
        put(client, receiver.url, "x", "w5", thresholds={"seen": 0.0, "sure": 1.0})
        (first,) = receiver.wait(1)  # of w5, which is scored and so above the lowest band
        assert first.data["wallet"]["address"] == "w5"
        assert (first.data["before"], first.data["after"]["band"]) == (None, "seen")
        until(lambda: len([one for one in got(client)["wallets"] if one["band"]]) == 2)
        paid(client, "x", "x", "x")
        *_, second = receiver.wait(2)
        assert (second.data["before"]["band"], second.data["after"]["band"]) == ("unknown", "seen")
        asked = {"wallet": "x", "as_of": second.data["after"]["as_of"], "include": []}
        score = answered(client, "/v1/wallets/score", asked)
        assert score["probability"] == second.data["after"]["probability"]
        paid(client, "x", first=9)
        endpoint: Any = client.app.state.endpoint  # type: ignore[attr-defined]
        endpoint.models.on_change()  # another model answers: all are looked at
        until(lambda: len(endpoint.watch.watcher) == 0)
        time.sleep(0.3)
        assert len(receiver.came) == 2


def test_it_is_sent_again_until_it_is_taken(watching: Started) -> None:
    with Receiver(500, 302, 503) as receiver, watching() as client:
        put(client, receiver.url, "z")
        listing(client, "z")
        came = receiver.wait(4)
        assert len({one.id for one in came}) == 1
        assert {one.path for one in came} == {"/"}  # the redirect was not followed
        until(lambda: got(client)["waiting"] == 0)
        (done,) = got(client, "/v1/watch/deliveries?state=delivered")["deliveries"]
        assert (done["id"], done["attempts"], done["outcome"]) == (came[0].id, 4, "HTTP 204")


def test_what_is_given_up_is_listed_and_replayed(watching: Started) -> None:
    with Receiver(500, 410) as receiver, watching() as client:
        put(client, receiver.url, "z")
        listing(client, "z")
        until(lambda: got(client)["dead"] == 1)
        (dead,) = got(client, "/v1/watch/deliveries")["deliveries"]
        assert (dead["attempts"], dead["outcome"], dead["state"]) == (2, "HTTP 410", "dead")
        replayed = answered(client, "/v1/watch/deliveries:replay", {"ids": [dead["id"]]})
        assert replayed == {"replayed": 1}
        assert [one.id for one in receiver.wait(3)] == [dead["id"]] * 3
        until(lambda: got(client)["dead"] + got(client)["waiting"] == 0)
        assert answered(client, "/v1/watch/deliveries:replay", {}) == {"replayed": 0}


def test_a_kill_loses_nothing(watching: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any) -> None:
        raise RecordsError("the attempt was not noted: killed")

    with Receiver() as receiver:
        with watching() as client:
            monkeypatch.setattr(Deliverer, "_note", killed)
            put(client, receiver.url, "z")
            looked_at(client)
            listing(client, "z")
            receiver.wait(1)
        monkeypatch.undo()
        with watching() as client:
            first, second = receiver.wait(2)  # at least once, with the same id
            assert first.id == second.id
            endpoint: Any = client.app.state.endpoint  # type: ignore[attr-defined]
            endpoint.watch.watcher.touch = lambda *_: None  # killed before the look
            service = endpoint.service
            service.scorer.held.on_change = lambda _: None
            paid(client, "z", "z", "z")
        with watching() as client:
            *_, third = receiver.wait(3)  # what changed meanwhile is seen at the start
            assert (third.data["changes"], third.data["before"]["band"]) == (["band"], "unknown")


def test_a_slow_receiver_holds_nobody_up(watching: Started) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nx: " + b"y" * 10:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(0.05)

    with Receiver(drip) as receiver, watching(webhook_timeout_s=0.2, webhook_attempts=1) as client:
        put(client, receiver.url, "z")
        listing(client, "z")
        receiver.wait(1)
        started = time.perf_counter()
        answered(client, "/v1/wallets/score", {"wallet": "w1"})
        assert time.perf_counter() - started < 1.0
        until(lambda: got(client)["dead"] == 1)
        (dead,) = got(client, "/v1/watch/deliveries")["deliveries"]
        assert dead["outcome"] == "no answer within 0.2 s"


def test_what_is_no_http_or_not_there_is_no_answer(watching: Started) -> None:
    def babble(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"220 mail.example ready\r\n\r\n")

    with Receiver(babble) as receiver, watching(webhook_attempts=1) as client:
        put(client, receiver.url, "z")
        listing(client, "z")
        until(lambda: got(client)["dead"] == 1)
        put(client, "http://127.0.0.1:1", "z", "y")
        listing(client, "y")
        until(lambda: got(client)["dead"] == 2)
        said = [one["outcome"] for one in got(client, "/v1/watch/deliveries")["deliveries"]]
        assert said == ["the answer is no HTTP", "no connection, or no answer: "
                        "ConnectionRefusedError"]  # fmt: skip


def test_two_secrets_sign_while_they_are_rotated(watching: Started) -> None:
    with Receiver() as receiver, watching() as client:
        old = put(client, receiver.url, "z")
        new = answered(client, f"{LIST}/secrets", {})
        assert client.post(f"{LIST}/secrets", json={}).status_code == 409
        listing(client, "z")
        (came,) = receiver.wait(1)
        for secret in (old["secret"], new["secret"]):
            assert secret.startswith("whsec_")
            assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
            Verifier(secret).verify(came.body, came.headers)
        facts = got(client)
        assert [one["id"] for one in facts["secrets"]] == [new["secret_id"], old["secret_id"]]
        assert [one["ends_at"] is None for one in facts["secrets"]] == [True, False]
        shown = client.get(LIST).text + client.get("/v1/watch/lists").text
        assert "whsec" not in shown
        assert put(client, receiver.url, "z")["secret"] is None  # replaced, it keeps its secrets
        assert client.delete(f"{LIST}/secrets/{old['secret_id']}").json() == {"deleted": True}
        assert client.delete(f"{LIST}/secrets/{old['secret_id']}").status_code == 404
        assert client.delete(f"{LIST}/secrets/{new['secret_id']}").status_code == 409
        listing(client, "z")


def test_a_list_is_replaced_and_deleted(watching: Started) -> None:
    with watching() as client:
        put(client, "https://risk.example/a", "y", "w1", "w2")
        looked_at(client)
        before = {one["wallet"]: one["as_of"] for one in got(client)["wallets"]}
        assert put(client, "https://risk.example/b", "w2", "w3")["created"] is False
        looked_at(client)
        after = {one["wallet"]: one["as_of"] for one in got(client)["wallets"]}
        assert (set(after), after["w2"]) == ({"w2", "w3"}, before["w2"])
        (facts,) = got(client, "/v1/watch/lists")["lists"]
        assert (facts["callback"], facts["watched"]) == ("https://risk.example/b", 2)
        assert client.delete(LIST).json() == {"deleted": True}
        assert client.delete(LIST).status_code == client.get(LIST).status_code == 404
        assert got(client, "/v1/watch/lists") == {"lists": []}


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        (LIST, {"callback": "http://10.0.0.1/"}, "https, but for this machine itself"),
        (LIST, {"callback": "https://10.0.0.1/"}, "its address is not public"),
        (LIST, {"wallets": []}, "#/wallets"),
        (LIST, {"thresholds": {"high": 2}}, "#/thresholds/high"),
        ("/v1/watch/lists/a b", {}, "path or query"),
    ],
)
def test_wrong_lists_are_refused(
    client: TestClient, path: str, body: dict[str, Any], message: str
) -> None:
    plain = {"wallets": ["w1"], "callback": "https://risk.example/"}
    refused = client.put(path, json=plain | body)
    assert refused.status_code == 422
    assert message in refused.text


def test_attempts_are_further_apart_each_time_and_not_in_step() -> None:
    for attempts, about in ((1, 5), (2, 20), (3, 80), (9, 21_600), (50, 21_600)):
        delays = {_delay_s(attempts, None) for _ in range(5)}
        assert len(delays) == 5
        assert all(0.8 * about <= delay <= 1.2 * about for delay in delays)
    assert _delay_s(1, Said(503, 600)) == 600
    assert _delay_s(1, Said(503, 999_999)) == 21_600


def test_the_examples_of_the_page_are_taken(watching: Started) -> None:
    page = (Path(watch_room.__file__).parent / "README.md").read_text(encoding="utf-8")
    asked, told = (json.loads(block) for block in pages.blocks(page, "json"))
    (receiving,) = pages.blocks(page, "python")
    with Receiver() as receiver, watching() as client:
        made = put(client, receiver.url, *asked["wallets"], thresholds=asked["thresholds"])
        looked_at(client)
        listing(client, asked["wallets"][0])
        (came,) = receiver.wait(1)
        assert set(json.loads(came.body)["data"]) == set(told["data"])
        names: dict[str, Any] = {}
        exec(receiving, names)
        assert names["received"](made["secret"], came.body, came.headers) == json.loads(came.body)
