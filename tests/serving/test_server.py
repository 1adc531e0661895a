"""The real server, in a process of its own: what was acknowledged outlives it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from features import RiskError
from serving.server import run
from tests.serving.conftest import World, settings, transfer

RUN = "from serving import Settings; from serving.server import run; run(Settings(), port=0, announce=lambda url: print(url, flush=True))"  # noqa: E501
ROOT = Path(__file__).parents[2]


class Server:
    """A running server and a connection to it."""

    def __init__(self, world: World, folder: Path, **further: str) -> None:
        chosen = settings(world, folder)
        environment = {
            "WALLETRISK_LEDGER": str(chosen.ledger),
            "WALLETRISK_MODEL": str(chosen.model),
            "WALLETRISK_LABELS": str(chosen.labels),
            "WALLETRISK_JOURNAL": chosen.only.journal_url,
            "WALLETRISK_RECORDS": chosen.records_url,
            "WALLETRISK_AUDIT_FOLDER": str(chosen.audit_place),
            "WALLETRISK_NO_KEYS": "true",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN],
            cwd=ROOT,
            env=os.environ | environment | further,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://127.0.0.1:"), self.process.communicate()

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        connection.request(method, path, body, {"content-type": "application/json"})
        response = connection.getresponse()
        answer = response.status, json.loads(response.read())
        connection.close()
        return answer

    def post(self, path: str, content: object) -> tuple[int, Any]:
        return self.ask("POST", path, json.dumps(content).encode())

    def connect(self, sent: bytes = b"") -> socket.socket:
        """A bare connection, on which these bytes were sent."""
        place = urlsplit(self.url)
        connection = socket.create_connection((place.hostname, place.port), timeout=30)
        connection.sendall(sent)
        return connection

    def end(self, how: signal.Signals) -> tuple[str, str]:
        self.process.send_signal(how)
        return self.process.communicate(timeout=30)


@contextmanager
def running(world: World, folder: Path, **further: str) -> Iterator[Server]:
    server = Server(world, folder, **further)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.end(signal.SIGKILL)


def test_what_was_acknowledged_survives_kill_9(world: World, tmp_path: Path) -> None:
    asked = {"wallet": "x", "as_of": "2025-01-01T00:00:00Z"}
    sent = [transfer(number, recipient="x", amount=(number + 1) / 7) for number in range(200)]
    with running(world, tmp_path) as server:
        status, added = server.post("/v1/transfers", {"transfers": sent})
        server.end(signal.SIGKILL)
        assert server.process.returncode == -signal.SIGKILL
        assert (status, added["added"]) == (200, 200)
    with running(world, tmp_path) as server:
        status, before = server.post("/v1/wallets/score", asked)
        assert before["coverage"]["transfers_in"] == 200
        for number in range(200, 220):
            server.post("/v1/transfers", {"transfers": [transfer(number, recipient="x")]})
        server.end(signal.SIGKILL)
    with running(world, tmp_path) as server:
        _, after = server.post("/v1/wallets/score", asked)
        assert after["coverage"]["transfers_in"] == 220
        _, again = server.post("/v1/transfers", {"transfers": sent})
        assert again == {"added": 0, "duplicates": 200, "journal_seq": 220}


def test_a_large_body_is_refused_over_a_socket(world: World, tmp_path: Path) -> None:
    with running(world, tmp_path) as server:
        status, problem = server.ask("POST", "/v1/transfers", b" " * 10_000_000)
        assert (status, problem["status"]) == (413, 413)
        assert server.ask("GET", "/readyz") == (200, {"status": "ready"})


def test_ctrl_c_ends_it_in_silence(world: World, tmp_path: Path) -> None:
    with running(world, tmp_path) as server:
        output = server.end(signal.SIGINT)
        assert (server.process.returncode, output) == (0, ("", ""))


def test_a_taken_address_is_told(world: World, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RiskError, match=f"cannot listen on 127.0.0.1:{port}: .*in use"):
            run(settings(world, tmp_path), port=port, announce=pytest.fail)


def test_what_cannot_be_loaded_is_told(world: World, tmp_path: Path) -> None:
    with pytest.raises(RiskError, match="nowhere"):
        run(settings(world, tmp_path, ledger=tmp_path / "nowhere"), announce=pytest.fail)
