"""What if transfers had been made: the answer of a ledger that holds them, and nothing changed."""

from typing import Any

import pandas as pd
import pytest

from features import RiskError, Transfer
from serving.commands import supposed
from serving.ledger_settings import Bands
from serving.schemas.values import microseconds
from serving.scoring.scorer import Scorer
from tests.serving.conftest import LATER, TestClient, World, answered

SCORE = "/v1/wallets/score"
Q: dict[str, Any] = {"as_of": LATER.isoformat()}


def move(**changes: Any) -> dict[str, Any]:
    return {"sender": "w3", "recipient": "fresh", "amount": 5.0, "asset": "ETH"} | changes


def without(answer: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in answer.items() if k not in ("id", "request_id", "supposed_transfers")}


@pytest.mark.parametrize("wallet", ["w3", "fresh", "newcomer"])
def test_the_answer_is_that_of_a_ledger_that_holds_them(
    world: World, client: TestClient, wallet: str
) -> None:
    before = answered(client, SCORE, {"wallet": wallet} | Q)
    moves = [move(), move(sender="newcomer", timestamp="2024-08-01T00:00:00Z"),
             move(recipient="w5", amount="2.5")]  # fmt: skip
    asked = {"wallet": wallet, "transfers": moves, "include": ["reasons", "groups", "exposure"]}
    said = answered(client, SCORE, asked | Q)
    assert said["supposed_transfers"] == 3
    ledger, model, labels = world.open()
    just_before = LATER - pd.Timedelta(1, "us")
    times = just_before, pd.Timestamp("2024-08-01", tz="UTC"), just_before
    for number, (one, time) in enumerate(zip(moves, times, strict=True)):
        ledger.append_one(
            Transfer(f"supposed {number}", time.to_pydatetime(), one["sender"], one["recipient"],
                     float(one["amount"]), "ETH")
        )  # fmt: skip
    made = Scorer(ledger, model, labels=labels, bands=Bands())
    wanted = made.score(wallet, microseconds(LATER), exposure=True)
    wanted["coverage"]["ledger_last_timestamp"] = said["coverage"]["ledger_last_timestamp"]
    assert without(said) == without(wanted) | {"wallet": {"address": wallet, "chain": None}}
    after = answered(client, SCORE, {"wallet": wallet} | Q)
    assert without(after) == without(before)
    assert client.app.state.endpoint.service.scorer.held.ledger.n_transfers == 900  # type: ignore[attr-defined]


def test_a_deposit_is_scored_before_it_is_taken(client: TestClient) -> None:
    deposit = {"wallet": "my account", "transfers": [move(recipient="my account")]}
    said = answered(client, SCORE, deposit | {"include": ["exposure"]} | Q)
    assert said["status"] == "insufficient_data"
    (line,) = said["exposure"]["received"]["lines"]
    assert (line["label"], line["hops"], line["value"]) == ("illicit", 1, 5.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"asset": "BTC"}, "holds no asset 'BTC'"),
        ({"amount": 0}, "needs a value above 0 in ETH"),
        ({"timestamp": "2024-10-01T00:00:00Z"}, "it would change nothing"),
        ({"sender": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"}, "wrong checksum"),
    ],
)
def test_what_cannot_be_supposed_is_refused(
    client: TestClient, changes: dict[str, Any], message: str
) -> None:
    body = {"wallet": "w3", "transfers": [move(**changes)]} | Q
    response = client.post(SCORE, json=body)
    assert response.status_code == 422
    assert message in response.json()["detail"]


def test_entities_suppose_nothing(client: TestClient) -> None:
    body = {"wallet": "w3", "transfers": [move()], "level": "entity"} | Q
    assert "at level wallet only" in client.post(SCORE, json=body).text


@pytest.mark.parametrize(
    ("text", "message"),
    [("sender=a,recipient=b,asset=ETH", "amount: Field required"), ("a", "sender: Field required"),
     ("sender=a,recipient=b,amount=x,asset=ETH", "amount: String should match")],
)  # fmt: skip
def test_the_command_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(RiskError, match=message):
        supposed([text])
