"""Bodies are counted as they come, and hosts are known by name."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from serving.limits import FREE_BYTES, AllowHosts, LimitBody


def read(pieces: list[bytes], *, announced: str | None = None) -> bytes:
    """What an application reads of these pieces under a limit of 10 bytes."""
    got = b""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal got
        more = True
        while more:
            message = await receive()
            got += message["body"]
            more = message["more_body"]

    left = list(pieces)

    async def receive() -> Message:
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: Message) -> None:
        raise AssertionError

    headers = [] if announced is None else [(b"content-length", announced.encode())]
    scope: Scope = {"type": "http", "headers": headers, "client": None}
    asyncio.run(LimitBody(app, limit=10, in_flight=100)(scope, receive, send))
    return got


@pytest.mark.parametrize("announced", [None, "10", "3", "-1", "ten", "\xb2", ""])
def test_the_limit_itself_fits(announced: str | None) -> None:
    assert read([b"12345", b"67890"], announced=announced) == b"1234567890"


@pytest.mark.parametrize("announced", [None, "3", "-1", "ten"])
def test_one_byte_more_does_not(announced: str | None) -> None:
    with pytest.raises(HTTPException, match="413: the body may hold at most 10 bytes"):
        read([b"12345", b"678901"], announced=announced)


def test_an_announced_excess_is_not_read() -> None:
    with pytest.raises(HTTPException, match="413"):
        read([], announced="11")


def hold(
    limit: LimitBody, client: str, size: int, hold_on: asyncio.Event
) -> Coroutine[Any, Any, None]:
    """A request of one body, which is answered when the event is set."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"x" * size, "more_body": False}

    async def send(message: Message) -> None:
        raise AssertionError

    scope: Scope = {"type": "http", "headers": [], "client": (client, 1), "hold_on": hold_on}
    return limit(scope, receive, send)


async def _reading(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await scope["hold_on"].wait()


def test_bytes_in_flight_are_shared() -> None:
    size = 10 * FREE_BYTES

    async def attack() -> None:
        limit, done = LimitBody(_reading, limit=2 * size, in_flight=4 * size), asyncio.Event()
        held = [asyncio.create_task(hold(limit, "a", size, done)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(HTTPException, match=r"503: bodies of more than .* try again"):
            await held.pop()  # the third of one address is above its half
        others = [asyncio.create_task(hold(limit, "b", size, done)) for _ in range(2)]
        small = [asyncio.create_task(hold(limit, "a", FREE_BYTES, done)) for _ in range(99)]
        await asyncio.sleep(0)
        assert limit.held == {"a": 2 * size, "b": 2 * size}
        with pytest.raises(HTTPException, match="503"):
            await hold(limit, "c", size, done)  # all is taken
        done.set()
        await asyncio.gather(*held, *others, *small)
        assert not limit.held

    asyncio.run(attack())


def status(host: list[bytes], *hosts: str) -> int:
    """Status with which a request of these Host headers is answered."""
    statuses: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        statuses.append(200)

    async def send(message: Message) -> None:
        statuses.append(message.get("status", 0))

    async def receive() -> Message:
        raise AssertionError

    headers = [(b"host", one) for one in host]
    scope: Scope = {"type": "http", "path": "/", "headers": headers, "query_string": b""}
    asyncio.run(AllowHosts(app, hosts)(scope, receive, send))
    return statuses[0]


@pytest.mark.parametrize(
    "host",
    [
        b"localhost",
        b"LocalHost:80",
        b"127.0.0.1:8000",
        b"[::1]:8000",
        b"10.1.2.3",
        b"Risk.example:1",
    ],
)
def test_its_own_names_and_addresses_are_answered(host: bytes) -> None:
    assert status([host], "risk.example") == 200


@pytest.mark.parametrize(
    "host",
    [[b"evil.example"], [b"localhost.evil.example"], [b"127.0.0.1.evil.example"], [b""], [],
     [b"\xff"], [b"localhost", b"evil.example"], [b"x" * 9_000]],
)  # fmt: skip
def test_a_foreign_host_is_refused(host: list[bytes]) -> None:
    assert status(host, "risk.example") == 421


def test_any_host_can_be_allowed() -> None:
    assert status([b"evil.example"], "*") == 200
