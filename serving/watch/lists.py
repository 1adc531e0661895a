"""Watch lists as callers keep them: wallets, callback, thresholds and secrets."""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from features.contracts.times import instant_text
from features.errors import ConflictError, RiskError
from serving.clock import now_us, text_of
from serving.records import Records
from serving.watch.signing import new_secret
from serving.watch.tables import DEAD, DELIVERIES, LISTS, SECRETS, WAITING, WALLETS

MOST_LISTS = 1_000
MOST_WATCHED = 100_000  # wallets of all lists
LIVE_SECRETS = 2


class WatchList(NamedTuple):
    """What a caller asks for, its addresses canonical."""

    name: str
    ledger: str
    wallets: Sequence[str]
    callback: str
    thresholds: Mapping[str, float] | None


class Secret(NamedTuple):
    """A secret, told once."""

    id: str
    secret: str


class Lists:
    """Watch lists, kept in the records."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def put(self, asked: WatchList, author: str) -> Secret | None:
        """Create a list, or replace it; wallets that stay keep what was told of them.

        Returns the secret of a new list.

        Raises
        ------
        RiskError
            There would be too many lists or wallets.
        RecordsError
            Nothing was written.
        """
        now = now_us()
        row = {
            "name": asked.name,
            "ledger": asked.ledger,
            "callback": asked.callback,
            "thresholds": None if asked.thresholds is None else json.dumps(asked.thresholds),
            "author": author,
            "changed_at_us": now,
        }
        wallets = dict.fromkeys(asked.wallets)
        with self._records.writing("the records did not take the watch list") as connection:
            before = _found(connection, asked.name)
            others = WALLETS.c.list != asked.name
            watched = connection.scalar(sa.select(sa.func.count()).where(others)) or 0
            lists = connection.scalar(sa.select(sa.func.count()).select_from(LISTS)) or 0
            if watched + len(wallets) > MOST_WATCHED or (before is None and lists >= MOST_LISTS):
                raise RiskError(
                    f"at most {MOST_WATCHED} wallets in at most {MOST_LISTS} lists are watched; "
                    f"{watched} are in other lists"
                )
            connection.execute(sa.delete(LISTS).where(LISTS.c.name == asked.name))
            connection.execute(sa.insert(LISTS), row)
            held = set(_wallets_of(connection, asked.name))
            afresh = before is not None and before.ledger != asked.ledger
            gone = held if afresh else held - wallets.keys()
            if gone:
                own = (WALLETS.c.list == asked.name) & WALLETS.c.wallet.in_(gone)
                connection.execute(sa.delete(WALLETS).where(own))
            new = wallets.keys() - (held - gone)
            if new:
                rows = [{"list": asked.name, "wallet": wallet} for wallet in new]
                connection.execute(sa.insert(WALLETS), rows)
            return _new_secret(connection, asked.name, now) if before is None else None

    def delete(self, name: str) -> bool:
        """Let go of a list, its secrets, and what waits to be delivered; False: there is none."""
        with self._records.writing("the watch list was not deleted") as connection:
            found = connection.execute(sa.delete(LISTS).where(LISTS.c.name == name)).rowcount
            for table in (WALLETS, SECRETS, DELIVERIES):
                connection.execute(sa.delete(table).where(table.c.list == name))
        return bool(found)

    def told(self, name: str) -> dict[str, Any] | None:
        """A list and its wallets as they were told last; no secret; None where there is none."""
        with self._records.reading() as connection:
            found = _found(connection, name)
            if found is None:
                return None
            query = sa.select(WALLETS).where(WALLETS.c.list == name).order_by(WALLETS.c.wallet)
            wallets = [
                {
                    "wallet": one.wallet,
                    "band": one.band,
                    "probability": one.probability,
                    "listed": bool(json.loads(one.listed or "[]")),
                    "as_of": one.as_of,
                }
                for one in connection.execute(query)
            ]
            return self._summary(connection, found) | {"wallets": wallets}

    def all(self) -> list[dict[str, Any]]:
        """The lists without their wallets."""
        with self._records.reading() as connection:
            found = connection.execute(sa.select(LISTS).order_by(LISTS.c.name)).all()
            return [self._summary(connection, one) for one in found]

    def _summary(self, connection: sa.Connection, found: Any) -> dict[str, Any]:
        counts = {
            state: connection.scalar(
                sa.select(sa.func.count()).where(
                    DELIVERIES.c.list == found.name, DELIVERIES.c.state == state
                )
            )
            for state in (WAITING, DEAD)
        }
        live = connection.execute(_live(found.name, now_us())).all()
        return {
            "name": found.name,
            "ledger": found.ledger,
            "callback": found.callback,
            "thresholds": None if found.thresholds is None else json.loads(found.thresholds),
            "author": found.author,
            "changed_at": instant_text(found.changed_at_us),
            "watched": len(_wallets_of(connection, found.name)),
            **counts,
            "secrets": [
                {
                    "id": one.id,
                    "created_at": instant_text(one.created_at_us),
                    "ends_at": text_of(one.ends_at_us),
                }
                for one in live
            ],
        }

    def rotate(self, name: str, keep_s: int) -> Secret | None:
        """A new secret beside the one that is live, which ends after a while.

        Returns None where there is no such list.

        Raises
        ------
        ConflictError
            Two are live already.
        """
        now = now_us()
        with self._records.writing("no secret was made") as connection:
            if _found(connection, name) is None:
                return None
            live = connection.execute(_live(name, now)).all()
            if len(live) >= LIVE_SECRETS:
                raise ConflictError(
                    f"{LIVE_SECRETS} secrets are live: end one of them, or wait until it ends"
                )
            ending = sa.update(SECRETS).where(SECRETS.c.list == name)
            ending = ending.where(SECRETS.c.ends_at_us.is_(None))
            connection.execute(ending.values(ends_at_us=now + keep_s * 1_000_000))
            return _new_secret(connection, name, now)

    def end_secret(self, name: str, id_: str) -> bool:
        """End a secret now; False: there is none. The last is not ended.

        Raises
        ------
        ConflictError
            It is the last.
        """
        now = now_us()
        with self._records.writing("the secret was not ended") as connection:
            live = [one.id for one in connection.execute(_live(name, now))]
            if id_ not in live:
                return False
            if len(live) == 1:
                raise ConflictError("it is the only secret of the list: make another before")
            connection.execute(sa.delete(SECRETS).where(SECRETS.c.id == id_))
            left = sa.update(SECRETS).where(SECRETS.c.id.in_(live))  # not those that ended before
            connection.execute(left.values(ends_at_us=None))
        return True

    def set_watched(self, name: str, ledger: str, wallet: str, *, watched: bool) -> bool:
        """Put one wallet on a list, or take it off; False: there is no such list of the ledger.

        Raises
        ------
        RiskError
            There would be too many wallets.
        RecordsError
            Nothing was written.
        """
        own = (WALLETS.c.list == name) & (WALLETS.c.wallet == wallet)
        with self._records.writing("the records did not take the watched wallet") as connection:
            found = _found(connection, name)
            if found is None or found.ledger != ledger:
                return False
            held = connection.scalar(sa.select(sa.func.count()).where(own))
            if watched and not held:
                count = sa.select(sa.func.count()).select_from(WALLETS)
                if (connection.scalar(count) or 0) >= MOST_WATCHED:
                    raise RiskError(f"{MOST_WATCHED} wallets are watched, as many as may be")
                connection.execute(sa.insert(WALLETS), {"list": name, "wallet": wallet})
            elif not watched:
                connection.execute(sa.delete(WALLETS).where(own))
        return True

    def of(self, ledger: str, wallet: str) -> dict[str, bool]:
        """Lists of a ledger by name, and whether a wallet is on each."""
        own = (WALLETS.c.list == LISTS.c.name) & (WALLETS.c.wallet == wallet)
        query = sa.select(LISTS.c.name, WALLETS.c.wallet).join(WALLETS, own, isouter=True)
        query = query.where(LISTS.c.ledger == ledger).order_by(LISTS.c.name)
        with self._records.reading() as connection:
            return {name: found is not None for name, found in connection.execute(query)}

    def watched(self) -> dict[str, set[str]]:
        """All watched wallets by ledger."""
        query = sa.select(LISTS.c.ledger, WALLETS.c.wallet)
        query = query.join(WALLETS, WALLETS.c.list == LISTS.c.name)
        found: dict[str, set[str]] = {}
        with self._records.reading() as connection:
            for ledger, wallet in connection.execute(query):
                found.setdefault(ledger, set()).add(wallet)
        return found


def live_secrets(connection: sa.Connection, name: str) -> list[str]:
    """The secrets that sign what is sent now, the newest first."""
    return [one.secret for one in connection.execute(_live(name, now_us()))]


def _live(name: str, now: int) -> sa.Select[Any]:
    ends = SECRETS.c.ends_at_us
    query = sa.select(SECRETS).where(SECRETS.c.list == name, ends.is_(None) | (ends > now))
    return query.order_by(SECRETS.c.created_at_us.desc())


def _new_secret(connection: sa.Connection, name: str, now: int) -> Secret:
    made = Secret(uuid.uuid4().hex, new_secret())
    row = {"id": made.id, "list": name, "secret": made.secret, "created_at_us": now}
    connection.execute(sa.insert(SECRETS), row)
    return made


def _found(connection: sa.Connection, name: str) -> Any:
    return connection.execute(sa.select(LISTS).where(LISTS.c.name == name)).one_or_none()


def _wallets_of(connection: sa.Connection, name: str) -> list[str]:
    query = sa.select(WALLETS.c.wallet).where(WALLETS.c.list == name)
    return list(connection.scalars(query))
