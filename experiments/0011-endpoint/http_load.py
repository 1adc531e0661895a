"""A lean HTTP/1.1 load generator: raw sockets, keep-alive, prepared requests, one thread.

It shares the cores with the server under test, so it does the least that is honest: it writes
prepared bytes, waits for a whole answer, checks the status, and notes the time.
"""

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import uvloop


@dataclass(slots=True)
class Load:
    """What a run saw: latencies in seconds, the wall time, and one answer to look at."""

    seconds: list[float] = field(default_factory=list)
    wall_s: float = 0.0
    sample: bytes = b""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.wall_s

    def quantile_ms(self, q: float) -> float:
        """Return a quantile of the latency in milliseconds (the next higher observation)."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(int(q * len(ordered)), len(ordered) - 1)]


def request(path: str, body: bytes, *, host: str, port: int) -> bytes:
    """Prepare the bytes of one POST of JSON."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run_load(
    requests: Sequence[bytes],
    *,
    host: str,
    port: int,
    clients: int,
    count: int | None = None,
    limit_s: float,
) -> Load:
    """Send prepared requests in turn over keep-alive connections until a bound is reached.

    Parameters
    ----------
    requests : sequence of bytes
        Whole requests; used in turn, over and over.
    clients : int
        Connections, each with one request under way.
    count : int, optional
        Stop after so many answers; only limit_s stops the run when left out.
    limit_s : float
        Stop after so many seconds.

    Returns
    -------
    Load
        One latency an answer.

    Raises
    ------
    RuntimeError
        On an answer other than 200, a lost connection, or no answer at all.
    """
    return uvloop.run(_run(requests, host, port, clients, count, limit_s))


async def _run(
    requests: Sequence[bytes], host: str, port: int, clients: int, count: int | None, limit_s: float
) -> Load:
    loop = asyncio.get_running_loop()
    queue: Iterator[bytes] = itertools.cycle(requests)
    if count is not None:
        queue = itertools.islice(queue, count)
    load = Load()
    begin = time.perf_counter()
    connections = []
    for _ in range(clients):
        _, client = await loop.create_connection(
            lambda: _Client(queue, load, begin + limit_s, loop.create_future()), host, port
        )
        connections.append(client)
    try:
        await asyncio.wait_for(
            asyncio.gather(*(client.done for client in connections)), limit_s + 60
        )
    finally:
        for client in connections:
            client.close()
    load.wall_s = time.perf_counter() - begin
    if not load.seconds:
        raise RuntimeError("the server gave no answer")
    return load


class _Client(asyncio.Protocol):
    """One connection: sends the next request as soon as the answer to the last one is whole."""

    def __init__(
        self, queue: Iterator[bytes], load: Load, end: float, done: asyncio.Future[None]
    ) -> None:
        self._queue = queue
        self._load = load
        self._end = end
        self._sent = 0.0
        self._need = 0  # length of the whole answer, 0 while its head is incomplete
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self.done = done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # what TCP gives
        self._send()

    def _send(self) -> None:
        following = next(self._queue, None) if time.perf_counter() < self._end else None
        if following is None:
            self._finish(None)
        elif self._transport is not None:
            self._sent = time.perf_counter()
            self._transport.write(following)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if not self._need:
            self._need = _answer_length(self._buffer)
        if not self._need or len(self._buffer) < self._need:
            return
        self._load.seconds.append(time.perf_counter() - self._sent)
        answer, self._buffer, self._need = self._buffer, b"", 0
        if answer[9:12] != b"200":
            self._finish(RuntimeError(f"the server answered {answer[:400]!r}"))
            return
        self._load.sample = answer
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(exc or RuntimeError("the server closed the connection"))

    def _finish(self, problem: Exception | None) -> None:
        if self.done.done():
            return
        if problem is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(problem)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _answer_length(buffer: bytes) -> int:
    """Return the length of head and body, 0 while the head is incomplete."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return 0
    head = buffer[:end].lower()
    at = head.find(b"content-length:")
    if at < 0:
        raise RuntimeError(f"an answer without content-length: {head[:200]!r}")
    return end + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0])
