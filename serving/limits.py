"""What is refused before it is read: large bodies, many bytes at once, foreign hosts, no text."""

import socket
from collections import Counter
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.addresses import in_digits
from serving.lane import address
from serving.problems import problem

FREE_BYTES = 16 * 1024  # of a body that always have room; connections are counted elsewhere
RETRY_AFTER_S = 5
LOCAL = ("localhost",)
ANY_HOST = "*"
_SHOWN = 100
_NONE: Mapping[str, int] = {}


class LimitBody:
    """ASGI middleware that ends the reading of a body above a limit.

    Bytes count as they arrive, whatever was announced, and until the request is answered.
    Starlette has one too, of a single body, whose answer is plain text.

    Parameters
    ----------
    app : ASGI application
        Turns HTTPException into an answer.
    limit : int
        Bytes of one body; more is a 413.
    in_flight : int
        Bytes of all bodies together, half of them for one address; more is a 503. The first
        16 KiB of a body do not count, so that a score is not refused for others' bodies.
    streamed : mapping of str to int
        Paths whose bodies go to the disk as they come: a limit of their own, and no bytes in
        flight.
    """

    def __init__(
        self, app: ASGIApp, limit: int, in_flight: int, streamed: Mapping[str, int] = _NONE
    ) -> None:
        self.app = app
        self.limit = limit
        self.streamed = streamed
        self.in_flight = in_flight
        self.held: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        client = address(Request(scope))
        own = self.streamed.get(scope.get("path", ""))
        limit = self.limit if own is None else own
        arrived = held = 0

        async def count() -> Message:
            nonlocal arrived, held
            if announced.isdecimal() and int(announced) > limit:
                raise _too_large(limit)
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > limit:
                raise _too_large(limit)
            if arrived > FREE_BYTES and own is None:
                self.held[client] += arrived - held
                held = arrived
                self._check_room(client)
            return message

        try:
            await self.app(scope, count, send)
        finally:
            if held:
                self.held[client] -= held
                self.held += Counter()  # forgets those at zero

    def _check_room(self, client: str) -> None:
        if self.held.total() > self.in_flight or self.held[client] > self.in_flight // 2:
            raise HTTPException(
                503,
                f"bodies of more than {self.in_flight} bytes are in work, or of half of that from "
                "your address: try again",
                {"Retry-After": str(RETRY_AFTER_S)},
            )


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"the body may hold at most {limit} bytes")


class AllowHosts:
    """ASGI middleware that answers only to its own names.

    A page of a browser can make its own name point to this address and then read every answer
    (DNS rebinding), but the name stands in ``Host``. An address in digits is always allowed: no
    page can rebind it. So is a request without the header, as some probes send it: browsers send
    one.

    Parameters
    ----------
    app : ASGI application
    hosts : iterable of str
        Names beside ``localhost`` and this machine's own; ``*`` allows any.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self.app = app
        self.hosts = {name.lower() for name in (*LOCAL, socket.gethostname(), *hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, or with a 421."""
        if scope["type"] == "http":
            given = [value for name, value in scope["headers"] if name == b"host"]
            host = b", ".join(given).decode("latin-1")
            if given and not self._allowed(host):
                detail = (
                    f"host {host[:_SHOWN]!r} is none that this endpoint answers to; "
                    "WALLETRISK_HOSTS names them"
                )
                await problem(Request(scope), 421, detail)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _allowed(self, host: str) -> bool:
        name = _without_port(host).lower()
        return name in self.hosts or ANY_HOST in self.hosts or in_digits(name) is not None


class AllowText:
    """ASGI middleware that answers only where path and query are text: UTF-8 without NUL.

    Lone surrogates are no UTF-8, and PostgreSQL stores no NUL. What stands in bodies is checked
    where it is read, and headers where they are.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, or with a 400."""
        if scope["type"] == "http":
            parts = (("path", scope.get("raw_path") or b""), ("query", scope["query_string"]))
            for place, sent in parts:
                if b"%" in sent and not _is_text(sent):
                    detail = f"the {place} of the URL is no UTF-8 text, or holds NUL (%00)"
                    await problem(Request(scope), 400, detail)(scope, receive, send)
                    return
        await self.app(scope, receive, send)


def _is_text(sent: bytes) -> bool:
    """Whether what is percent-encoded is text.

    Examples
    --------
    >>> [_is_text(sent) for sent in (b"a%20b", b"%C3%A4", b"a%00", b"%ED%A0%80", b"%ff")]
    [True, True, False, False, False]
    """
    plain = unquote_to_bytes(sent)
    try:
        plain.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in plain


def _without_port(host: str) -> str:
    """Name or address of a Host header.

    Examples
    --------
    >>> [_without_port(host) for host in ("risk:8000", "[::1]:8000", "risk")]
    ['risk', '::1', 'risk']
    """
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
