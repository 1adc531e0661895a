"""Decisions of analysts over HTTP: beside the score, as of then, and on disk before they count."""

import json
import shlex
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import walletrisk
from serving import overrides_of
from serving.access.caller import Caller, Scope
from serving.scoring.beside_text import beside_text
from tests import pages
from tests.serving.audit.test_routes import FullDisk, records
from tests.serving.conftest import LATER, Start, TestClient, World, answered

SCORE, OVERRIDES = "/v1/wallets/score", "/v1/overrides"
Q = {"as_of": LATER.isoformat()}
SOON = (pd.Timestamp.now("UTC") + pd.Timedelta(1, "D")).isoformat()


def wanted(**changes: Any) -> dict[str, Any]:
    return {
        "wallet": "w1", "decision": "allow", "author": "ada", "reason": "KYC 4711",
        "expires_at": SOON,
    } | changes  # fmt: skip


def put(client: TestClient, **changes: Any) -> dict[str, Any]:
    response = client.put(OVERRIDES, json=wanted(**changes))
    assert response.status_code == 200, response.text
    told: dict[str, Any] = response.json()
    return told


def same(answer: dict[str, Any]) -> dict[str, Any]:
    drawn = ("id", "request_id", "override", "as_of", "coverage")
    return {k: v for k, v in answer.items() if k not in drawn}


def test_a_decision_stands_beside_the_score_and_moves_nothing(client: TestClient) -> None:
    before = answered(client, SCORE, {"wallet": "w1"})
    made = put(client)
    after = answered(client, SCORE, {"wallet": "w1"})
    assert before["override"] is None
    shown = after["override"]
    assert (shown["decision"], shown["author"], shown["reason"]) == ("allow", "ada", "KYC 4711")
    assert shown["id"] == made["id"]
    assert (after["band"], after["probability"]) == (before["band"], before["probability"])
    assert answered(client, SCORE, {"wallet": "w2"})["override"] is None
    assert any("OVERRIDE: allow by ada" in line for line in beside_text(after))


def test_it_is_told_as_of_then(client: TestClient) -> None:
    put(client)
    assert answered(client, SCORE, {"wallet": "w1"} | Q)["override"] is None  # it was not made yet
    id_ = answered(client, SCORE, {"wallet": "w1"})["id"]
    made = put(client, decision="block", reason="subpoena")
    assert answered(client, SCORE, {"wallet": "w1"})["override"]["decision"] == "block"
    done = answered(client, f"{OVERRIDES}/{made['id']}:withdraw", {"author": "b", "reason": "no"})
    assert done["ended_by"] == "b"
    assert answered(client, SCORE, {"wallet": "w1"})["override"] is None
    # the same question as of before still sees the first
    told = answered(client, f"/v1/scores/{id_}:recompute", {})
    assert told["same"], told
    history = answered(client, f"{OVERRIDES}:find", {"wallet": {"address": "w1"}})["overrides"]
    assert [one["decision"] for one in history] == ["block", "allow"]
    assert history[1]["ended_why"] == f"replaced by {history[0]['id']}"
    assert client.get(OVERRIDES).json() == {"overrides": []}


def test_one_that_expired_is_over(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    put(client)
    assert client.get(OVERRIDES).json()["overrides"][0]["wallet"]["address"] == "w1"
    overrides = client.app.state.endpoint.overrides.decisions  # type: ignore[attr-defined]
    ends = pd.Timestamp(SOON).value // 1_000
    assert overrides.told(None, "w1", ends - 1) is not None
    assert overrides.told(None, "w1", ends) is None


def test_it_is_there_after_a_restart_and_in_the_audit(start: Start, tmp_path: Path) -> None:
    with start() as client:
        score = answered(client, SCORE, {"wallet": "w3"})["id"]
        made = put(client, wallet=None, score=score, expires_at=None)
        assert put(client, wallet=None, score=score, expires_at=None) == made  # said again
    with start() as client:
        shown = answered(client, SCORE, {"wallet": "w3"})["override"]
        assert (shown["id"], shown["score"], shown["expires_at"]) == (made["id"], score, None)
        assert client.get(f"{OVERRIDES}/{made['id']}").json() == made
    (kept,) = (one for one in records(tmp_path / "audit") if one["kind"] == "override")
    assert (kept["facts"]["wallet"], kept["facts"]["author"], kept["caller"]) == (
        "w3", "ada", "anyone",
    )  # fmt: skip


def test_what_makes_no_sense_is_refused(client: TestClient) -> None:
    score = "019acf3b1c2e7a0b8c1d2e3f40516273"
    changes: list[dict[str, Any]] = [
        {"wallet": None},
        {"score": score},
        {"wallet": None, "score": score},
        {"wallet": {"address": "w1", "chain": "tron"}},
        {"decision": "maybe"},
        {"author": ""},
        {"reason": ""},
        {"expires_at": "2024-01-01T00:00:00Z"},
    ]
    bodies = [wanted(**one) for one in changes]
    bodies.append({k: v for k, v in wanted().items() if k != "expires_at"})
    assert [client.put(OVERRIDES, json=one).status_code for one in bodies] == [422] * 9


def test_one_that_is_not_there_or_over_cannot_be_withdrawn(client: TestClient) -> None:
    body = {"author": "b", "reason": "no"}
    assert client.post(f"{OVERRIDES}/none:withdraw", json=body).status_code == 404
    assert client.get(f"{OVERRIDES}/none").status_code == 404
    made = put(client)
    answered(client, f"{OVERRIDES}/{made['id']}:withdraw", body)
    assert client.post(f"{OVERRIDES}/{made['id']}:withdraw", json=body).status_code == 422


def test_one_that_is_not_in_the_audit_does_not_count(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(monkeypatch)
    with start() as client:
        disk.full = True
        assert client.put(OVERRIDES, json=wanted()).status_code == 503
        assert answered(client, SCORE, {"wallet": "w1"})["override"] is None
        disk.full = False
    with start() as client:
        assert client.get(OVERRIDES).json()["overrides"] == []


def test_python_and_the_command_line_tell_it(
    start: Start, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    url = f"sqlite:///{tmp_path / 'records.sqlite'}"
    with start() as client:
        put(client)
    ledger, model, labels = world.open()
    now = pd.Timestamp.now("UTC")
    spine = pd.DataFrame({"wallet": ["w1", "w1", "w2"], "as_of": [now, LATER, now]})
    scores = model.score(ledger, spine, labels=labels)
    told = overrides_of(scores, world.ledger, records=url)
    assert [one and one["decision"] for one in told] == ["allow", None, None]
    assert overrides_of(scores, world.ledger, records=url + "2").isna().all()
    monkeypatch.setenv("WALLETRISK_RECORDS", url)
    given = ["--ledger", world.ledger, "--model", world.model, "--labels", world.labels]
    assert walletrisk.run(["score", "w1", "w2", *map(str, given), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["override"] and one["override"]["author"] for one in lines] == ["ada", None]


def test_the_example_of_the_page_is_taken(client: TestClient) -> None:
    page = (pages.ROOT / "serving" / "audit" / "README.md").read_text()
    (line,) = (line for line in page.splitlines() if line.startswith("curl "))
    words = shlex.split(line)
    assert words[words.index("-X") + 1] == "PUT"
    assert words[2].endswith(OVERRIDES)
    body = json.loads(words[words.index("--json") + 1])
    assert client.put(OVERRIDES, json=body).json()["decision"] == "allow"


def test_only_reviewers_decide(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Caller("machine", frozenset(Scope) - {Scope.REVIEW})
    monkeypatch.setattr("serving.access.caller.caller", lambda _: machine)
    assert client.put(OVERRIDES, json=wanted()).status_code == 403
    assert client.get(OVERRIDES).status_code == 403
    assert client.get("/v1/audit/head").status_code == 403
