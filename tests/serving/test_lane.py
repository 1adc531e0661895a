"""Heavy work takes turns, and ends with its client."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import cast

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from serving import lane as module
from serving.lane import FIRST_RUN, MOST_RUN, Lane, Pace


@pytest.fixture(autouse=True)
def one_item_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLICE_S", 0.0)


def request(client: str = "a", *, gone: Callable[[], bool] = lambda: False) -> Request:
    async def receive() -> Message:
        if not gone():
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    return Request({"type": "http", "client": (client, 1), "headers": []}, receive)


def test_items_are_answered_in_their_order() -> None:
    answers = asyncio.run(Lane().each(request(), lambda item: item * 2, range(5)))
    assert answers == [0, 2, 4, 6, 8]


def test_what_waits_takes_turns() -> None:
    done: list[str] = []

    async def work() -> None:
        lane = Lane()
        both = (lane.each(request(), done.append, [name] * 4) for name in "ab")
        await asyncio.gather(*both)

    asyncio.run(work())
    assert done == ["a", "b"] * 4


def test_work_of_the_gone_is_dropped() -> None:
    done: list[int] = []
    leaving = request(gone=lambda: len(done) >= 3)
    with pytest.raises(ClientDisconnect):
        asyncio.run(Lane().each(leaving, done.append, range(1_000)))
    assert len(done) == 3


def test_the_urgent_waits_for_one_slice_and_one_more() -> None:
    done: list[str] = []

    async def urgent(lane: Lane) -> None:
        while not done:
            await asyncio.sleep(0)
        before = len(done)
        async with lane.urgent_turn():
            done.append(f"urgent after {len(done) - before} more")

    async def work() -> None:
        lane = Lane()
        heavy = [lane.each(request(), done.append, [name] * 20) for name in "abcdefgh"]
        await asyncio.gather(urgent(lane), *heavy)

    asyncio.run(work())
    (said,) = [one for one in done if one.startswith("urgent")]
    assert int(said.split()[2]) <= 2


def test_places_are_bounded_and_shared() -> None:
    lane = Lane(places=4)
    with lane.place(request("a")), lane.place(request("a")):
        with pytest.raises(HTTPException) as refused, lane.place(request("a")):
            pass
        assert refused.value.status_code == 503
        assert cast("dict[str, str]", refused.value.headers)["Retry-After"] == "1"
        with lane.place(request("b")), lane.place(request("c")):
            assert len(lane) == 4
            with (
                pytest.raises(HTTPException, match="503: 4 heavy requests"),
                lane.place(request("d")),
            ):
                pass
    assert len(lane) == 0


def test_runs_keep_the_order_and_learn_their_length() -> None:
    lengths = []

    def work(some: Sequence[int]) -> list[int]:
        lengths.append(len(some))
        return [-one for one in some]

    async def ask() -> list[int]:
        return await Lane().runs(request(), work, range(1_000))

    assert asyncio.run(ask()) == [-one for one in range(1_000)]
    assert lengths[0] == FIRST_RUN
    assert FIRST_RUN < max(lengths) <= MOST_RUN  # this work takes no time
    slow = Pace()
    with slow.timed(FIRST_RUN):
        time.sleep(0.05)
    assert 1 <= slow.items < FIRST_RUN
