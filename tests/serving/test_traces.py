"""What a trace answers, as a client sees it: trails, and flows of money."""

from typing import Any

import pandas as pd
import pytest

from features import trace
from features.trails.flow import DIRECTIONS
from tests.serving.conftest import LATER, Start, TestClient, World, answered, transfer

SCORE, TRACE, TRANSFERS = "/v1/wallets/score", "/v1/wallets/trace", "/v1/transfers"
PAST = LATER.isoformat()


def trace_of(client: TestClient, wallet: str, **asked: str) -> dict[str, Any]:
    return answered(client, TRACE, {"wallet": wallet} | asked)


def test_a_trace_is_that_of_the_library(client: TestClient, world: World) -> None:
    ledger, _, labels = world.open()
    known = 0
    for number in range(0, 60, 7):
        wallet = f"w{number}"
        answer = trace_of(client, wallet, as_of=PAST)
        assert answer["wallet"]["address"] == wallet
        expected = trace(ledger, wallet, LATER, labels=labels)
        rows = [
            {"columns": ", ".join(trail["columns"]), "trail": number}
            | row
            | {"category": trail["category"]}
            for number, trail in enumerate(answer["trails"])
            for row in trail["transfers"]
        ]
        found = pd.DataFrame(rows, columns=expected.columns)
        times = pd.to_datetime(found["timestamp"]).astype("datetime64[us, UTC]")
        assert found["timestamp"].str.endswith("Z").all()
        pd.testing.assert_frame_equal(
            found.assign(timestamp=times), expected, check_dtype=False, check_index_type=False
        )
        known += len(found)
    assert known


def test_a_trace_bears_the_number_of_its_request(client: TestClient) -> None:
    answer = client.post("/v1/wallets/trace", json={"wallet": "w1"})
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_a_trace_says_what_stands_behind_it(client: TestClient, start: Start) -> None:
    known = trace_of(client, "w1", as_of=PAST)
    assert (known["status"], known["labels"], known["truncated"]) == ("traced", True, False)
    scored = client.post(SCORE, json={"wallet": "w1", "as_of": PAST}).json()
    assert known["coverage"] == scored["coverage"]
    assert known["as_of"] == "2024-09-07T00:00:00.000000Z"
    for nothing in (trace_of(client, "nobody"), trace_of(client, "w1", as_of="2023-01-01T00:00Z")):
        assert (nothing["status"], nothing["trails"]) == ("unknown_wallet", [])
        assert nothing["coverage"]["transfers_in"] == 0


def test_a_trace_sees_new_transfers_and_not_the_future(client: TestClient) -> None:
    def tx_ids(**asked: str) -> list[str]:
        trails = trace_of(client, "x", **asked)["trails"]
        return [row["tx_id"] for trail in trails for row in trail["transfers"]]

    assert tx_ids() == []
    sent = transfer(1, recipient="x", timestamp="2024-12-01T00:00:00.000001Z")
    client.post(TRANSFERS, json={"transfers": [sent]}).raise_for_status()
    assert "new1" in tx_ids()
    assert tx_ids(as_of="2024-12-01T00:00:00.000001Z") == []


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"wallet": "w1", "as_of": "2250-01-01T00:00:00Z"}, 422),
        ({"wallet": {"address": "w1", "chain": "tron"}}, 422),
        ({"wallet": "w1", "include": []}, 422),
        ({"wallet": "w" * 20_000}, 413),
    ],
)
def test_a_trace_is_refused_as_a_score_is(
    client: TestClient, asked: dict[str, Any], status: int
) -> None:
    response = client.post(TRACE, json=asked)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_a_flow_is_that_of_the_library(client: TestClient, world: World) -> None:
    ledger, _, labels = world.open()
    followed = 0
    for number in range(0, 60, 7):
        wallet = f"w{number}"
        for direction in DIRECTIONS:
            answer = trace_of(client, wallet, as_of=PAST, direction=direction)
            expected = trace(ledger, wallet, LATER, labels=labels, direction=direction)
            flow = answer["flow"]
            assert answer["trails"] == []
            assert flow["total_amount"] == pytest.approx(expected.total)
            assert flow["kept_amount"] >= 0.95 * flow["followed_amount"] - 1e-9
            assert flow["not_shown"] == 0
            for row in flow["payments"]:
                assert max(row["source"], row["target"]) < len(flow["transfers"])
            followed += len(flow["transfers"])
    assert followed
    assert trace_of(client, "nobody", direction="forward")["flow"]["transfers"] == []


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"direction": "sideways"}, "#/direction"),
        ({"to": ["w2"]}, "#"),
        ({"direction": "forward", "to": []}, "#/to"),
        ({"direction": "forward", "share": 0}, "#/share"),
    ],
)
def test_a_bad_flow_is_refused(client: TestClient, asked: dict[str, Any], pointer: str) -> None:
    response = client.post(TRACE, json={"wallet": "w1"} | asked)
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"].startswith(pointer)
