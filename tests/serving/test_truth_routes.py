"""Retractions, contradictions and checkpoints, as a client sees them; and what time it is."""

import shutil
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features import Ledger
from tests.serving.conftest import Start, TestClient, World, answered, transfer
from tests.serving.test_observability import samples

TRANSFERS, RETRACTIONS, CHECKPOINT = "/v1/transfers", "/v1/retractions", "/v1/checkpoint"
CONTRADICTIONS, RESOLVE = "/v1/contradictions", "/v1/contradictions:resolve"


@pytest.fixture
def ledger(world: World, tmp_path: Path) -> Path:
    """A copy of the world's ledger, which a test may change."""
    shutil.copytree(world.ledger, tmp_path / "ledger")
    return tmp_path / "ledger"


def post(client: TestClient, path: str, **body: Any) -> dict[str, Any]:
    return answered(client, path, body)


def received(client: TestClient, wallet: str, **fields: Any) -> int:
    answer = post(client, "/v1/wallets/score", wallet=wallet, include=[], **fields)
    return int(answer["coverage"]["transfers_in"])


def ingest(ledger: Path, *transfers: dict[str, Any]) -> None:
    opened = Ledger.open(ledger)
    frame = pd.DataFrame([one | {"amount": float(one["amount"])} for one in transfers])
    opened.append(frame.assign(timestamp=pd.to_datetime(frame["timestamp"])))
    opened.save(ledger)


def test_a_transaction_is_taken_back_by_any_spelling_of_its_id(start: Start) -> None:
    digits = "ab" * 32
    with start() as client:
        sent = transfer(0, recipient="x") | {"tx_id": f"0X{digits.upper()}"}
        assert post(client, TRANSFERS, transfers=[sent])["added"] == 1
        again = post(client, TRANSFERS, transfers=[sent | {"tx_id": f"0x{digits}"}])
        assert again["duplicates"] == 1
        done = post(client, RETRACTIONS, tx_ids=[f"0X{digits}", f"0x{digits.upper()}", "0XF0"])
        assert (done["retracted"], done["transfers"], done["unknown"]) == (1, 1, ["0XF0"])
    with start() as client:
        assert received(client, "x") == 0


def test_a_retraction_is_in_the_next_score_and_outlives_a_restart(start: Start) -> None:
    sent = [transfer(number, recipient="x") for number in range(3)]
    with start() as client:
        post(client, TRANSFERS, transfers=sent)
        asked = ["new1", "nowhere", "new1", "t0"]
        done = post(client, RETRACTIONS, tx_ids=asked)
        assert done == {"retracted": 2, "transfers": 2, "unknown": ["nowhere"], "journal_seq": 5}
        assert received(client, "x") == 2
        again = post(client, RETRACTIONS, tx_ids=asked)
        assert again["retracted"] == again["transfers"] == 0
        assert again["unknown"] == ["new1", "nowhere", "t0"]
    with start() as client:
        assert received(client, "x") == 2
        added = post(client, TRANSFERS, transfers=sent)  # taken in again after all
        assert (added["added"], added["duplicates"]) == (1, 2)
        assert received(client, "x") == 3
    with start() as client:
        assert received(client, "x") == 3
        found = samples(client.get("/metrics").text)
        assert found["walletrisk_journal_entries", "", ""] == 6


def test_retractions_are_bounded(client: TestClient) -> None:
    for tx_ids in ([], ["t"] * 1_001, "t1", [5], [""]):
        assert client.post(RETRACTIONS, json={"tx_ids": tx_ids}).status_code == 422


def test_a_wrong_copy_and_a_right_one_do_not_stop_the_server(start: Start, ledger: Path) -> None:
    wrong, right = transfer(1, recipient="x"), transfer(1, recipient="y")
    with start(ledger=ledger) as client:
        post(client, TRANSFERS, transfers=[wrong])
    ingest(ledger, right)
    with start(ledger=ledger) as client:
        assert client.get("/readyz").status_code == 200
        assert (received(client, "x"), received(client, "y")) == (0, 1)
        found = client.get(CONTRADICTIONS).json()
        (one,) = found["contradictions"]
        assert (found["open"], one["id"], one["tx_id"]) == (1, 1, "new1")
        assert one["journal_version"]["recipient"] == "x"
        assert one["ledger_version"]["recipient"] == "y"
        assert samples(client.get("/metrics").text)["walletrisk_open_contradictions", "", ""] == 1
        done = post(client, RESOLVE, id=1, keep="journal")
        assert done["keep"] == "journal"
        assert client.get(CONTRADICTIONS).json() == {"open": 0, "contradictions": []}
        assert (received(client, "x"), received(client, "y")) == (1, 0)
        for number in (1, 2):
            refused = client.post(RESOLVE, json={"id": number, "keep": "ledger"})
            assert refused.status_code == 422
    with start(ledger=ledger) as client:
        assert (received(client, "x"), received(client, "y")) == (1, 0)
        post(client, CHECKPOINT)
    assert [one.recipient for one in Ledger.open(ledger).transaction("new1")] == ["x"]


def test_a_checkpoint_while_serving(start: Start, ledger: Path) -> None:
    with start(ledger=ledger) as client:
        post(client, TRANSFERS, transfers=[transfer(n, recipient="x") for n in range(5)])
        post(client, RETRACTIONS, tx_ids=["new0"])
        ingest(ledger, transfer(1, recipient="y"))
        done = post(client, CHECKPOINT)
        assert (done["added"], done["taken_back"], done["journal_seq"]) == (3, 0, 6)
        # the folder's version counts at once, not at the next start only
        assert (received(client, "x"), received(client, "y")) == (3, 1)
        assert client.get(CONTRADICTIONS).json()["open"] == 1
        assert post(client, CHECKPOINT)["added"] == 0
        post(client, TRANSFERS, transfers=[transfer(9, recipient="x")])
    assert Ledger.open(ledger).n_transfers == 904
    with start(ledger=ledger) as client:
        assert (received(client, "x"), received(client, "y")) == (4, 1)
    copies = [transfer(number, recipient="x") for number in range(2, 5)]
    with start(ledger=ledger) as client:
        assert post(client, TRANSFERS, transfers=copies)["duplicates"] == 3


def test_one_comes_by_itself(start: Start, ledger: Path) -> None:
    with start(ledger=ledger, checkpoint_rows=5) as client:
        post(client, TRANSFERS, transfers=[transfer(n, recipient="x") for n in range(5)])
        for _ in range(600):
            text = client.get("/metrics").text
            if 'walletrisk_checkpoint_seconds_count{outcome="made"} 1.0' in text:
                break
            time.sleep(0.1)
        assert samples(text)["walletrisk_journal_entries", "", ""] == 0
    assert Ledger.open(ledger).n_transfers == 905


def test_a_checkpoint_that_cannot_be_made_is_told(start: Start, ledger: Path) -> None:
    with start(ledger=ledger) as client:
        post(client, TRANSFERS, transfers=[transfer(1)])
        shutil.rmtree(ledger)
        response = client.post(CHECKPOINT, json={})
        assert response.status_code == 503
        assert "no checkpoint was made" in response.json()["detail"]
        assert client.get("/readyz").status_code == 200
        post(client, TRANSFERS, transfers=[transfer(2)])


def test_a_deleted_journal_is_noticed_before_the_next_acknowledgement(
    start: Start, tmp_path: Path
) -> None:
    with start() as client:
        post(client, TRANSFERS, transfers=[transfer(1, recipient="x")])
        (tmp_path / "journal.sqlite").unlink()
        for path, body in (
            (TRANSFERS, {"transfers": [transfer(2, recipient="x")]}),
            (RETRACTIONS, {"tx_ids": ["new1"]}),
        ):
            response = client.post(path, json=body)
            assert response.status_code == 503
            assert "was deleted by another" in response.json()["detail"]
        assert client.get("/readyz").status_code == 503
        assert received(client, "x") == 1


def soon(seconds: float) -> str:
    return (pd.Timestamp.now("UTC") + pd.Timedelta(seconds, "s")).isoformat()


def test_a_transfer_dated_ahead_is_seen_by_the_next_score(start: Start, ledger: Path) -> None:
    sent = [transfer(1, recipient="x", timestamp=soon(3_600))]
    with start(ledger=ledger) as client:
        assert received(client, "x") == 0
        post(client, TRANSFERS, transfers=sent)
        assert received(client, "x") == 1
    with start(ledger=ledger) as client:
        assert received(client, "x") == 1
        post(client, CHECKPOINT)
    with start(ledger=ledger) as client:
        assert received(client, "x") == 1
        answer = post(client, "/v1/wallets/score", wallet="x", include=[])
        assert received(client, "x", as_of=answer["as_of"]) == 1


def test_a_transfer_dated_too_far_ahead_is_refused(start: Start) -> None:
    with start(max_ahead_s=600) as client:
        sent = [transfer(1), transfer(2, recipient="x", timestamp=soon(660))]
        response = client.post(TRANSFERS, json={"transfers": sent})
        assert response.status_code == 422
        assert "transfer ('new2', 0) is dated" in response.json()["detail"]
        assert "more than 600 s after this server's clock" in response.json()["detail"]
        sent[1]["timestamp"] = soon(540)
        assert post(client, TRANSFERS, transfers=sent)["added"] == 2


def test_a_clock_that_is_set_back_hides_nothing_that_was_acknowledged(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    with start() as client:
        now_ns = time.time_ns()
        post(client, TRANSFERS, transfers=[transfer(1, recipient="x", timestamp=soon(0))])
        post(client, TRANSFERS, transfers=[transfer(2, recipient="x", timestamp=soon(-1))])
        monkeypatch.setattr("time.time_ns", lambda: now_ns - 86_400 * 10**9)
        assert received(client, "x") == 2
        late = transfer(3, recipient="x", timestamp=soon(-90_000))
        post(client, TRANSFERS, transfers=[late])
        assert received(client, "x") == 3
        ahead = client.post(TRANSFERS, json={"transfers": [transfer(4, timestamp=soon(0))]})
        assert ahead.status_code == 422
        assert "this server's clock" in ahead.json()["detail"]
    with start() as client:
        assert received(client, "x") == 3
