"""The routes, as a client sees them."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features import Ledger, RiskError
from features.table import feature_table
from features.views import definitions, feature_columns
from serving import create_app
from tests.serving.conftest import LATER, Start, TestClient, World, answered, settings, transfer

SCORE, TRACE, TRANSFERS = "/v1/wallets/score", "/v1/wallets/trace", "/v1/transfers"
PAST = LATER.isoformat()


def score(client: TestClient, wallet: object, **fields: Any) -> dict[str, Any]:
    return answered(client, SCORE, {"wallet": wallet} | fields)


def test_http_equals_batch_bit_for_bit(client: TestClient, world: World) -> None:
    ledger, model, labels = world.open()
    wallets = [f"w{number}" for number in range(60)]
    spine = pd.DataFrame({"wallet": wallets, "as_of": [LATER] * 60})
    said = model.score(ledger, spine, labels=labels)
    direct = model.predict_proba(feature_table(ledger, spine, labels=labels))
    for row, wallet in enumerate(wallets):
        answer = score(client, wallet, as_of=PAST)
        assert answer["status"] == "scored"
        assert answer["probability"] == said["probability"].iloc[row] == direct[row]
        parts = [reason["contribution"] for reason in answer["reasons"]]
        total = answer["base_log_odds"] + sum(parts) + answer["other_log_odds"]
        assert abs(total - answer["log_odds"]) < 1e-9


def test_a_wallet_can_be_named_in_two_ways(start: Start) -> None:
    with start(chain="ethereum") as client:
        plain = score(client, "w1", as_of=PAST)
        full = score(client, {"address": "w1", "chain": "ethereum"}, as_of=PAST)
        wrong = client.post(SCORE, json={"wallet": {"address": "w1", "chain": "tron"}})
    assert plain["wallet"] == full["wallet"] == {"address": "w1", "chain": "ethereum"}
    for drawn in ("id", "request_id"):
        assert plain.pop(drawn) != full.pop(drawn)
    assert plain == full
    assert wrong.status_code == 422
    assert "this endpoint serves 'ethereum'" in wrong.json()["detail"]


def test_a_wallet_is_met_in_every_spelling_and_answered_in_one(start: Start) -> None:
    wallet = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
    spellings = [wallet, "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", f" 0X{wallet[2:].upper()}"]
    received = [
        {"tx_id": f"spelt{at}", "timestamp": f"2024-06-0{at + 1}T00:00:00Z", "sender": sender,
         "recipient": "w1", "amount": 1.0, "asset": "ETH"}
        for at, sender in enumerate(spellings)
    ]  # fmt: skip
    with start() as client:
        assert client.post("/v1/transfers", json={"transfers": received}).json()["added"] == 3
        again = client.post("/v1/transfers", json={"transfers": received}).json()
        answers = [score(client, spelling, as_of=PAST) for spelling in spellings]
        trace = client.post("/v1/wallets/trace", json={"wallet": spellings[1], "as_of": PAST})
        wrong = client.post(SCORE, json={"wallet": spellings[1].replace("Aed", "aed")})
    assert again["duplicates"] == 3
    assert {answer["wallet"]["address"] for answer in answers} == {wallet}
    assert {answer["coverage"]["transfers_out"] for answer in answers} == {3}
    assert trace.json()["wallet"]["address"] == wallet
    assert wrong.status_code == 422
    assert "has a wrong checksum" in wrong.json()["detail"]


def test_the_score_alone(client: TestClient) -> None:
    bare = score(client, "w1", as_of=PAST, include=[])
    full = score(client, "w1", as_of=PAST)
    assert bare["reasons"] is bare["base_log_odds"] is bare["other_log_odds"] is None
    assert bare["probability"] == full["probability"]


def test_an_unknown_wallet_is_answered_and_not_called_low(client: TestClient) -> None:
    answer = score(client, "nobody")
    assert answer["status"] == "unknown_wallet"
    assert answer["band"] == "unknown"
    assert answer["probability"] == answer["base_rate"]
    assert score(client, "w1", as_of="2023-01-01T00:00:00Z")["status"] == "unknown_wallet"
    assert score(client, "w\N{SNOWMAN}'; --")["wallet"]["address"] == "w\N{SNOWMAN}'; --"


@pytest.mark.parametrize(
    ("as_of", "message"),
    [
        ("2024-05-01T00:00:00", "ISO 8601 with an offset, such as 2026-01-31T09:30:00Z"),
        ("2250-01-01T00:00:00Z", "lies in the future"),
        (1_700_000_000, "ISO 8601 with an offset"),
    ],
)
def test_as_of_is_a_past_instant(client: TestClient, as_of: object, message: str) -> None:
    response = client.post(SCORE, json={"wallet": "w1", "as_of": as_of})
    assert response.status_code == 422
    assert message in response.text


@pytest.mark.parametrize("wallet", [5, None, ["w1"]])
def test_a_wallet_is_text_or_an_object(client: TestClient, wallet: object) -> None:
    for route in (SCORE, TRACE):
        (mistake,) = client.post(route, json={"wallet": wallet}).json()["errors"]
        assert mistake == {
            "pointer": "#/wallet",
            "detail": "Input should be text, or an object with address and chain",
        }


def test_transfers_are_visible_in_the_next_request(client: TestClient) -> None:
    assert score(client, "x")["status"] == "unknown_wallet"
    batch = [transfer(number, recipient="x", amount=str(number / 3)) for number in range(1, 6)]
    response = client.post(TRANSFERS, json={"transfers": [*batch, batch[0]]})
    assert response.status_code == 200
    assert response.json() == {"added": 5, "duplicates": 1, "journal_seq": 5}
    answer = score(client, "x")
    assert answer["status"] == "scored"
    assert answer["coverage"]["transfers_in"] == 5


def test_later_transfers_change_no_past_score(client: TestClient) -> None:
    def past() -> list[dict[str, Any]]:
        answers = [score(client, wallet, as_of=PAST) for wallet in ("w1", "w2", "w30", "x")]
        return [
            {k: v for k, v in answer.items() if k not in {"id", "request_id", "coverage"}}
            for answer in answers
        ]

    before = past()
    batch = [transfer(number, recipient="x" if number % 2 else "w30") for number in range(40)]
    client.post(TRANSFERS, json={"transfers": batch}).raise_for_status()
    assert past() == before
    assert score(client, "x")["status"] == "scored"


def test_ten_thousand_transfers_in_one_request(client: TestClient) -> None:
    batch = [transfer(number, sender=f"s{number % 97}") for number in range(10_000)]
    response = client.post(TRANSFERS, json={"transfers": batch})
    assert response.json() == {"added": 10_000, "duplicates": 0, "journal_seq": 10_000}
    more = client.post(TRANSFERS, json={"transfers": [*batch, transfer(10_000)]})
    assert more.status_code == 422
    assert more.json()["errors"][0]["pointer"] == "#/transfers"


def test_a_conflict_names_both_and_adds_nothing(client: TestClient) -> None:
    client.post(TRANSFERS, json={"transfers": [transfer(1)]}).raise_for_status()
    response = client.post(TRANSFERS, json={"transfers": [transfer(2), transfer(1, amount="2.5")]})
    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"
    assert "amount 1.5" in response.json()["detail"]
    assert "amount 2.5" in response.json()["detail"]
    added = client.post(TRANSFERS, json={"transfers": [transfer(2)]}).json()
    assert added == {"added": 1, "duplicates": 0, "journal_seq": 2}


def test_transfers_outlive_a_restart(start: Start) -> None:
    with start() as client:
        batch = [transfer(number, recipient="x", amount=0.1 + number) for number in range(5)]
        client.post(TRANSFERS, json={"transfers": batch}).raise_for_status()
        before = score(client, "x", as_of="2025-01-01T00:00:00Z")
    with start() as client:
        after = score(client, "x", as_of="2025-01-01T00:00:00Z")
        assert client.post(TRANSFERS, json={"transfers": batch}).json()["duplicates"] == 5
    assert before["status"] == "scored"
    for drawn in ("id", "request_id"):
        assert before.pop(drawn) != after.pop(drawn)
    assert before == after


def test_a_batch_answers_each_item(client: TestClient) -> None:
    items = [
        {"wallet": "w1", "as_of": PAST},
        {"wallet": "w1", "as_of": "2250-01-01T00:00:00Z"},
        {"wallet": "nobody", "include": []},
    ]
    response = client.post("/v1/wallets/score:batch", json={"items": items})
    assert response.status_code == 200
    first, second, third = response.json()["items"]
    single = score(client, "w1", as_of=PAST)
    drawn = {"id": None, "request_id": None}
    assert {**first, **drawn} == {**single, **drawn}
    assert second["status"] == 422
    assert "lies in the future" in second["detail"]
    assert third["status"] == "unknown_wallet"


def test_a_batch_is_bounded(client: TestClient) -> None:
    for items in ([], [{"wallet": "w1"}] * 1_001):
        response = client.post("/v1/wallets/score:batch", json={"items": items})
        assert response.status_code == 422


def test_the_model_says_what_it_is(client: TestClient, world: World) -> None:
    _, model, _ = world.open()
    answer = client.get("/v1/model").json()
    assert answer["version"] == model.version
    assert answer["kind"] == "lightgbm"
    assert tuple(answer["feature_names"]) == model.feature_names
    assert answer["bands"]["version"] == "default-1"
    learnt_from = model.manifest.chain, model.manifest.unit, list(model.manifest.assets)
    assert (answer["chain"], answer["unit"], answer["assets"]) == learnt_from
    assert answer["unit"]
    assert score(client, "w1")["model"] == {
        key: answer[key] for key in score(client, "w1")["model"]
    }


def test_features_say_what_they_are(client: TestClient) -> None:
    answer = client.get("/v1/features").json()
    model = client.get("/v1/model").json()
    assert answer["version"] == definitions()
    assert re.fullmatch("[0-9a-f]+", model["feature_definitions"])
    assert [column["name"] for column in answer["columns"]] == [
        column.name for column in feature_columns()
    ]
    used = {column["name"] for column in answer["columns"] if column["used"]}
    assert used == set(model["feature_names"])
    burst = next(c for c in answer["columns"] if c["name"] == "timing_burstiness_in_ratio")
    assert burst["view"] == "timing"
    assert burst["unit"] == "ratio"
    assert burst["source"].startswith("Goh and Barabasi 2008")
    assert (burst["scale_free"], burst["calendar"]) == (True, False)


def test_ready_only_between_start_and_stop(world: World, tmp_path: Path) -> None:
    app = create_app(settings(world, tmp_path))
    outside = TestClient(app)
    for _ in range(2):
        assert outside.get("/livez").json() == {"status": "live"}
        for method, path in (("GET", "/readyz"), ("POST", SCORE), ("GET", "/v1/model")):
            response = outside.request(method, path)
            assert response.status_code == 503
            assert response.headers["content-type"] == "application/problem+json"
        with TestClient(app) as client:
            assert client.get("/readyz").json() == {"status": "ready"}


def test_a_start_that_fails_says_why(world: World, tmp_path: Path) -> None:
    def start(**changes: Any) -> None:
        with TestClient(create_app(settings(world, tmp_path, **changes))):
            pytest.fail("started")

    with pytest.raises(RiskError, match="nowhere"):
        start(ledger=tmp_path / "nowhere")
    with pytest.raises(RiskError, match="no model folder"):
        start(model=tmp_path)
    with pytest.raises(RiskError, match="no usable database URL"):
        start(journal="dragons")
    (tmp_path / "labels.csv").write_text("wallet,label,known_at\nw1,bad,2024-01-01T00:00:00Z\n")
    with pytest.raises(RiskError, match="label is not one of"):
        start(labels=tmp_path / "labels.csv")


def test_two_endpoints_cannot_share_a_journal(start: Start) -> None:
    with start(), pytest.raises(RiskError, match="one process at a time"), start():
        pytest.fail("started")


def test_a_journal_saved_into_the_ledger_replays_to_nothing(
    start: Start, world: World, tmp_path: Path
) -> None:
    with start() as client:
        client.post(TRANSFERS, json={"transfers": [transfer(1)]}).raise_for_status()
        before = score(client, "w2", as_of="2025-01-01T00:00:00Z")
    merged = Ledger.open(world.ledger)
    frame = pd.DataFrame([transfer(1, amount=1.5)])
    merged.append(frame)
    merged.save(tmp_path / "merged")
    with start(ledger=tmp_path / "merged") as client:
        after = score(client, "w2", as_of="2025-01-01T00:00:00Z")
    assert before["probability"] == after["probability"]


def test_answers_are_plain_json(client: TestClient) -> None:
    response = client.post(SCORE, json={"wallet": "nobody"})

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    json.loads(response.content, parse_constant=refuse)
    assert response.headers["content-type"] == "application/json"
