"""Ready means: journals, records, audit and disks do their work now."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from serving.records import RecordsError
from serving.settings import Settings
from tests.serving.conftest import Start


def test_a_full_disk_is_not_ready_and_is_measured(start: Start) -> None:
    with start(least_free_bytes=10**18) as client:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["detail"] == "not ready: disk room"
        measured = client.get("/metrics").text
    assert 'walletrisk_disk_free_bytes{place="ledger"}' in measured
    assert 'walletrisk_disk_free_bytes{place="audit"}' in measured


def test_what_fails_is_named_and_the_log_alone_says_why(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> None:
        raise RecordsError("password of db.internal is wrong")

    with start() as client:
        monkeypatch.setattr("serving.records.Records.check", broken)
        with caplog.at_level(logging.WARNING, "walletrisk.readiness"):
            answer = client.get("/readyz")
        assert answer.json()["detail"] == "not ready: records"
        assert "db.internal" not in json.dumps(answer.json())
        (record,) = caplog.records
        assert record.__dict__["place"] == "records"
        monkeypatch.undo()
        assert client.get("/readyz").status_code == 200


def test_the_folders_are_those_that_are_written_to(tmp_path: Path) -> None:
    chosen = Settings(
        ledger=tmp_path / "eth",
        model=str(tmp_path / "model"),
        journal=f"sqlite:///{tmp_path / 'j' / 'journal.sqlite'}",
        records="postgresql+psycopg://db/records",
        audit_folder=tmp_path / "audit",
    )
    assert chosen.folders == {
        "ledger": tmp_path,
        "journal": tmp_path / "j",
        "audit": tmp_path / "audit",
    }
