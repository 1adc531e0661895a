"""What is refused before it is read: bodies too large, too many bytes at once, foreign hosts."""

import ipaddress
import socket
from collections import Counter
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.lane import address
from serving.problems import problem

FREE_BYTES = 16 * 1024  # of a body that always have room; connections are counted elsewhere
RETRY_AFTER_S = 5
LOCAL = ("localhost",)
ANY_HOST = "*"
_SHOWN = 100


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
    """

    def __init__(self, app: ASGIApp, limit: int, in_flight: int) -> None:
        self.app = app
        self.limit = limit
        self.in_flight = in_flight
        self.held: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        client = address(Request(scope))
        arrived = held = 0

        async def count() -> Message:
            nonlocal arrived, held
            if announced.isdecimal() and int(announced) > self.limit:
                raise self._too_large()
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > self.limit:
                raise self._too_large()
            if arrived > FREE_BYTES:
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

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"the body may hold at most {self.limit} bytes")


class AllowHosts:
    """ASGI middleware that answers only to its own names.

    A page of a browser can make its own name point to this address and then read every answer
    (DNS rebinding), but the name stands in ``Host``. An address in digits is always allowed: no
    page can rebind it.

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
            host = given[0].decode("latin-1") if len(given) == 1 else ""
            if not self._allowed(host):
                detail = (
                    f"host {host[:_SHOWN]!r} is none that this endpoint answers to; "
                    "WALLETRISK_HOSTS names them"
                )
                await problem(Request(scope), 421, detail)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _allowed(self, host: str) -> bool:
        name = _without_port(host).lower()
        return name in self.hosts or ANY_HOST in self.hosts or _in_digits(name)


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


def _in_digits(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
