"""Scores watched wallets again when something changed, off the path of requests."""

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, NamedTuple

import sqlalchemy as sa
from anyio import to_thread

from features.errors import RiskError
from serving.audit import AuditError
from serving.clock import now_us
from serving.lane import Lane
from serving.records import Records, RecordsError
from serving.watch.asking import Asking, Look
from serving.watch.changes import Told, changes, message_of, seen
from serving.watch.lists import Lists
from serving.watch.tables import DELIVERIES, LISTS, WAITING, WALLETS

AT_ONCE = 100  # wallets that are looked at before what changed is written
AGAIN_S = 5.0
_log = logging.getLogger("walletrisk.watch")

Place = tuple[str, str]  # a ledger's name, and a wallet


class _Telling(NamedTuple):
    """What is told of a wallet from now on, and the webhook that tells it, if any."""

    row: dict[str, Any]
    message: dict[str, Any] | None


class Watcher:
    """Looks at watched wallets, and writes down what is to be told of them.

    What is to be looked at is in memory only. So all are looked at at a start, and once in a while,
    since scores change with time and with the transfers of others, too.

    Parameters
    ----------
    records : Records
    asking : Asking
    debounce_s : float
        How long changes are gathered before a look.
    every_s : float
        After which all are looked at again.
    """

    def __init__(
        self,
        records: Records,
        asking: Asking,
        *,
        debounce_s: float,
        every_s: float,
    ) -> None:
        self.lists = Lists(records)
        self._records = records
        self._asking = asking
        self._debounce_s, self._every_s = debounce_s, every_s
        self._changing = threading.Lock()
        self._reloading = threading.Lock()
        self._watched = self.lists.watched()
        self._due: dict[Place, None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()
        self.on_message: Callable[[], None] = lambda: None
        self.touch_all()

    def __len__(self) -> int:
        """Wallets that wait for a look."""
        return len(self._due)

    def touch(self, ledger: str, wallets: Iterable[str]) -> None:
        """Look at those of some wallets that are watched; from any thread, in microseconds."""
        watched = self._watched.get(ledger)
        if watched and (found := watched.intersection(wallets)):
            self._add((ledger, wallet) for wallet in found)

    def touch_all(self) -> None:
        """Look at all: a model changed, or a while has passed."""
        self._add((ledger, one) for ledger, wallets in self._watched.items() for one in wallets)

    def reload(self, ledger: str, wallets: Iterable[str] = ()) -> None:
        """Take a change of the lists in, and look at the wallets of one."""
        with self._reloading:  # or what was read before another's change could replace it
            self._watched = self.lists.watched()
        self.touch(ledger, wallets)

    def _add(self, places: Iterable[Place]) -> None:
        with self._changing:
            self._due |= dict.fromkeys(places)
            loop = self._loop if self._due else None
        if loop is not None:
            loop.call_soon_threadsafe(self._woken.set)

    async def run(self, lane: Lane) -> None:
        """Look until cancelled."""
        self._loop = asyncio.get_running_loop()
        if self._due:
            self._woken.set()
        try:
            await self._run(lane)
        finally:
            self._loop = None

    async def _run(self, lane: Lane) -> None:
        while True:
            try:
                await asyncio.wait_for(self._woken.wait(), self._every_s)
            except TimeoutError:
                self.touch_all()
            self._woken.clear()
            await asyncio.sleep(self._debounce_s)
            while places := self._take():
                try:
                    await self._look(lane, places)
                except (AuditError, RecordsError):
                    _log.warning("watched wallets wait: records or audit do not take them")
                    await self._later(places)
                except Exception:  # noqa: BLE001 - it must not end the watching
                    _log.exception("watched wallets could not be looked at")
                    await self._later(places)

    async def _later(self, places: list[Place]) -> None:
        self._add(places)
        await asyncio.sleep(AGAIN_S)

    def _take(self) -> list[Place]:
        with self._changing:
            places = [*islice(self._due, AT_ONCE)]
            for place in places:
                del self._due[place]
        return places

    async def _look(self, lane: Lane, places: list[Place]) -> None:
        """Look at wallets, then answer and write what is to be told."""
        looks: dict[Place, Look] = {}
        for place in places:
            async with lane.turn():
                look = await to_thread.run_sync(self._at, place)
            if look is not None:
                looks[place] = look
        told: list[_Telling] = []
        for watched in await to_thread.run_sync(self._to_tell, looks):
            async with lane.turn():
                telling = await to_thread.run_sync(self._telling, watched, looks)
            if telling is not None:
                told.append(telling)
        if told:
            new = await to_thread.run_sync(self._write, told)
            if new:
                self.on_message()

    def _at(self, place: Place) -> Look | None:
        try:
            return self._asking.look(*place)
        except RiskError:
            return None  # its ledger is not served any more
        except Exception:  # noqa: BLE001 - others are looked at all the same
            _log.exception("a watched wallet could not be scored")
            return None

    def _to_tell(self, looks: dict[Place, Look]) -> list[Any]:
        """Rows of wallets of which something is to be told, or that are looked at for the first."""
        query = sa.select(WALLETS, LISTS.c.ledger, LISTS.c.thresholds)
        query = query.join(LISTS, LISTS.c.name == WALLETS.c.list)
        query = query.where(WALLETS.c.wallet.in_({wallet for _, wallet in looks}))
        with self._records.reading() as connection:
            found = connection.execute(query).all()
        chosen = []
        for one in found:
            look = looks.get((one.ledger, one.wallet))
            if look is not None and (
                one.band is None or changes(_before(one), seen(look.answer, _thresholds(one)))
            ):
                chosen.append(one)
        return chosen

    def _telling(self, watched: Any, looks: dict[Place, Look]) -> _Telling | None:
        """Answer for a wallet as any question is answered, in the audit before it is told."""
        look = looks[watched.ledger, watched.wallet]
        try:
            answer = self._asking.answer(watched.ledger, watched.wallet, look.as_of_us)
        except RiskError:
            return None
        before, now, at = _before(watched), seen(answer, _thresholds(watched)), now_us()
        what = changes(before, now)
        message = None
        if what:
            message = message_of(watched.list, what, before, now, answer, at)
            message |= _waiting(watched.list, at)
        return _Telling(_row(watched, now), message)

    def _write(self, told: list[_Telling]) -> int:
        """Write what is told from now on and its webhooks, in one; returns how many of these."""
        new = [one.message for one in told if one.message is not None]
        with self._records.writing("watched wallets were not written") as connection:
            connection.execute(_TELL, [one.row for one in told])
            if new:
                connection.execute(sa.insert(DELIVERIES), new)
        return len(new)


_TELL = (
    sa.update(WALLETS)
    .where(WALLETS.c.list == sa.bindparam("of_list"))
    .where(WALLETS.c.wallet == sa.bindparam("of_wallet"))
)


def _before(watched: Any) -> Told:
    digests = frozenset(json.loads(watched.listed or "[]"))
    return Told(watched.band, watched.probability, digests, watched.as_of)


def _thresholds(watched: Any) -> dict[str, float] | None:
    return None if watched.thresholds is None else json.loads(watched.thresholds)


def _row(watched: Any, now: Told) -> dict[str, Any]:
    return {
        "of_list": watched.list,
        "of_wallet": watched.wallet,
        "band": now.band,
        "probability": now.probability,
        "listed": json.dumps(sorted(now.listed)),
        "as_of": now.as_of,
    }


def _waiting(name: str, at: int) -> dict[str, Any]:
    return {
        "list": name, "created_at_us": at, "state": WAITING, "attempts": 0, "due_at_us": at,
    }  # fmt: skip
