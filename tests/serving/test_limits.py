"""Bodies are counted as they come."""

import asyncio

import pytest
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from serving.limits import LimitBody


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
    scope: Scope = {"type": "http", "headers": headers}
    asyncio.run(LimitBody(app, limit=10)(scope, receive, send))
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
