"""Connections that stall, flood or leave, against the real server."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest

from serving.files import room_for
from serving.protocol import MAX_HEAD_BYTES
from tests.serving.conftest import World
from tests.serving.test_server import ROOT, Server, running

HEAD = b"POST /v1/transfers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
LIVE = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def server(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = {
        "WALLETRISK_HEAD_TIMEOUT_S": "0.5",
        "WALLETRISK_BODY_TIMEOUT_S": "0.5",
        "WALLETRISK_ANSWER_TIMEOUT_S": "0.5",
        "WALLETRISK_MAX_CONNECTIONS": "8",
        "WALLETRISK_SHUTDOWN_S": "0.5",
    }
    with running(world, tmp_path_factory.mktemp("server"), **limits) as started:
        yield started


def all_of(connection: socket.socket) -> bytes:
    """All that the other end says until it ends the connection."""
    said = b""
    try:
        while piece := connection.recv(65_536):
            said += piece
    except ConnectionResetError:
        pass
    connection.close()
    return said


@pytest.mark.parametrize(
    ("sent", "what"),
    [
        (b"", "head"),
        (b"\r\n", "head"),
        (HEAD, "head"),
        (LIVE + b"GET /li", "head"),
        (HEAD + b"Content-Length: 100\r\n\r\n{", "body"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", "body"),
    ],
)
def test_who_stalls_is_left(server: Server, sent: bytes, what: str) -> None:
    said = all_of(server.connect(sent))
    assert f"the {what} of a request must come in 0.5 s".encode() in said
    assert said.startswith(b"HTTP/1.1 200" if sent.startswith(LIVE) else b"HTTP/1.1 408")


def test_a_connection_without_a_request_after_its_answer_is_left(server: Server) -> None:
    assert all_of(server.connect(LIVE)).count(b"HTTP/1.1") == 1


def test_who_does_not_read_is_left(server: Server) -> None:
    connection = server.connect(LIVE.replace(b"livez", b"openapi.json") * 400)
    while counted(server, "walletrisk_in_flight", 'what="connections"') > 1:
        pass
    assert all_of(connection).count(b"HTTP/1.1 200") < 400


def test_a_head_is_bounded(server: Server) -> None:
    said = all_of(server.connect(HEAD + b"x: " + b"y" * MAX_HEAD_BYTES))
    assert said.startswith(b"HTTP/1.1 431")


def test_what_is_no_http_is_told(server: Server) -> None:
    head, _, body = all_of(server.connect(b"\x16\x03\x01 hello\r\n\r\n")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert json.loads(body)["status"] == 400


def test_silent_connections_make_room(server: Server) -> None:
    silent = [server.connect() for _ in range(40)]
    status, _ = server.ask("GET", "/readyz")
    assert status == 200
    for connection in silent:
        connection.close()


def test_half_sent_bodies_make_room(server: Server) -> None:
    half = [server.connect(HEAD + b"Content-Length: 9\r\n\r\n{") for _ in range(40)]
    status, _ = server.ask("GET", "/readyz")
    assert status == 200
    for connection in half:
        connection.close()


def test_answers_say_little_of_the_server(server: Server) -> None:
    for sent in (LIVE, b"GET /none HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"nonsense\r\n\r\n"):
        head = all_of(server.connect(sent)).partition(b"\r\n\r\n")[0].lower()
        assert b"cache-control: no-store" in head
        assert b"x-content-type-options: nosniff" in head
        assert b"server:" not in head


def test_a_client_that_leaves_is_no_error_and_one_that_stalls_blocks_no_end(
    world: World, tmp_path: Path
) -> None:
    with running(world, tmp_path, WALLETRISK_SHUTDOWN_S="0.5") as server:
        for _ in range(20):
            server.connect(HEAD + b"Content-Length: 100\r\n\r\n{").close()
        metrics = all_of(server.connect(LIVE.replace(b"livez", b"metrics")))
        assert b'outcome="500"' not in metrics
        stalled = server.connect(HEAD + b"Content-Length: 100\r\n\r\n{")
        output = server.end(signal.SIGTERM)
        stalled.close()
        assert (server.process.returncode, output) == (0, ("", ""))
    assert not (tmp_path / "journal.sqlite-wal").exists()  # the journal was closed


def test_a_request_in_work_is_answered_after_the_signal_and_no_other(
    world: World, tmp_path: Path
) -> None:
    body = json.dumps({"wallet": "w1"}).encode()
    head = HEAD.replace(b"transfers", b"wallets/score") + b"Content-Length: %d\r\n\r\n" % len(body)
    with running(world, tmp_path) as server:
        place = urlsplit(server.url).hostname, urlsplit(server.url).port
        begun = server.connect(head + body[:-1])
        time.sleep(0.2)  # it is read
        server.process.send_signal(signal.SIGTERM)
        for _ in range(200):
            try:
                socket.create_connection(place, timeout=1).close()
            except ConnectionRefusedError:
                break
            time.sleep(0.05)
        else:
            pytest.fail("connections are still taken")
        begun.sendall(body[-1:])
        assert all_of(begun).startswith(b"HTTP/1.1 200")
        begun.close()
        assert server.process.communicate(timeout=30) == ("", "")
        assert server.process.returncode == 0
    assert not (tmp_path / "journal.sqlite-wal").exists()


FEW = (
    "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256)); "
    "from serving.files import room_for; print(room_for(1000, 128))"
)


def test_connections_fit_into_the_files_allowed() -> None:
    said = subprocess.run([sys.executable, "-c", FEW], cwd=ROOT, capture_output=True, check=True)
    assert 8 <= int(said.stdout) < 256 - 128
    assert room_for(10, 128) == 10


def counted(server: Server, measure: str, *having: str) -> float:
    """Sum of a measure over the labels that have these texts."""
    text = all_of(server.connect(LIVE.replace(b"livez", b"metrics"))).decode()
    lines = [line for line in text.splitlines() if line.startswith(measure)]
    chosen = [line for line in lines if all(text in line for text in having)]
    return sum(float(line.rpartition(" ")[2]) for line in chosen)


def test_a_batch_ends_with_its_client(server: Server) -> None:
    requests, route = "walletrisk_requests_total", "score:batch"
    body = json.dumps({"items": [{"wallet": f"w{number % 60}"} for number in range(1_000)]})
    head = HEAD.replace(b"transfers", b"wallets/score:batch")
    server.connect(head + f"Content-Length: {len(body)}\r\n\r\n{body}".encode()).close()
    while not counted(server, requests, route):
        pass
    assert counted(server, requests, route, 'outcome="499"') == 1
    assert counted(server, "walletrisk_score_seconds_count") < 500


SCRAPS = [b"", b"{", b"null", b"\xff", b"[" * 900, b'{"wallet": null}', b'{"items": [0]}']
LINES = [b"a" * 900, b"\x00: b", b"Content-Length: -1", b"Transfer-Encoding: chunked", b"x: y"]


def test_hostile_requests_are_never_an_error_of_ours(server: Server) -> None:
    random = Random(0)
    for _ in range(300):
        method = random.choice([b"GET", b"POST", b"BREW", b"TRACE"])
        path = random.choice([b"/v1/wallets/score", b"/v1/transfers", b"/%ff", b"/metrics", b"*"])
        body = random.choice([*SCRAPS, random.randbytes(random.randrange(99))])
        sent = method + b" " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        sent += b"Content-Type: application/json\r\n" + random.choice(LINES) + b"\r\n"
        sent += f"Content-Length: {len(body)}\r\n\r\n".encode() + body
        said = all_of(server.connect(sent))
        assert not said.startswith(b"HTTP/1.1 5"), (sent, said)
