"""Past answers, and what becomes of answers where the audit cannot be written."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from serving.audit.chain import Chain
from serving.audit.lines import Line, read
from serving.audit.segments import segments_of
from tests.serving.conftest import LATER, Start, TestClient, answered, transfer

SCORE, BATCH = "/v1/wallets/score", "/v1/wallets/score:batch"
Q = {"as_of": LATER.isoformat()}


def records(folder: Path) -> list[dict[str, Any]]:
    raw = (line for one in segments_of(folder) for line in one.raw_lines())
    return [json.loads(line)["record"] for line in raw]


def test_an_answer_is_given_again_bit_for_bit_also_after_a_restart(start: Start) -> None:
    with start() as client:
        first = client.post(SCORE, json={"wallet": "w1"} | Q)
        items = {"items": [{"wallet": "w2", "include": []} | Q, {"wallet": 5}, {"wallet": "ü"} | Q]}
        batch = client.post(BATCH, json=items)
        told = batch.json()["items"]
        again = client.get(f"/v1/scores/{first.json()['id']}")
        assert again.content == first.content
    with start() as client:
        again = client.get(f"/v1/scores/{first.json()['id']}")
        assert again.content == first.content
        for item in (told[0], told[2]):
            kept = client.get(f"/v1/scores/{item['id']}").content
            assert kept in batch.content
            assert json.loads(kept) == item
        assert len({first.json()["id"], told[0]["id"], told[2]["id"]}) == 3
        assert told[0]["request_id"] == told[2]["request_id"]


def test_an_answer_that_is_not_kept_is_a_404(client: TestClient) -> None:
    for id_ in ("x", "0" * 32, "019acf3b1c2e7a0b8c1d2e3f40516273"):
        assert client.get(f"/v1/scores/{id_}").status_code == 404
        assert client.post(f"/v1/scores/{id_}:recompute", json={}).status_code == 404


def test_a_record_says_who_asked_what_and_from_which_ledger(start: Start, tmp_path: Path) -> None:
    with start() as client:
        client.post("/v1/transfers", json={"transfers": [transfer(1)]})
        answer = answered(client, SCORE, {"wallet": "w1", "include": ["groups"]} | Q)
        service = client.app.state.endpoint.service  # type: ignore[attr-defined]
        ledger, columns = service.scorer.held.ledger.provenance.identity, service.scorer.columns
    kept = {one["kind"]: one for one in records(tmp_path / "audit")}
    opened, model, score = kept["opened"], kept["model"], kept["score"]
    assert opened["facts"] == {"mode": "relaxed", "torn_bytes": 0}
    assert tuple(model["facts"]["columns"]) == columns
    assert score["answer"] == answer
    assert score["caller"] == "anyone"
    assert score["route"] == SCORE
    assert score["request_id"] == answer["request_id"]
    assert score["question"]["include"] == ["groups"]
    assert score["ledger"] == {
        "identity": ledger,
        "journal": service.journal.identity,
        "journal_seq": 1,
        "transfers": 901,
        "retractions": 0,
    }
    assert len(score["features"]["sha256"]) == 64


def test_the_same_question_has_the_same_answer(client: TestClient) -> None:
    asked: list[dict[str, Any]] = [
        {"wallet": "w1"},
        {"wallet": "w1"} | Q,
        {"wallet": "w7", "include": ["exposure", "reasons"]} | Q,
        {"wallet": "nobody"} | Q,
        {
            "wallet": "mine",
            "transfers": [{"sender": "w1", "recipient": "mine", "amount": "5", "asset": "ETH"}],
        },
    ]
    for question in asked:
        id_ = answered(client, SCORE, question)["id"]
        told = answered(client, f"/v1/scores/{id_}:recompute", {})
        assert (told["same"], told["differences"], told["features"], told["why"]) == (
            True, [], [], [],
        )  # fmt: skip
        assert client.get(f"/v1/scores/{told['recomputed_id']}").status_code == 200


def test_late_data_and_retractions_are_named(client: TestClient) -> None:
    before = answered(client, SCORE, {"wallet": "w1"} | Q)
    late = transfer(1, timestamp="2024-03-01T00:00:00Z", amount="5000")
    client.post("/v1/transfers", json={"transfers": [late]})
    told = answered(client, f"/v1/scores/{before['id']}:recompute", {})
    assert not told["same"]
    assert [one["cause"] for one in told["why"]] == ["late_data"]
    assert "#/coverage/transfers_out" in [one["pointer"] for one in told["differences"]]
    assert told["features"]
    between = answered(client, SCORE, {"wallet": "w1"} | Q)
    client.post("/v1/retractions", json={"tx_ids": ["new1"]})
    told = answered(client, f"/v1/scores/{between['id']}:recompute", {})
    assert [one["cause"] for one in told["why"]] == ["retraction", "late_data"]
    assert answered(client, f"/v1/scores/{before['id']}:recompute", {})["same"]


def test_another_policy_of_bands_is_named(start: Start) -> None:
    with start() as client:
        id_ = answered(client, SCORE, {"wallet": "w1"} | Q)["id"]
    with start(bands={"version": "strict", "medium": 1, "high": 2, "severe": 3}) as client:
        told = answered(client, f"/v1/scores/{id_}:recompute", {})
    assert [one["cause"] for one in told["why"]] == ["bands"]
    assert "#/bands/version" in [one["pointer"] for one in told["differences"]]


def test_a_strict_answer_is_on_disk_before_it_is_given(start: Start, tmp_path: Path) -> None:
    with start(audit="strict") as client:
        id_ = client.post(SCORE, json={"wallet": "w1"}).json()["id"]
        assert records(tmp_path / "audit")[-1]["id"] == id_
        items = {"items": [{"wallet": f"w{n}", "include": []} for n in range(40)]}
        told = client.post(BATCH, json=items).json()["items"]
        kept = [one["id"] for one in records(tmp_path / "audit")]
        assert kept[-40:] == [one["id"] for one in told]


def test_without_an_audit_nothing_is_kept(start: Start, tmp_path: Path) -> None:
    with start(audit="off") as client:
        id_ = client.post(SCORE, json={"wallet": "w1"}).json()["id"]
        assert client.get(f"/v1/scores/{id_}").status_code == 404
        assert client.get("/v1/audit/head").status_code == 404
    assert not (tmp_path / "audit").exists()


class FullDisk:
    """Writes fail while it is full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self._write = os.write
        monkeypatch.setattr("serving.audit.chain.os.write", self.write)

    def write(self, handle: int, data: Any) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        return self._write(handle, data)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> FullDisk:
    monkeypatch.setattr("serving.audit.committer.RETRY_S", 0.01)
    return FullDisk(monkeypatch)


def test_on_a_full_disk_strict_answers_stop_and_go_on(
    start: Start, tmp_path: Path, disk: FullDisk
) -> None:
    with start(audit="strict") as client:
        client.post(SCORE, json={"wallet": "w1"})
        disk.full = True
        refused = [client.post(SCORE, json={"wallet": "w1"}) for _ in range(3)]
        assert [one.status_code for one in refused] == [503] * 3
        assert "No space left" in refused[0].json()["detail"]
        assert refused[0].headers["retry-after"]
        assert client.get("/readyz").status_code == 503
        disk.full = False
        given = next(
            one for one in iter(lambda: client.post(SCORE, json={"wallet": "w2"}), None)
            if one.status_code == 200
        )  # fmt: skip
        assert records(tmp_path / "audit")[-1]["id"] == given.json()["id"]
        assert client.get("/readyz").status_code == 200
    Chain(tmp_path / "audit").close()


def test_on_a_full_disk_relaxed_answers_wait_in_memory_up_to_a_limit(
    start: Start, tmp_path: Path, disk: FullDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.audit.audit.MOST_WAITING_BYTES", 200_000)
    with start() as client:
        disk.full = True
        told = [client.post(SCORE, json={"wallet": "w1"}) for _ in range(40)]
        codes = [one.status_code for one in told]
        given = codes.index(503)
        assert codes == [200] * given + [503] * (40 - given)
        assert given > 5
        disk.full = False
    kept = [one["id"] for one in records(tmp_path / "audit")]
    assert {one.json()["id"] for one in told[:given]} <= set(kept)


def test_the_head_tells_number_and_hash(start: Start, tmp_path: Path) -> None:
    with start(audit="strict") as client:
        client.post(SCORE, json={"wallet": "w1"})
        head = client.get("/v1/audit/head").json()
    raw = list(segments_of(tmp_path / "audit")[-1].raw_lines())
    last: Line | None = read(raw[-1])
    assert last is not None
    assert head == {"mode": "strict", "number": last.number, "hash": last.hash}
