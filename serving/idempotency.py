"""The header ``Idempotency-Key``: a request that is sent again is answered again, and not done.

As in the draft of the IETF (draft-ietf-httpapi-idempotency-key-header): a key belongs to its caller
and to the request that it came with first. The key is on disk before anything is done, and the
answer before it is sent. What a kill finds between the two was done or was not: such a request is
done again when it comes again, so that whatever takes keys must do it once all the same (transfers
by transaction and position, retractions by what is here, others by :func:`operation`). A request
that was refused changed nothing, and its key is free.
"""

import hashlib
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial, wraps
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from anyio import to_thread
from fastapi import Request, Response
from starlette.exceptions import HTTPException

from serving.access.caller import caller
from serving.clock import now_us
from serving.records import METADATA, Records, RecordsError

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
MOST_CHARACTERS = 255
# a string of structured fields (RFC 8941), without escapes; or bare, as most clients send it
KEY_PATTERN = r'^("[ !#-\[\]-~]+"|[!#-\[\]-~]+)$'
_KEY = re.compile(KEY_PATTERN.replace("$", r"\Z"))
_PURGE_S = 60.0
_HASHED_HERE = 64 * 1024  # bytes of a body; more is hashed in a thread

KEYS = sa.Table(
    "idempotency_keys",
    METADATA,
    sa.Column("caller", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("request", sa.Text, nullable=False),  # digest of route and body
    sa.Column("at_us", sa.BigInteger, nullable=False, index=True),
    sa.Column("status", sa.Integer),  # null: not answered yet
    sa.Column("media_type", sa.Text),
    sa.Column("answer", sa.LargeBinary),
)

_Route = TypeVar("_Route", bound=Callable[..., Awaitable[Response]])


class Held(NamedTuple):
    """A key, and whose it is."""

    caller: str
    key: str


class AnsweredRequests:
    """Answers by the keys of the requests that they are to.

    Parameters
    ----------
    records : Records
    keep_s : float
        How long an answer is kept.
    """

    def __init__(self, records: Records, keep_s: float) -> None:
        self._records = records
        self._keep_us = int(keep_s * 1e6)
        self._in_work: set[Held] = set()  # touched by the event loop alone
        self._purged = -_PURGE_S

    async def once(
        self, held: Held, request: str, work: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Do some work unless it was done for this key.

        Parameters
        ----------
        held : Held
        request : str
            Digest of what is asked.
        work : callable
            Its answer is kept; what it raises is not, and frees the key.

        Raises
        ------
        HTTPException
            409: the first request of this key is in work. 422: it was another request.
        RecordsError
            The key or the answer could not be written.
        """
        if held in self._in_work:
            raise HTTPException(
                409,
                f"a request with this {HEADER} is in work: wait for its answer, or ask again",
                {"Retry-After": "1"},
            )
        self._in_work.add(held)
        try:
            found = await to_thread.run_sync(self._begin, held, request)
            if found is not None:
                return found
            try:
                answer = await work()
            except BaseException:
                with suppress(RecordsError):  # a key that is left is free for the same request
                    await to_thread.run_sync(self._free, held)
                raise
            await to_thread.run_sync(partial(self._keep, held, answer))
            return answer
        finally:
            self._in_work.discard(held)

    def _begin(self, held: Held, request: str) -> Response | None:
        """The answer that was given for a key, or None: it is written down from now on."""
        now = now_us()
        with self._records.writing("the request was not begun") as connection:
            self._purge(connection, now)
            found = connection.execute(sa.select(KEYS).where(_is(held))).one_or_none()
            if found is not None and found.at_us < now - self._keep_us:
                connection.execute(sa.delete(KEYS).where(_is(held)))
                found = None
            if found is None:
                row = {"caller": held.caller, "key": held.key, "request": request, "at_us": now}
                connection.execute(sa.insert(KEYS), row)
                return None
        if found.request != request:
            raise HTTPException(
                422, f"this {HEADER} came with another request before: take a new one for this"
            )
        if found.status is None:
            return None
        return Response(found.answer, found.status, {REPLAYED: "true"}, media_type=found.media_type)

    def _keep(self, held: Held, answer: Response) -> None:
        kept = {
            "status": answer.status_code,
            "media_type": answer.headers.get("content-type"),
            "answer": bytes(answer.body),
        }
        with self._records.writing("it was done, but its answer was not kept") as connection:
            connection.execute(sa.update(KEYS).where(_is(held)).values(kept))

    def _free(self, held: Held) -> None:
        with self._records.writing("the key was not freed") as connection:
            connection.execute(sa.delete(KEYS).where(_is(held)))

    def _purge(self, connection: sa.Connection, now_us: int) -> None:
        """Forget what is too old, now and then."""
        if time.monotonic() - self._purged > _PURGE_S:
            self._purged = time.monotonic()
            connection.execute(sa.delete(KEYS).where(KEYS.c.at_us < now_us - self._keep_us))


def once(route: _Route) -> _Route:
    """Decorate a route that changes something, so that it takes the header.

    The route is given ``request`` and ``endpoint``; it runs after its dependencies, so that only
    whom it would answer is answered again. ``documented(..., keyed=True)`` tells of it.
    """

    @wraps(route)
    async def keyed(*given: Any, **named: Any) -> Response:
        request: Request = named["request"]
        held = held_key(request)
        if held is None:
            return await route(*given, **named)
        digest = await _digest(request)
        answered: AnsweredRequests = named["endpoint"].answered
        return await answered.once(held, digest, partial(route, *given, **named))

    return keyed  # type: ignore[return-value]


def held_key(request: Request) -> Held | None:
    """The key of a request, None where it has none.

    Raises
    ------
    HTTPException
        400: it has several, or one that is not allowed.
    """
    given = request.headers.getlist(HEADER)
    if not given:
        return None
    key = given[0].strip()
    if len(given) > 1 or len(key) > MOST_CHARACTERS or not _KEY.match(key):
        raise HTTPException(
            400,
            f"header {HEADER}: one text of 1 to {MOST_CHARACTERS} visible ASCII characters, "
            'such as "8e03978e-40d5-43dd-bc93-6894a57f9324"',
        )
    return Held(caller(request).name, key.strip('"'))


def operation(request: Request) -> str | None:
    """A name of what a request with a key does, the same each time that it is sent."""
    held = held_key(request)
    return None if held is None else hashlib.sha256("\0".join(held).encode()).hexdigest()


async def _digest(request: Request) -> str:
    body = await request.body()
    opening = f"{request.method} {request.url.path}?{request.url.query}\n".encode()

    def digest() -> str:
        return hashlib.sha256(opening + body).hexdigest()

    return digest() if len(body) <= _HASHED_HERE else await to_thread.run_sync(digest)


def _is(held: Held) -> sa.ColumnElement[bool]:
    return (KEYS.c.caller == held.caller) & (KEYS.c.key == held.key)
