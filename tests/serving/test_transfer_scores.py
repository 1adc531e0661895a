"""The question before a transfer is made."""

from __future__ import annotations

from typing import Any

import pytest

from serving.schemas.transfer_questions import TransferQuestion
from serving.scoring.transfer_question import questions_of
from tests.serving.conftest import LATER, TestClient, answered

ROUTE, SCORE = "/v1/transfers/score", "/v1/wallets/score"
WHEN = LATER.isoformat()
INCLUDE = ["groups", "exposure"]
DEPOSIT = {"counterparty": "w3", "direction": "deposit", "asset": "ETH", "amount": "250"}


def alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    apart = ("id", "request_id")
    return {k: v for k, v in one.items() if k not in apart} == {
        k: v for k, v in other.items() if k not in apart
    }


def test_a_deposit_is_scored_before_it_is_taken(client: TestClient) -> None:
    said = answered(client, ROUTE, DEPOSIT | {"wallet": "my account", "as_of": WHEN})
    plain = {"as_of": WHEN, "include": INCLUDE}
    moved = {"sender": "w3", "recipient": "my account", "amount": "250", "asset": "ETH"}
    mine = {"wallet": "my account", **plain}
    assert alike(said["counterparty"], answered(client, SCORE, {"wallet": "w3", **plain}))
    assert alike(said["wallet"]["before"], answered(client, SCORE, mine))
    assert alike(said["wallet"]["after"], answered(client, SCORE, mine | {"transfers": [moved]}))
    assert said["wallet"]["before"]["status"] == "unknown_wallet"
    assert said["wallet"]["after"]["supposed_transfers"] == 1
    (line,) = [
        one for one in said["wallet"]["after"]["exposure"]["received"]["lines"]
        if one["kind"] == "direct"
    ]  # fmt: skip
    assert (line["label"], line["value"]) == ("illicit", 250.0)
    assert said["sanctioned"] is False


def test_a_withdrawal_moves_the_other_way(client: TestClient) -> None:
    asked = DEPOSIT | {"direction": "withdrawal", "wallet": {"address": "w40"}, "as_of": WHEN}
    said = answered(client, ROUTE, asked)
    before, after = said["wallet"]["before"]["coverage"], said["wallet"]["after"]["coverage"]
    assert after["transfers_out"] == before["transfers_out"] + 1
    assert after["transfers_in"] == before["transfers_in"]


def test_without_a_wallet_the_counterparty_alone_is_told(client: TestClient) -> None:
    said = answered(client, ROUTE, DEPOSIT)
    assert said["wallet"] is None
    assert said["counterparty"]["exposure"] is not None
    short = answered(client, ROUTE, DEPOSIT | {"include": []})["counterparty"]
    assert (short["groups"], short["exposure"]) == (None, None)


def test_all_is_as_of_one_instant(client: TestClient) -> None:
    said = answered(client, ROUTE, DEPOSIT | {"wallet": "w40"})
    told = [said, said["counterparty"], said["wallet"]["before"], said["wallet"]["after"]]
    assert len({one["as_of"] for one in told}) == 1


def test_what_cannot_be_supposed_leaves_the_counterparty_its_answer(client: TestClient) -> None:
    said = answered(client, ROUTE, DEPOSIT | {"wallet": "w40", "asset": "MOON"})
    assert said["counterparty"]["status"] == "scored"
    assert said["wallet"]["after"]["status"] == 422
    assert "MOON" in said["wallet"]["after"]["detail"]


def test_without_labels_exposure_is_not_asked_for() -> None:
    asked = TransferQuestion.model_validate(DEPOSIT | {"wallet": "w40"})
    for labelled, include in ((True, INCLUDE), (False, ["groups"])):
        questions = questions_of(asked, LATER.to_pydatetime(), labelled=labelled)
        assert [one.include for one in questions if one is not None] == [include] * 3


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"wallet": "w3"}, "wallet and counterparty are the same"),
        ({"as_of": "2090-01-01T00:00:00Z"}, "lies in the future"),
        ({"context": {"kyc": 1.0}}, "does not read 'kyc'"),
        ({"direction": "sideways"}, "mistake"),
        ({"amount": "-5"}, "mistake"),
        ({"counterparty": {"address": "w3", "chain": "moon"}}, "moon"),
    ],
)
def test_mistakes_are_refused(client: TestClient, changes: dict[str, Any], detail: str) -> None:
    response = client.post(ROUTE, json=DEPOSIT | changes)
    assert response.status_code == 422
    assert detail in response.json()["detail"]
