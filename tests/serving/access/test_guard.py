"""Who gets in, as what, and how often."""

import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from serving import create_app
from serving.access import keys
from serving.access.caller import Scope
from serving.access.failures import ADDRESSES, Failures
from serving.access.guard import PUBLIC
from serving.access.key_text import new_key
from serving.clock import now_us
from serving.records import Records
from tests.serving.conftest import Start, TestClient, World, settings

SCORE = "/v1/wallets/score"
Q = {"wallet": "w1"}
Make = Callable[..., str]


@pytest.fixture(scope="module")
def opened(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TestClient, Make]]:
    """An endpoint that asks for keys, and what makes them."""
    folder = tmp_path_factory.mktemp("guarded")
    url = f"sqlite:///{folder / 'records.sqlite'}"
    chosen = settings(world, folder, no_keys=False, records=url)
    with TestClient(create_app(chosen), client=("192.0.2.7", 1)) as client:
        beside = Records(url)  # as a command has it open

        def make(name: str, *scopes: Scope, **further: Any) -> str:
            text, _ = keys.create(beside, name, scopes or (Scope.SCORE,), **further)
            client.app.state.endpoint.keys.refresh()  # type: ignore[attr-defined]
            return text

        yield client, make
        beside.close()


@pytest.fixture
def guarded(opened: tuple[TestClient, Make]) -> TestClient:
    return opened[0]


@pytest.fixture
def make(opened: tuple[TestClient, Make]) -> Make:
    return opened[1]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_nothing_but_probes_answers_without_a_key(guarded: TestClient) -> None:
    document = guarded.app.openapi()  # type: ignore[attr-defined]
    told = {(path, method) for path, methods in document["paths"].items() for method in methods}
    told |= {(path, "get") for path in ("/docs", "/redoc", "/openapi.json", "/nowhere")}
    told |= {("/livez", "post"), ("/livez/", "get"), ("/livez/../docs", "get")}
    for path, method in told:
        response = guarded.request(method, path, json={} if method == "post" else None)
        if path in PUBLIC and method == "get":
            assert response.status_code == 200, path
            continue
        assert response.status_code == 401, (method, path)
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["www-authenticate"] == 'Bearer realm="walletrisk"'


@pytest.mark.parametrize("how", ["bearer", "header", "password", "user"])
def test_a_key_comes_in_four_ways(guarded: TestClient, make: Make, how: str) -> None:
    key = make(how)

    def basic(text: str) -> dict[str, str]:
        return {"Authorization": f"Basic {b64encode(text.encode()).decode()}"}

    headers = {
        "bearer": bearer(key),
        "header": {"X-API-Key": key},
        "password": basic(f"anyone:{key}"),
        "user": basic(f"{key}:"),
    }[how]
    assert guarded.post(SCORE, json=Q, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    ["Bearer", "Bearer ", "Bearer x", "Basic !!!", "Basic Og==", "Digest x", "\xff", "Bearer \xff"],
)  # fmt: skip
def test_what_is_no_key_opens_nothing(guarded: TestClient, authorization: str) -> None:
    guarded.app.state.failures.forget()  # type: ignore[attr-defined]
    headers = {"Authorization": authorization.encode("latin-1")}
    response = guarded.get("/v1/model", headers=headers)
    assert response.status_code == 401
    assert "xff" not in response.text


def test_a_key_of_another_endpoint_opens_nothing(guarded: TestClient, make: Make) -> None:
    stranger, _ = new_key()
    mixed = make("mixed")[:15] + stranger[15:]
    for wrong in (stranger, mixed):
        response = guarded.get("/v1/model", headers=bearer(wrong))
        assert response.status_code == 401
        assert response.headers["www-authenticate"].endswith('error="invalid_token"')
        assert wrong not in response.text


def test_a_key_may_do_what_its_scopes_say(guarded: TestClient, make: Make) -> None:
    asking = bearer(make("asks", Scope.SCORE))
    assert guarded.get("/v1/model", headers=asking).status_code == 200
    for path, scope in (("/v1/retractions", "write"), ("/v1/transfers", "write")):
        refused = guarded.post(path, json={"tx_ids": ["t1"]}, headers=asking)
        assert refused.status_code == 403
        assert f'scope="{scope}"' in refused.headers["www-authenticate"]
        assert "'asks' has score" in refused.json()["detail"]
    assert guarded.get("/metrics", headers=asking).status_code == 403
    every = bearer(make("all", *(set(Scope) - {Scope.SCORE})))
    assert guarded.post(SCORE, json=Q, headers=every).status_code == 403
    assert guarded.get("/metrics", headers=every).status_code == 200


def test_a_revoked_key_is_refused_within_a_second_or_so(guarded: TestClient, make: Make) -> None:
    key = make("leaves")
    assert guarded.get("/v1/model", headers=bearer(key)).status_code == 200
    keys.revoke(guarded.app.state.endpoint.records, "leaves")  # type: ignore[attr-defined]
    end = time.monotonic() + 3
    while (said := guarded.get("/v1/model", headers=bearer(key))).status_code == 200:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert said.status_code == 401
    assert "is revoked" in said.json()["detail"]


def test_a_key_ends_by_the_clock(
    guarded: TestClient, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = now_us() + 3_600_000_000
    key = make("brief", expires_at_us=end)
    assert guarded.get("/v1/model", headers=bearer(key)).status_code == 200
    monkeypatch.setattr("serving.access.keyring.now_us", lambda: end)
    assert "is expired" in guarded.get("/v1/model", headers=bearer(key)).json()["detail"]


def test_the_last_use_is_written_down(guarded: TestClient, make: Make) -> None:
    guarded.get("/v1/model", headers=bearer(make("seen")))
    ring = guarded.app.state.endpoint.keys  # type: ignore[attr-defined]
    ring.refresh()
    (key,) = [one for one in keys.all_keys(ring._records) if one.name == "seen"]
    assert key.last_used_at_us == pytest.approx(now_us(), abs=5_000_000)


def test_the_audit_has_what_becomes_of_keys(guarded: TestClient, make: Make) -> None:
    endpoint = guarded.app.state.endpoint  # type: ignore[attr-defined]
    told: list[tuple[str, Any]] = []
    endpoint.keys.report_to(lambda kind, facts: told.append((kind, facts)))
    text = make("audited")
    guarded.get("/v1/model", headers=bearer(text))
    endpoint.keys.refresh()
    keys.revoke(endpoint.records, "audited")
    endpoint.keys.refresh()
    assert [kind for kind, _ in told] == ["keys", "key", "key"]
    assert [facts["state"] for _, facts in told[1:]] == ["live", "revoked"]
    assert text[15:] not in str(told)


def test_who_fails_often_waits_and_who_has_a_key_does_not(guarded: TestClient, make: Make) -> None:
    key = make("honest")
    wrong = bearer(new_key()[0])
    answers = [guarded.get("/v1/model", headers=wrong) for _ in range(12)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert guarded.get("/v1/model", headers=bearer(key)).status_code == 200
    assert guarded.get("/v1/model").status_code == 401  # so that a browser asks for a key


def test_failures_are_counted_by_network_and_forgotten() -> None:
    failures = Failures()
    for number in range(20):
        waits = failures.wait_s(f"2001:db8::{number:x}", 0.0)
    assert waits > 0
    assert failures.wait_s("2001:db8:0:1::1", 0.0) == 0
    for number in range(ADDRESSES):
        failures.wait_s(f"host{number}", 0.0)
    assert failures.wait_s("2001:db8::1", 0.0) == 0


def test_a_key_asks_as_often_as_it_may(guarded: TestClient, make: Make) -> None:
    slow, free = bearer(make("slow", rate_per_s=0.3)), bearer(make("free"))
    answers = [guarded.get("/v1/model", headers=slow) for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"key";q=3;w=10'
    assert re.fullmatch('"key";r=2;t=[34]', answers[0].headers["ratelimit"])
    assert re.fullmatch("[1-4]", answers[3].headers["retry-after"])
    assert answers[3].json()["status"] == 429
    assert guarded.get("/v1/model", headers=free).status_code == 200
    assert "ratelimit" not in guarded.get("/v1/model", headers=free).headers


def test_a_batch_counts_its_wallets(guarded: TestClient, make: Make) -> None:
    key = bearer(make("batches", rate_per_s=2.0))
    body = {"items": [{"wallet": "w1", "include": []}] * 30}
    assert guarded.post(f"{SCORE}:batch", json=body, headers=key).status_code == 200
    later = guarded.post(f"{SCORE}:batch", json=body, headers=key)
    assert later.status_code == 429
    assert int(later.headers["retry-after"]) in (5, 6)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://proxied.example"}, 200),
        ({"Origin": "http://testserver"}, 200),
    ],
)
def test_a_page_of_another_site_changes_nothing(
    guarded: TestClient, opened: tuple[TestClient, Make], headers: dict[str, str], status: int
) -> None:
    key = opened[1](f"page{abs(hash(str(headers)))}")
    told = guarded.post(SCORE, json=Q, headers=bearer(key) | headers)
    assert told.status_code == status


def test_a_browser_is_asked_for_a_key(guarded: TestClient) -> None:
    response = guarded.get("/docs", headers={"Accept": "text/html,*/*"})
    assert response.headers["www-authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize(
    "further",
    [
        {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}, {"X-Real-IP": "::1"},
        {"Via": "1.1 proxy"}, {"X-Forwarded-Proto": "https"},
    ],
)  # fmt: skip
def test_without_keys_nothing_that_a_proxy_passed_on_is_answered(
    client: TestClient, further: dict[str, str]
) -> None:
    assert client.post(SCORE, json=Q).status_code == 200
    assert client.post(SCORE, json=Q, headers=further).status_code == 403
    assert client.get("/livez", headers=further).status_code == 200


def test_without_keys_no_other_machine_is_answered(start: Start) -> None:
    with start() as client:
        for address, status in (("127.0.0.2", 200), ("::1", 200), ("192.0.2.1", 403), ("x", 403)):
            other = TestClient(client.app, client=(address, 1))
            assert other.get("/v1/model").status_code == status


def test_a_request_keeps_its_number(client: TestClient) -> None:
    given = "7d444840-9dc0-11d1-b245-5ffdce74fad2"
    problem = client.post(SCORE, json={"wallet": 5}, headers={"X-Request-ID": given})
    assert problem.headers["x-request-id"] == problem.json()["request_id"] == given


@pytest.mark.parametrize(
    "given", ["", "0x90F79bf6EB2c4f870365E785982E1f101E93b906", "a" * 500, "1A1zP1eP5QGefi2DMPTfTL"]
)
def test_a_number_that_may_be_a_wallet_is_not_taken(client: TestClient, given: str) -> None:
    response = client.post(SCORE, json={"wallet": 5}, headers={"X-Request-ID": given})
    assert re.fullmatch("[0-9a-f]{32}", response.json()["request_id"])
    assert response.headers["x-request-id"] == response.json()["request_id"]
