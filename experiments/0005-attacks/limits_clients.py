"""Clients of the attacks on the endpoint: patient, many, silent, leaving and hostile ones."""

import json
import random
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException

HOST = "127.0.0.1"
SCORE, BATCH = "/v1/wallets/score", "/v1/wallets/score:batch"
TRACE, TRANSFERS = "/v1/wallets/trace", "/v1/transfers"
JSON = {"Content-Type": "application/json"}
WALLETS = [str(number) for number in range(1, 1_001)]  # accounts of the demo
PATHS: tuple[str, ...] = (
    SCORE,
    BATCH,
    TRACE,
    TRANSFERS,
    "/v1/model",
    "/v1/features",
    "/livez",
    "/readyz",
)
PATHS += ("/metrics", "/docs", "/openapi.json", "/", "/v1", "/../../etc/passwd", "/%00", "/%ff%fe")
METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "BREW")
SCRAPS = (
    b"", b"{", b"[]", b"null", b"\xff\xfe", b"NaN", b'"w"', b"[" * 9_000, b'{"a":' * 3_000,
    b'{"wallet": "\\ud800"}', b'{"wallet": null}', b'{"wallet": {"address": "x", "chain": 5}}',
    b'{"wallet": "w", "as_of": "9999-12-31T23:59:59Z"}', b'{"wallet": "w", "as_of": 1e999}',
    b'{"wallet": "w", "context": {"a": 1e400}}', b'{"items": [{}]}', b'{"items": [null, 1]}',
    b'{"transfers": [{"amount": -1}]}', b'{"transfers": {"0": 1}}', b"1" * 5_000,
    b'{"wallet": "' + b"x" * 15_000 + b'"}', b'{"transfers": [' + b"0," * 60_000 + b"0]}",
)  # fmt: skip


def post(port: int, path: str, body: bytes, *, limit_s: float = 300) -> tuple[int, bytes]:
    """Status and answer of one request on a connection of its own."""
    connection = HTTPConnection(HOST, port, timeout=limit_s)
    try:
        connection.request("POST", path, body, JSON)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def get(
    port: int, path: str, *, limit_s: float = 60, **headers: str
) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of one request."""
    connection = HTTPConnection(HOST, port, timeout=limit_s)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
        return response.status, {k.lower(): v for k, v in response.getheaders()}, text
    finally:
        connection.close()


class Waits:
    """How long scores waited, in milliseconds, and how many were not answered."""

    ms: Sequence[float] = (0.0,)
    failed: int = 0

    def quantile(self, share: float) -> float:
        """Milliseconds within which this share of the scores was answered."""
        return sorted(self.ms)[min(len(self.ms) - 1, int(share * len(self.ms)))]


@contextmanager
def scoring(port: int) -> Iterator[Waits]:
    """Ask for one score after the other, in a process of its own, until the block ends."""
    asking = subprocess.Popen(
        [sys.executable, __file__, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    waits = Waits()
    try:
        time.sleep(0.7)
        yield waits
    finally:
        said, _ = asking.communicate()
        found = json.loads(said)
        waits.ms, waits.failed = found["ms"], found["failed"]


def ask_until_told(port: int) -> None:
    """Score accounts of the demo, a hundred a second at most, until the input ends."""
    ended = threading.Event()

    def wait_for_end() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait_for_end, daemon=True).start()
    ms: list[float] = []
    failed = 0
    while not ended.wait(0.01):
        begin = time.perf_counter()
        try:
            status, _ = post(port, SCORE, score_body(WALLETS[len(ms) % len(WALLETS)]))
            failed += status != 200
        except (OSError, HTTPException):
            failed += 1
        ms.append((time.perf_counter() - begin) * 1e3)
    print(json.dumps({"ms": ms, "failed": failed}))


def together(tasks: Iterable[Callable[[], object]]) -> None:
    """Run tasks at once, each in a thread; what they raise is theirs."""

    def quiet(task: Callable[[], object]) -> None:
        with suppress(OSError, HTTPException):
            task()

    threads = [threading.Thread(target=quiet, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def score_body(wallet: str) -> bytes:
    return json.dumps({"wallet": wallet}).encode()


def batch_body(wallets: list[str]) -> bytes:
    return json.dumps({"items": [{"wallet": wallet} for wallet in wallets]}).encode()


def transfers_body(asset: str, count: int, *, start: int) -> bytes:
    """Transfers between new wallets, of a moment that every ledger knows to be past."""
    listed = [
        {
            "tx_id": f"0x{start + number:064x}",
            "timestamp": "2017-06-01T00:00:00Z",
            "sender": f"0x{number % 7777:040x}",
            "recipient": f"0x{number % 5555 + 10**6:040x}",
            "amount": "1.5",
            "asset": asset,
        }
        for number in range(count)
    ]
    return json.dumps({"transfers": listed}).encode()


def bare(port: int, sent: bytes = b"") -> socket.socket:
    """Open a connection and send bytes."""
    connection = socket.create_connection((HOST, port), timeout=120)
    connection.sendall(sent)
    return connection


def head(length: int, path: str = TRANSFERS) -> bytes:
    """Head of a request whose body is so long."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def hostile(port: int, count: int, *, seed: int, clients: int = 8) -> Counter[int]:
    """Statuses of requests made of scraps; 0 where the connection ended without one."""
    found: Counter[int] = Counter()

    def attack(number: int) -> None:
        rng = random.Random(seed + number)
        for _ in range(count // clients):
            found[_one(port, rng)] += 1

    together([lambda number=number: attack(number) for number in range(clients)])  # type: ignore[misc]
    return found


def _one(port: int, rng: random.Random) -> int:
    body = rng.choice(SCRAPS)
    if rng.random() < 0.3:
        body = bytes(rng.randrange(256) for _ in range(rng.randrange(200)))
    host = rng.choice(["localhost", "localhost", "localhost", "127.0.0.1:1", "evil.example", ""])
    lines = [
        f"{rng.choice(METHODS)} {rng.choice(PATHS)} HTTP/1.1",
        f"Host: {host}",
        "Connection: close",
    ]
    lines.append(
        f"Content-Type: {rng.choice(['application/json'] * 3 + ['text/plain', '', 'x' * 999])}"
    )
    lines.append(f"Content-Length: {len(body)}")
    if rng.random() < 0.1:
        lines.append(
            rng.choice(["Transfer-Encoding: chunked", "Content-Length: -1", "a" * 5_000, "\x00: b"])
        )
    sent = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    if rng.random() < 0.1:
        sent = sent[: rng.randrange(len(sent))]
    try:
        with bare(port, sent) as connection:
            connection.shutdown(socket.SHUT_WR)
            said = connection.recv(64)
    except OSError:
        return 0
    return int(said.split()[1]) if said.startswith(b"HTTP/1.1 ") else 0


if __name__ == "__main__":
    ask_until_told(int(sys.argv[1]))
