"""Heavy work in turns of a few milliseconds, so that a score never waits for more than one.

Scores are answered on the event loop, several at once in a thread. Whatever takes long (batches,
traces, bodies of megabytes) is cut into slices, and all of it shares one lane: one slice runs, and
what waits takes turns.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

PLACES = 32  # requests in the lane; each may hold an answer of some megabytes
SLICE_S = 0.004
RUN_S = 0.032  # of work on several items at once, which holds the ledger for a part of it at a time
FIRST_RUN, MOST_RUN = 16, 128
RETRY_AFTER_S = 1

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


class Lane:
    """One lane for the heavy requests of one application.

    Parameters
    ----------
    places : int
        Requests that are in it at once. One address has half of them at most, so that it leaves
        room for others.
    """

    def __init__(self, places: int = PLACES) -> None:
        self.places = places
        self._clients: Counter[str] = Counter()
        self._working = asyncio.Lock()
        # only one of the patient waits for the work itself, so the urgent wait for one at most
        self._patient = asyncio.Lock()

    def __len__(self) -> int:
        """Requests in the lane."""
        return self._clients.total()

    @contextmanager
    def place(self, request: Request) -> Iterator[None]:
        """Hold a place for a request.

        Raises
        ------
        HTTPException
            503 with Retry-After: all places, or all that one address may have, are taken.
        """
        client = address(request)
        own = max(1, self.places // 2)
        if len(self) >= self.places or self._clients[client] >= own:
            raise HTTPException(
                503,
                f"{len(self)} heavy requests are in work, {self._clients[client]} of them from "
                f"your address; at most {self.places} are, and {own} of one address: try again",
                {"Retry-After": str(RETRY_AFTER_S)},
            )
        self._clients[client] += 1
        try:
            yield
        finally:
            self._clients[client] -= 1
            self._clients += Counter()  # forgets those at zero

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a slice's turn behind all others."""
        async with self._patient, self._working:
            yield

    @asynccontextmanager
    async def urgent_turn(self) -> AsyncIterator[None]:
        """Wait for the slice at work and one more at most."""
        async with self._working:
            yield

    async def each(
        self,
        request: Request,
        work: Callable[[_Item], _Answer],
        items: Iterable[_Item],
    ) -> list[_Answer]:
        """Work on items in their order, slice by slice, as long as the client is there.

        ``work`` runs in a thread, so that the kernels in it leave the event loop free.

        Raises
        ------
        ClientDisconnect
            The client has gone; nobody wants the rest.
        """
        answers: list[_Answer] = []
        left = iter(items)
        while True:
            async with self.turn():
                if await request.is_disconnected():
                    raise ClientDisconnect
                some = await to_thread.run_sync(_slice, work, left)
            if some is None:
                return answers
            answers += some

    async def runs(
        self,
        request: Request,
        work: Callable[[Sequence[_Item]], list[_Answer]],
        items: Sequence[_Item],
    ) -> list[_Answer]:
        """As :meth:`each`, with work that takes several items at once, about ``RUN_S`` of them.

        Raises
        ------
        ClientDisconnect
            The client has gone; nobody wants the rest.
        """
        answers: list[_Answer] = []
        pace = Pace()
        while len(answers) < len(items):
            async with self.turn():
                if await request.is_disconnected():
                    raise ClientDisconnect
                part = items[len(answers) : len(answers) + pace.items]
                with pace.timed(len(part)):
                    answers += await to_thread.run_sync(work, part)
        return answers


class Pace:
    """How many items are worth ``RUN_S`` of work, as the last ones were.

    Attributes
    ----------
    items : int
    """

    def __init__(self) -> None:
        self.items = FIRST_RUN

    @contextmanager
    def timed(self, items: int) -> Iterator[None]:
        """Work on so many, and learn from it."""
        begun = time.perf_counter()
        yield
        took = max(time.perf_counter() - begun, 1e-6)
        # at most twice as many as before: the first few may have been quick ones
        self.items = min(max(1, int(items * RUN_S / took)), 2 * items, MOST_RUN)


def _slice(work: Callable[[_Item], _Answer], left: Iterator[_Item]) -> list[_Answer] | None:
    """Work on as many as fit into a slice, one at least; None: nothing is left."""
    end = time.perf_counter() + SLICE_S
    answers = []
    for item in left:
        answers.append(work(item))
        if time.perf_counter() >= end:
            break
    return answers or None


def address(request: Request) -> str:
    """Address of the client; behind a proxy that is trusted, the one that it names."""
    return "" if request.client is None else request.client.host
