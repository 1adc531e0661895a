"""HTTP connections with limits in time, number and size, before a request reaches the application.

Uvicorn gives up an idle connection only after its first answer. Here every part of a request has
its time, heads have a size, and when all connections are taken the one that has waited longest
without a whole request makes room, first of the address that holds most.
"""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from serving.problems import MEDIA_TYPE, details

MAX_HEAD_BYTES = 32 * 1024
_QUIET, _HEAD, _BODY = "", "head", "body"  # what a connection waits for


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how many.

    Parameters
    ----------
    connections : int
        Open at once.
    head_s, body_s : float
        For a request's head, from its first byte or the connection's beginning, and its body.
    answer_s : float
        For a client to take what was answered.
    """

    connections: int
    head_s: float
    body_s: float
    answer_s: float = 30.0


class PatientProtocol(HttpToolsProtocol):
    """A connection that does not wait for ever; parameters as uvicorn gives them, and patience."""

    def __init__(self, *given: Any, patience: Patience, **named: Any) -> None:
        super().__init__(*given, **named)
        self.patience = patience
        self.waits_for = _QUIET
        self.since = 0.0
        self.head_bytes = 0
        self.unread_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; if there are too many, another ends or this one does."""
        super().connection_made(transport)
        self._wait(_HEAD)
        if len(self.connections) > self.patience.connections:
            make_room(self.server_state, self)

    def data_received(self, data: bytes) -> None:
        """Parse what came."""
        if self.waits_for == _QUIET:
            self._wait(_HEAD)
        if self.waits_for == _HEAD:
            self.head_bytes += len(data)
        super().data_received(data)
        if self.waits_for == _HEAD and self.head_bytes > MAX_HEAD_BYTES:
            self.refuse(431, f"the head of a request may have at most {MAX_HEAD_BYTES} bytes")

    def on_message_begin(self) -> None:
        """Wait for a head, the first or the next of the same piece of data."""
        super().on_message_begin()
        self._wait(_HEAD)

    def on_headers_complete(self) -> None:
        """Wait for the body."""
        super().on_headers_complete()
        self._wait(_BODY)

    def on_message_complete(self) -> None:
        """Wait for nothing: the next word is ours."""
        super().on_message_complete()
        self.waits_for = _QUIET
        self.head_bytes = 0

    def check(self, now: float) -> None:
        """End the connection if it has waited for too long; ``now`` is the event loop's time."""
        if self.transport.get_write_buffer_size() == 0:
            self.unread_since = None
        elif self.unread_since is None:
            self.unread_since = now
        elif now - self.unread_since > self.patience.answer_s:
            self.transport.abort()
            return
        if self.flow.read_paused:  # we do not read, so it cannot send
            self.since = now
        elif self.waits_for:
            limit = self.patience.head_s if self.waits_for == _HEAD else self.patience.body_s
            if now - self.since > limit:
                self.refuse(408, f"the {self.waits_for} of a request must come in {limit:g} s")

    def refuse(self, status: int, detail: str) -> None:
        """End the connection, with a word where an answer is due and has not begun."""
        if not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete or self._unanswered:
                self.transport.write(_answer(status, detail))
            self.transport.close()
        self.waits_for = _QUIET

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP."""
        self.refuse(400, msg)

    @property
    def peer(self) -> str:
        """Address at the other end."""
        return "" if self.client is None else self.client[0]

    @property
    def may_make_room(self) -> bool:
        """Whether no whole request is in work here."""
        answered = self.cycle is None or self.cycle.response_complete
        return (answered or self.cycle.more_body) and not self.transport.is_closing()

    @property
    def _unanswered(self) -> bool:
        """Whether a part of a request is here and nothing was said to it."""
        return self.cycle.more_body and not self.cycle.response_started

    def _wait(self, what: str) -> None:
        self.waits_for = what
        self.since = self.loop.time()


def make_room(state: ServerState, newest: PatientProtocol) -> None:
    """End one connection for another: the longest waiting of the address that holds most."""
    held = [one for one in state.connections if isinstance(one, PatientProtocol)]
    each = Counter(one.peer for one in held)
    idle = [one for one in held if one.may_make_room and one is not newest]
    # an address does not push out those of one that holds fewer
    idle = [one for one in idle if each[one.peer] >= each[newest.peer]]
    if not idle:
        newest.refuse(503, "all connections are taken: try again")
        return
    leaving = max(idle, key=lambda one: (each[one.peer], -one.since))
    leaving.refuse(408, "the connection was needed for another request")


def sweep(state: ServerState, now: float) -> None:
    """Check every connection; to be called about once a second."""
    for one in list(state.connections):
        if isinstance(one, PatientProtocol):
            one.check(now)


def _answer(status: int, detail: str) -> bytes:
    body = json.dumps(details(status, detail)).encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: {MEDIA_TYPE}\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\ncache-control: no-store\r\n"
        "x-content-type-options: nosniff\r\n\r\n"
    )
    return head.encode() + body
