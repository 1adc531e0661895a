"""The door: who asks, whether they may ask at all, and how often."""

import logging
import math
import time
from functools import lru_cache
from typing import NamedTuple

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.access.bucket import Bucket
from serving.access.caller import ANYONE, NOBODY
from serving.access.credentials import Credentials, credentials
from serving.access.failures import Failures
from serving.access.keyring import Held
from serving.access.sessions import Session
from serving.addresses import in_digits
from serving.lane import address
from serving.observability import Metrics
from serving.problems import problem

# probes: whether the process is there and ready, which tells of no wallet and no model
PUBLIC = frozenset(("/livez", "/readyz", "/ping", "/health", "/v2/health/live", "/v2/health/ready"))
LOGGED = ("bad_key", "not_local", "foreign_page")  # a few an address, then "failures"
_log = logging.getLogger("walletrisk.access")
SAFE = ("GET", "HEAD", "OPTIONS")
# pages for people: a cookie opens them, and nothing else; without one they ask for a key
PAGES = ("/cases", "/login", "/logout")
ASSETS = "/assets/"


class Refusal(NamedTuple):
    """Why a request does not get in; ``reason`` is for measures."""

    status: int
    reason: str
    detail: str
    headers: dict[str, str] | None = None


FOREIGN_PAGE = Refusal(403, "foreign_page", "a page of another site sends this: refused")
NOT_LOCAL = Refusal(
    403,
    "not_local",
    "this endpoint asks for no keys, so it answers this machine alone, and nothing that a proxy "
    "passed on: run walletrisk serve without --no-keys",
)
NOT_READY = Refusal(503, "not_ready", "keys are not loaded")
NO_KEY = (
    "send a key, as Authorization: Bearer KEY or X-API-Key: KEY; "
    "walletrisk keys create NAME --scope score --ledger DIR makes one"
)


class Guard:
    """ASGI middleware that lets requests with a key in, as often as the key may ask.

    Whoever is let in stands in ``scope["caller"]``; what they may do is for each route to say
    (:func:`serving.access.caller.require`). A true key is never refused for what others at its
    address fail with.

    Parameters
    ----------
    app : ASGI application
    metrics : Metrics
    failures : Failures
        Shared with the login page.
    no_keys : bool
        Requests of this machine need none, unless they came through a proxy: a proxy on this
        machine speaks for the whole world.
    """

    def __init__(
        self, app: ASGIApp, metrics: Metrics, failures: Failures, *, no_keys: bool
    ) -> None:
        self.app = app
        self.metrics = metrics
        self.failures = failures
        self.no_keys = no_keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, or with a problem."""
        judged = self._judge(scope) if scope["type"] == "http" else None
        if isinstance(judged, Refusal):
            self.metrics.refused(judged.reason)
            request = Request(scope)
            if judged.reason in LOGGED:
                _log.warning("refused", extra={"reason": judged.reason, "client": address(request)})
            answer = problem(request, judged.status, judged.detail, headers=judged.headers)
            await answer(scope, receive, send)
        elif judged is not None:
            await self.app(scope, receive, _telling(judged, send))
        else:
            await self.app(scope, receive, send)

    def _judge(self, scope: Scope) -> Refusal | Bucket | None:
        """Refuse, or name the caller; then their bucket, if they have one."""
        found = credentials(scope["headers"])
        safe = scope["method"] in SAFE
        if not safe and found.foreign_page:
            return FOREIGN_PAGE
        path = scope["path"]
        if safe and (path in PUBLIC or path.startswith(ASSETS)):
            return None
        if self.no_keys:
            client = scope.get("client") or ("",)
            if found.forwarded or not is_this_machine(client[0]):
                return NOT_LOCAL
            scope["caller"] = ANYONE
            return None
        endpoint = scope["app"].state.endpoint
        if endpoint is None:
            return NOT_READY
        held: Held | str | None = NO_KEY
        if found.key is not None:
            held = endpoint.keys.find(found.key)
        elif is_page(path):
            held = _of_session(scope)
        if held is None:  # the page asks for a key
            scope["caller"] = NOBODY
            return None
        if isinstance(held, str):
            return self._unknown(scope, held, found)
        scope["caller"] = held.caller
        scope["bucket"] = held.bucket
        if held.bucket is None:
            return None
        wait_s = held.bucket.wait_s(time.monotonic())
        return _too_often(held.caller.name, held.bucket, wait_s) if wait_s else held.bucket

    def _unknown(self, scope: Scope, why: str, found: Credentials) -> Refusal:
        """401, or 429 where an address fails often."""
        # a browser asks its user by itself: the key is the password, and the name of no meaning
        basic = 'Basic realm="walletrisk key as password", charset="UTF-8", ' if found.page else ""
        challenge = basic + 'Bearer realm="walletrisk"'
        if found.key is None:
            return Refusal(401, "no_key", why, {"WWW-Authenticate": challenge})
        wait_s = self.failures.wait_s(address(Request(scope)), time.monotonic())
        if wait_s:
            detail = "your address sent too many keys that are none"
            return Refusal(429, "failures", detail, {"Retry-After": str(math.ceil(wait_s))})
        challenge += ', error="invalid_token"'
        return Refusal(401, "bad_key", why, {"WWW-Authenticate": challenge})


def is_page(path: str) -> bool:
    """Whether a path is of the pages for people.

    Examples
    --------
    >>> [is_page(path) for path in ("/", "/cases/7f.pdf", "/login", "/loginx", "/v1/model")]
    [True, True, True, False, False]
    """
    return path == "/" or any(path == page or path.startswith(f"{page}/") for page in PAGES)


def _of_session(scope: Scope) -> Held | None:
    """Key of the session that a browser's cookie stands for; the session goes into the scope."""
    cookies = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    state = scope["app"].state
    session: Session | None = state.sessions.find(cookies) if cookies else None
    if session is None:
        return None
    held: Held | str = state.endpoint.keys.of(session.key_id)
    if isinstance(held, str):
        return None
    scope["session"] = session
    return held


def charge(request: Request, wallets: int) -> None:
    """Count a request that asks about several wallets as so many."""
    bucket: Bucket | None = request.scope.get("bucket")
    if bucket is not None:
        bucket.charge(wallets - 1)


def _too_often(name: str, bucket: Bucket, wait_s: float) -> Refusal:
    detail = f"the key of {name!r} may ask about {bucket.rate_per_s:g} wallets a second"
    told = {key.decode(): value.decode() for key, value in bucket.headers}
    return Refusal(429, "rate", detail, {"Retry-After": str(math.ceil(wait_s)), **told})


def _telling(bucket: Bucket, send: Send) -> Send:
    """Send with the headers that say how much is left."""

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *bucket.headers]
        await send(message)

    return told


@lru_cache(maxsize=1_000)
def is_this_machine(client: str) -> bool:
    """Whether an address in digits is one that no other machine can have."""
    found = in_digits(client)
    return found is not None and found.is_loopback
