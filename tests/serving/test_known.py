"""Labels and feedback that callers post."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.sources.files import read_labels
from serving import known as known_room
from serving.access.caller import Caller, Scope
from serving.idempotency import AnsweredRequests
from serving.records import Records, RecordsError
from serving.routes import known as routes
from tests import pages
from tests.serving.conftest import Start, TestClient, answered, transfer
from walletrisk import run

LABELS, SCORE = "/v1/labels", "/v1/wallets/score"
BEFORE_FILE = "2024-01-02T00:00:00Z"


def label(wallet: str, **changes: Any) -> dict[str, Any]:
    return {"wallet": wallet, "label": "illicit", "category": "ransomware"} | changes


def post(client: TestClient, *labels: dict[str, Any]) -> dict[str, Any]:
    return answered(client, LABELS, {"labels": list(labels)})


def known(client: TestClient, wallet: str, **asked: Any) -> Any:
    return answered(client, SCORE, {"wallet": wallet} | asked)["known"]["entries"]


@pytest.fixture
def writer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests come from one who may write and is no admin."""
    who = Caller("feeder", frozenset({Scope.WRITE, Scope.SCORE}))
    monkeypatch.setattr(routes, "caller", lambda _: who)


def test_a_label_is_in_the_next_score_and_survives_a_restart(start: Start) -> None:
    asked = {"wallet": "w30", "include": ["exposure"]}
    with start() as client:
        client.post("/v1/transfers", json={"transfers": [transfer(1, sender="y", recipient="w30")]})
        before = answered(client, SCORE, asked)
        done = post(client, label("y", source="police", confidence=0.9), label("z"))
        assert (done["added"], done["duplicates"], done["back_dated"]) == (2, 0, 0)
        after = answered(client, SCORE, asked)
        (entry,) = known(client, "y")
        assert entry["known_at"] == done["known_at"]
        assert (entry["category"], entry["source"], entry["confidence"]) == (
            "ransomware", "police", 0.9,
        )  # fmt: skip
        assert known(client, "z")[0]["source"] == "anyone"
        assert known(client, "y", as_of=done["known_at"]) == []  # not known before it was known

        def ransomware(answer: dict[str, Any]) -> list[Any]:
            lines = answer["exposure"]["received"]["lines"]
            return [line for line in lines if line["category"] == "ransomware"]

        assert (ransomware(before), len(ransomware(after))) == ([], 1)
    with start() as client:
        again = answered(client, SCORE, asked | {"as_of": after["as_of"]})
        assert again["exposure"] == after["exposure"]
        assert again["probability"] == after["probability"]
        assert known(client, "y") == [entry]
        client.post("/v1/transfers", json={"transfers": [transfer(2, sender="z", recipient="w30")]})
        assert len(ransomware(answered(client, SCORE, asked))) == 1  # z joined with its label
        assert answered(client, SCORE, asked)["exposure"] != after["exposure"]


def test_what_is_known_is_not_added_again(client: TestClient) -> None:
    first = post(client, label("y"), label("y"), label("y", confidence=0.5))
    assert (first["added"], first["duplicates"]) == (2, 1)
    again = post(client, label("y"))
    assert (again["ids"], again["added"]) == (first["ids"][:1], 0)
    assert post(client, label("y", known_at=first["known_at"]))["ids"] == first["ids"][:1]
    assert len(known(client, "y")) == 2


def test_an_end_is_known_from_then_on(start: Start) -> None:
    with start() as client:
        (number,) = post(client, label("y"))["ids"]
        held = answered(client, SCORE, {"wallet": "y"})["as_of"]
        done = answered(client, "/v1/labels:end", {"ids": [number, 99]})
        assert (done["ended"], done["unknown"], done["ended_before"]) == (1, [99], [])
        assert known(client, "y")[0]["until"] == done["until"]
        assert known(client, "y", as_of=held)[0]["until"] is None
        again = answered(client, "/v1/labels:end", {"ids": [number]})
        assert (again["ended"], again["ended_before"]) == (0, [number])
        assert post(client, label("y"))["added"] == 1  # said anew, it is another label
    with start() as client:
        assert [one["until"] for one in known(client, "y")] == [None, done["until"]]
        (first, second) = answered(client, "/v1/labels:find", {"wallet": "y"})["labels"]
        assert (first["id"], first["until"], first["ended_by"]) == (number, done["until"], "anyone")
        assert second["until"] is None


def test_a_back_dated_label_changes_answers_as_of_the_past(client: TestClient) -> None:
    assert known(client, "y", as_of="2024-06-01T00:00:00Z") == []
    done = post(client, label("y", known_at=BEFORE_FILE))
    assert done["back_dated"] == 1
    assert len(known(client, "y", as_of="2024-06-01T00:00:00Z")) == 1


@pytest.mark.usefixtures("writer")
def test_only_an_admin_changes_the_past(client: TestClient) -> None:
    refused = client.post(LABELS, json={"labels": [label("y", known_at=BEFORE_FILE)]})
    assert refused.status_code == 403
    assert "before now, which changes answers as of the past" in refused.json()["detail"]
    (number,) = post(client, label("y"))["ids"]
    body = {"ids": [number], "until": BEFORE_FILE}
    assert client.post("/v1/labels:end", json=body).status_code == 403
    assert known(client, "y")[0]["source"] == "feeder"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"known_at": "2250-01-01T00:00:00Z"}, "label 1: known_at .* lies in the future"),
        ({"known_at": BEFORE_FILE, "until": BEFORE_FILE}, "label 1: until is not after known_at"),
        ({"label": "none", "category": None}, "label 1: label is 'none', and there is no category"),
        ({"wallet": "0x8589427373D6D84E98730D7795D8F6F8731FDa16"}, "wrong checksum"),
    ],
)
def test_wrong_labels_change_nothing(
    client: TestClient, changes: dict[str, Any], message: str
) -> None:
    refused = client.post(LABELS, json={"labels": [label("y"), label("y") | changes]})
    assert refused.status_code == 422
    assert pd.Series([refused.json()["detail"]]).str.contains(message).all(), refused.text
    assert known(client, "y") == []


def test_what_is_not_on_disk_is_not_in_force(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RecordsError("the records did not take the labels: disk is full")

    monkeypatch.setattr(Records, "writing", full)
    refused = client.post(LABELS, json={"labels": [label("y")]})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert known(client, "y") == []


FOUND = {"wallet": "w40", "finding": "illicit", "category": "scam", "score": "0" * 32, "note": "x"}


def test_feedback_is_read_by_no_answer(start: Start) -> None:
    with start() as client:
        before = answered(client, SCORE, {"wallet": "w40", "as_of": "2024-12-01T00:00:00Z"})
        answered(client, "/v1/feedback", {"findings": [FOUND]})
        after = answered(client, SCORE, {"wallet": "w40", "as_of": "2024-12-01T00:00:00Z"})
        same = ("probability", "known")
        assert [before[name] for name in same] == [after[name] for name in same]
        future = {"findings": [FOUND | {"available_at": "2250-01-01T00:00:00Z"}]}
        assert "finding 0: available_at" in client.post("/v1/feedback", json=future).text


def test_feedback_is_kept_once_though_its_answer_was_lost(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise RecordsError("it was done, but its answer was not kept: killed")

    key, body = {"Idempotency-Key": "one"}, {"findings": [FOUND, FOUND | {"wallet": "w41"}]}
    with start() as client:
        monkeypatch.setattr(AnsweredRequests, "_keep", killed)
        assert client.post("/v1/feedback", json=body, headers=key).status_code == 503
        monkeypatch.undo()
    with start() as client:
        again = client.post("/v1/feedback", json=body, headers=key)
        assert again.json()["ids"] == [1, 2]
        assert answered(client, "/v1/feedback", body)["ids"] == [3, 4]


def test_both_are_exported_as_files_of_labels(start: Start, tmp_path: Path) -> None:
    with start() as client:
        (number, _) = post(client, label("y", original="LockBit"), label("z", label="licit"))["ids"]
        answered(client, "/v1/labels:end", {"ids": [number]})
        found = [
            FOUND | {"available_at": "2024-03-01T00:00:00Z"},
            FOUND | {"available_at": "2024-05-01T00:00:00Z", "finding": "licit"},
            FOUND | {"wallet": "w41", "available_at": "2024-05-01T00:00:00Z"},
            FOUND | {"wallet": "w41", "finding": "unclear"},
        ]
        answered(client, "/v1/feedback", {"findings": found})
    where = ["--ledger", str(tmp_path), "--records", f"sqlite:///{tmp_path / 'records.sqlite'}"]
    assert run(["labels", "export", "--to", str(tmp_path / "l.csv"), *where]) == 0
    assert run(["feedback", "export", "--to", str(tmp_path / "f.parquet"), *where]) == 0
    labels = read_labels(tmp_path / "l.csv").set_index("wallet")
    assert labels["label"].to_dict() == {"y": "illicit", "z": "licit"}
    assert labels.loc["y", "original"] == "LockBit"
    assert labels["until"].notna().tolist() == [True, False]
    findings = read_labels(tmp_path / "f.parquet")
    assert findings[["wallet", "label"]].to_numpy().tolist() == [
        ["w40", "illicit"], ["w40", "licit"], ["w41", "illicit"],
    ]  # fmt: skip
    assert findings["until"].notna().tolist() == [True, False, True]
    assert set(findings["source"]) == {"feedback/anyone"}


def test_the_examples_of_the_page_are_taken(start: Start, tmp_path: Path) -> None:
    page = (Path(known_room.__file__).parent / "README.md").read_text(encoding="utf-8")
    routes_of = ("/v1/labels", "/v1/labels:find", "/v1/labels:end", "/v1/feedback")
    with start() as client:
        for route, body in zip(routes_of, pages.blocks(page, "json"), strict=True):
            answered(client, route, json.loads(body))
    for line in pages.commands(pages.blocks(page, "sh")):
        where = ["--records", f"sqlite:///{tmp_path / 'records.sqlite'}"]
        moved = [part.replace("demo-run", str(tmp_path)) for part in line]
        assert run([*moved, *where]) == 0
    assert len(read_labels(tmp_path / "posted.csv")) == 1
