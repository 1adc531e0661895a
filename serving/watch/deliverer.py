"""Delivers webhooks at least once, again and again, until they are dead letters."""

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from anyio import to_thread

from features.contracts.times import instant_text
from features.errors import RiskError
from serving.clock import now_us, text_of
from serving.records import Records, RecordsError
from serving.watch.callback import Network, parse_callback
from serving.watch.lists import live_secrets
from serving.watch.sending import Said, SendingError, send
from serving.watch.signing import headers
from serving.watch.tables import DEAD, DELIVERED, DELIVERIES, LISTS, WAITING

AT_ONCE = 8  # deliveries under way
OF_ONE_LIST = 2  # so that one slow receiver leaves room for others
FIRST_S, GROWS, LONGEST_S = 5.0, 4.0, 6 * 3_600.0  # how long until the next attempt
JITTER = 0.2
KEEP_S = 7 * 86_400  # what was delivered
IDLE_S, AGAIN_S, PURGE_S = 30.0, 5.0, 3_600.0
MOST_LISTED = 1_000
GONE = 410
_log = logging.getLogger("walletrisk.watch")


class Deliverer:
    """Sends what waits in the records.

    Parameters
    ----------
    records : Records
    networks : sequence of network
        That webhooks may go to beside public ones.
    attempts : int
        After which a delivery is a dead letter.
    timeout_s : float
        For one attempt, from the look-up of the name to the head of the answer.

    Attributes
    ----------
    count : callable
        Gets the outcome of each attempt: delivered, failed or dead.
    """

    def __init__(
        self,
        records: Records,
        *,
        networks: Sequence[Network],
        attempts: int,
        timeout_s: float,
    ) -> None:
        self._records = records
        self.networks = tuple(networks)
        self._attempts, self._timeout_s = attempts, timeout_s
        self.count: Callable[[str], None] = lambda _: None
        self._woken = asyncio.Event()
        self._under_way: dict[str, str] = {}  # id of a delivery to its list
        self._purged = -PURGE_S

    def wake(self) -> None:
        """Say that something is to be delivered; on the event loop."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver until cancelled; what is under way then is delivered again at the next start."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._woken.clear()
                try:
                    found, wait_s = await to_thread.run_sync(self._next)
                    for one in found:
                        self._under_way[one["id"]] = one["list"]
                        tasks.create_task(self._deliver(one))
                except RecordsError:
                    _log.warning("webhooks wait: the records do not answer")
                    wait_s = AGAIN_S
                except Exception:  # noqa: BLE001 - it must not end the delivering
                    _log.exception("webhooks could not be looked for")
                    wait_s = AGAIN_S
                try:
                    await asyncio.wait_for(self._woken.wait(), wait_s)
                except TimeoutError:
                    continue

    async def _deliver(self, one: dict[str, Any]) -> None:
        try:
            said, why = await self._attempt(one)
            await to_thread.run_sync(self._note, one, said, why)
        except RecordsError:
            await asyncio.sleep(AGAIN_S)  # it is not noted, and will be sent again
        except Exception:  # noqa: BLE001 - one delivery must not end the others
            _log.exception("a webhook could not be sent")
            await asyncio.sleep(AGAIN_S)
        finally:
            self._under_way.pop(one["id"], None)
            self._woken.set()

    async def _attempt(self, one: dict[str, Any]) -> tuple[Said | None, str]:
        body = one["body"].encode()
        try:
            callback = parse_callback(one["callback"], self.networks)
            signed = headers(one["secrets"], one["id"], int(time.time()), body)
            said = await send(
                callback, signed, body, networks=self.networks, timeout_s=self._timeout_s
            )
        except (RiskError, SendingError) as error:
            return None, str(error)
        redirected = " (redirects are not followed)" if 300 <= said.status < 400 else ""
        return said, f"HTTP {said.status}{redirected}"

    def _next(self) -> tuple[list[dict[str, Any]], float]:
        """What is due and may be sent now, and how long to wait for more."""
        now = now_us()
        self._purge(now)
        under_way = dict(self._under_way)
        chosen: list[dict[str, Any]] = []
        with self._records.reading() as connection:
            while len(under_way) < AT_ONCE:
                one = connection.execute(_first_beside(under_way)).first()
                if one is None:
                    break
                if one.due_at_us > now:
                    return chosen, min(IDLE_S, (one.due_at_us - now) / 1e6)
                under_way[one.id] = one.list
                signing = live_secrets(connection, one.list)
                chosen.append({**one._mapping, "secrets": signing})
        return chosen, IDLE_S  # one that ends wakes us

    def _note(self, one: dict[str, Any], said: Said | None, why: str) -> None:
        now = now_us()
        attempts = one["attempts"] + 1
        done = said is not None and 200 <= said.status < 300
        gone = said is not None and said.status == GONE
        state = DELIVERED if done else DEAD if gone or attempts >= self._attempts else WAITING
        delay_s = _delay_s(attempts, said)
        change = {
            "state": state,
            "attempts": attempts,
            "outcome": why,
            "due_at_us": now + int(delay_s * 1e6),
            "done_at_us": None if state == WAITING else now,
        }
        with self._records.writing("the attempt was not noted") as connection:
            noted = sa.update(DELIVERIES).where(DELIVERIES.c.id == one["id"])
            connection.execute(noted.values(change))
        self.count({DELIVERED: "delivered", DEAD: "dead", WAITING: "failed"}[state])
        if state == DEAD:
            _log.warning("a webhook was given up after %d attempts", attempts)

    def _purge(self, now: int) -> None:
        """Let go of what was delivered a while ago, and of what a list that is gone left."""
        if time.monotonic() - self._purged < PURGE_S:
            return
        old = (DELIVERIES.c.state == DELIVERED) & (DELIVERIES.c.done_at_us < now - KEEP_S * 1000000)
        with self._records.writing("old deliveries stay") as connection:
            kept = sa.select(LISTS.c.name)
            left = DELIVERIES.c.list.not_in(kept)
            connection.execute(sa.delete(DELIVERIES).where(old | left))
        self._purged = time.monotonic()

    def listed(self, state: str) -> list[dict[str, Any]]:
        """Deliveries of a state, the oldest first, at most 1,000."""
        query = sa.select(DELIVERIES).where(DELIVERIES.c.state == state)
        query = query.order_by(DELIVERIES.c.created_at_us).limit(MOST_LISTED)
        with self._records.reading() as connection:
            return [_told(one) for one in connection.execute(query)]

    def replay(self, ids: Sequence[str] | None) -> int:
        """Let dead letters, all where none is named, be delivered anew; returns how many."""
        chosen = DELIVERIES.c.state == DEAD
        if ids is not None:
            chosen &= DELIVERIES.c.id.in_(ids)
        anew = {"state": WAITING, "attempts": 0, "due_at_us": now_us(), "done_at_us": None}
        with self._records.writing("dead letters stay") as connection:
            return connection.execute(sa.update(DELIVERIES).where(chosen).values(anew)).rowcount


def _first_beside(under_way: Mapping[str, str]) -> sa.Select[Any]:
    """The delivery that is due first, of those of lists that have fewer under way than they may."""
    full = [name for name, count in Counter(under_way.values()).items() if count >= OF_ONE_LIST]
    query = sa.select(DELIVERIES, LISTS.c.callback)
    query = query.join(LISTS, LISTS.c.name == DELIVERIES.c.list)
    query = query.where(DELIVERIES.c.state == WAITING, DELIVERIES.c.id.not_in([*under_way]))
    return query.where(DELIVERIES.c.list.not_in(full)).order_by(DELIVERIES.c.due_at_us).limit(1)


def _delay_s(attempts: int, said: Said | None) -> float:
    """Until the next attempt: longer each time, a little by chance, never before asked to."""
    plain = min(LONGEST_S, FIRST_S * GROWS ** (attempts - 1))
    spread = plain * (1 + JITTER * secrets.SystemRandom().uniform(-1, 1))
    asked = 0.0 if said is None or said.retry_after_s is None else float(said.retry_after_s)
    return max(spread, min(asked, LONGEST_S))


def _told(one: Any) -> dict[str, Any]:
    return {
        "id": one.id,
        "list": one.list,
        "state": one.state,
        "attempts": one.attempts,
        "outcome": one.outcome,
        "created_at": instant_text(one.created_at_us),
        "due_at": instant_text(one.due_at_us) if one.state == WAITING else None,
        "done_at": text_of(one.done_at_us),
    }
