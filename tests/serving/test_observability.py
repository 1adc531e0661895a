"""What is measured, and that no wallet is in it."""

import re

from prometheus_client.parser import text_string_to_metric_families

from serving.observability import Metrics
from tests.serving.conftest import Start, TestClient, transfer


def samples(text: str) -> dict[tuple[str, str, str], float]:
    """Value by (name, route or other first label, outcome)."""
    return {
        (one.name, one.labels.get("route", ""), one.labels.get("outcome", "")): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_requests_scores_and_transfers_are_counted(client: TestClient) -> None:
    for wallet in ("w1", "w2", "nobody"):
        client.post("/v1/wallets/score", json={"wallet": wallet})
    client.post("/v1/wallets/score", json={"wallet": 5})
    client.post("/v1/wallets/trace", json={"wallet": "w1"})
    client.get("/v1/secret-wallet")
    client.post("/v1/transfers", json={"transfers": [transfer(1), transfer(1), transfer(2)]})
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    found = samples(response.text)
    requests = "walletrisk_requests_total"
    assert found[requests, "/v1/wallets/score", "200"] == 3
    assert found[requests, "/v1/wallets/score", "422"] == 1
    assert found[requests, "unmatched", "404"] == 1
    assert found["walletrisk_score_seconds_count", "", "scored"] == 2
    assert found["walletrisk_score_seconds_count", "", "unknown_wallet"] == 1
    stages = re.findall(r'stage_seconds_count\{.*stage="(\w+)"\} (\S+)', response.text)
    assert dict(stages) == dict.fromkeys(("parse", "view", "model", "explain", "write"), "3.0")
    assert found["walletrisk_score_probability_count", "", ""] == 2
    assert found["walletrisk_trace_seconds_count", "", "traced"] >= 1
    assert found["walletrisk_transfers_total", "", "added"] == 2
    assert found["walletrisk_transfers_total", "", "duplicate"] == 1
    version = client.get("/v1/model").json()["version"]
    assert f'model_version="{version}"' in response.text


def test_no_wallet_becomes_a_label(client: TestClient) -> None:
    client.post("/v1/wallets/score", json={"wallet": "very-private"})
    client.get("/v1/very-private")
    client.post("/v1/transfers", json={"transfers": [transfer(1, sender="very-private")]})
    assert "very-private" not in client.get("/metrics").text


def test_two_endpoints_count_apart(start: Start) -> None:
    for _ in range(2):
        with start() as client:
            client.post("/v1/wallets/score", json={"wallet": "w1"})
            found = samples(client.get("/metrics").text)
            assert found["walletrisk_requests_total", "/v1/wallets/score", "200"] == 1


def test_measures_before_the_first_request() -> None:
    assert b"walletrisk_score_probability" in Metrics().text()


def test_the_age_of_the_ledger_is_measured(client: TestClient) -> None:
    found = samples(client.get("/metrics").text)
    assert found["walletrisk_ledger_age_seconds", "", ""] > 2 * 365 * 86_400
