"""What is logged is lines of JSON, and nothing that a client sent is in them."""

import json
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from serving import create_app
from serving.log import JsonLines, logging_to_stderr
from serving.service import Service
from tests.serving.conftest import TestClient, World, settings, transfer

WALLET = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"
NUMBER = "7d444840-9dc0-11d1-b245-5ffdce74fad2"


@contextmanager
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[list[dict[str, Any]]]:
    """Lines that are logged meanwhile; filled in at the end."""
    lines: list[dict[str, Any]] = []
    with logging_to_stderr("debug"):
        yield lines
    lines += [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_busy_run_logs_no_wallet(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    with (
        logging_to_stderr("debug"),
        TestClient(create_app(settings(world, tmp_path)), raise_server_exceptions=False) as client,
    ):
        asked = {"wallet": WALLET, "include": ["exposure"]}
        for path in ("/v1/wallets/score", "/v1/wallets/trace", f"/v1/{WALLET}", "/v1/transfers"):
            for body in (asked, {"wallet": 5, WALLET: 1}, {"transfers": [transfer(sender=WALLET)]}):
                headers = {"X-Request-ID": WALLET, "traceparent": WALLET, "User-Agent": WALLET}
                client.post(f"{path}?wallet={WALLET}", json=body, headers=headers)
        client.post("/v1/retractions", json={"tx_ids": [WALLET]})
        client.get("/v1/model", headers={"Via": WALLET, "Origin": WALLET})
        client.post("/v1/model", headers={"Origin": WALLET})

        def broken(*_: Any, **__: Any) -> None:
            raise ValueError(f"no such wallet: {WALLET}")

        monkeypatch.setattr(Service, "told", broken)
        found = client.post("/v1/wallets/score", json=asked, headers={"X-Request-ID": NUMBER})
        assert found.status_code == 500
    written = capsys.readouterr().err
    lines = [json.loads(line) for line in written.splitlines()]
    assert len([one for one in lines if one["event"] == "request"]) == 16
    assert lines[-1]["status"] == 500
    assert lines[-1]["request_id"] == NUMBER
    for part in (WALLET, WALLET.lower(), WALLET[2:], "w1", "new0"):
        assert part not in written


def test_a_message_keeps_its_words_and_numbers_only(capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("other.library")
    with logged(capsys) as lines:
        log.warning("wallet %s has %d transfers, %r", WALLET, 5, {"a": WALLET})
        log.warning("%(wallet)s of %(count)d", {"wallet": WALLET, "count": 7})
        log.error(ValueError(WALLET))
        log.info("not from this level")
    assert [one["event"] for one in lines] == [
        "wallet … has 5 transfers, …", "… of 7", "ValueError",
    ]  # fmt: skip
    record = logging.makeLogRecord({"msg": "odd %d", "args": (WALLET,)})
    assert json.loads(JsonLines().format(record))["event"] == "odd %d"


def test_further_facts_are_those_of_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    facts = {"wallet": WALLET, "seconds": 0.5, "reason": "x", "kind": [WALLET]}
    with logged(capsys) as lines:
        logging.getLogger("walletrisk.test").warning("done", extra=facts)
    (line,) = lines
    assert {key: line[key] for key in ("seconds", "reason")} == {"seconds": 0.5, "reason": "x"}
    assert "wallet" not in line
    assert "kind" not in line


def test_an_error_is_told_by_type_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        try:
            raise OSError(28, "No space left on device", WALLET)
        except OSError as error:
            raise ValueError(WALLET) from error

    with logged(capsys) as lines:
        try:
            fail()
        except ValueError:
            logging.getLogger("walletrisk.test").exception("failed")
    (line,) = lines
    first, cause = line["error"]
    assert (first["type"], cause["type"]) == ("ValueError", "OSError")
    assert cause["reason"] == "No space left on device"
    assert first["at"][-1].endswith(" fail")
    assert WALLET not in json.dumps(line)


def test_a_thread_that_fails_is_told_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ValueError(WALLET)

    with logged(capsys) as lines:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    (line,) = lines
    assert line["event"] == "a thread ended by an error"
    assert line["error"][0]["type"] == "ValueError"


def test_logging_is_left_as_it_was() -> None:
    root = logging.getLogger()
    before = list(root.handlers), root.level, threading.excepthook
    with logging_to_stderr("info"):
        assert root.handlers[0].stream is sys.stderr  # type: ignore[attr-defined]
    assert (list(root.handlers), root.level, threading.excepthook) == before
