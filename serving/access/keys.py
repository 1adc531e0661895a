"""Keys in the records: made, listed, ended and replaced, by commands beside a running server."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from features.errors import ConflictError, RiskError
from serving.access.caller import Scope
from serving.access.key_text import new_key
from serving.clock import now_us
from serving.records import METADATA, Records

_FAILURE = "the keys were not changed"

KEYS = sa.Table(
    "keys",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, index=True),
    sa.Column("scopes", sa.Text, nullable=False),  # parted by blanks
    sa.Column("digest", sa.LargeBinary, nullable=False),  # SHA-256 of the whole key
    sa.Column("rate_per_s", sa.Double),  # null: what the server's settings say
    sa.Column("created_at_us", sa.BigInteger, nullable=False),
    sa.Column("expires_at_us", sa.BigInteger),
    sa.Column("revoked_at_us", sa.BigInteger),
    sa.Column("last_used_at_us", sa.BigInteger),  # coarse: see serving.access.keyring
)


@dataclass(frozen=True, slots=True)
class Key:
    """One key without its secret.

    Parameters
    ----------
    id, name : str
        Of the key, and of who uses it.
    scopes : frozenset of Scope
    digest : bytes
        SHA-256 of the key.
    rate_per_s : float, optional
        Its own limit.
    created_at_us : int
        Microseconds since 1970, as all times.
    expires_at_us, revoked_at_us, last_used_at_us : int, optional
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    digest: bytes
    rate_per_s: float | None
    created_at_us: int
    expires_at_us: int | None
    revoked_at_us: int | None
    last_used_at_us: int | None

    def state(self, now_us: int) -> str:
        """``live``, ``expired`` or ``revoked``."""
        if self.revoked_at_us is not None:
            return "revoked"
        if self.expires_at_us is not None and self.expires_at_us <= now_us:
            return "expired"
        return "live"

    def facts(self, now_us: int) -> dict[str, Any]:
        """What may be told of it, without its times."""
        return {
            "id": self.id,
            "name": self.name,
            "scopes": sorted(self.scopes),
            "state": self.state(now_us),
            "rate_per_s": self.rate_per_s,
        }


def all_keys(records: Records) -> list[Key]:
    """Every key there ever was, the oldest first."""
    with records.reading() as connection:
        return _read(connection, KEYS.select())


def create(
    records: Records,
    name: str,
    scopes: Collection[Scope],
    *,
    expires_at_us: int | None = None,
    rate_per_s: float | None = None,
) -> tuple[str, Key]:
    """Make a key; its text is returned once and kept nowhere.

    Raises
    ------
    RiskError
        The name has live keys already, or no scope is given.
    """
    if not scopes:
        raise RiskError(f"a key needs a scope: {', '.join(Scope)}")
    text, kept = new_key()
    with records.writing(_FAILURE) as connection:
        live = _live(connection, name)
        if live:
            raise ConflictError(
                f"{name!r} has the key {live[0].id}: rotate makes one that replaces it"
            )
        key = Key(
            kept.id, name, frozenset(scopes), kept.digest, rate_per_s, now_us(),
            expires_at_us, None, None,
        )  # fmt: skip
        connection.execute(KEYS.insert(), _row(key))
    return text, key


def rotate(records: Records, name: str, *, keep_us: int) -> tuple[str, Key]:
    """Make a key that replaces one: same name, scopes, limit and length of life.

    The former one ends ``keep_us`` microseconds from now, or when it would have ended.

    Raises
    ------
    RiskError
        The name has no live key, or has two.
    """
    text, kept = new_key()
    now = now_us()
    with records.writing(_FAILURE) as connection:
        live = _live(connection, name)
        if len(live) != 1:
            raise RiskError(
                f"{name!r} has {len(live)} live keys; rotate replaces the only one"
                + (f" (revoke {live[0].id} first)" if live else "")
            )
        (former,) = live
        end = former.expires_at_us
        until = None if end is None else now + end - former.created_at_us
        key = Key(
            kept.id, name, former.scopes, kept.digest, former.rate_per_s, now, until, None, None
        )
        connection.execute(KEYS.insert(), _row(key))
        last = now + keep_us if end is None else min(end, now + keep_us)
        connection.execute(KEYS.update().where(KEYS.c.id == former.id).values(expires_at_us=last))
    return text, key


def revoke(records: Records, which: str) -> list[Key]:
    """End the live keys of a name, or the one with this id, at once.

    Raises
    ------
    RiskError
        There is no such live key.
    """
    now = now_us()
    with records.writing(_FAILURE) as connection:
        found = _read(
            connection, KEYS.select().where((KEYS.c.name == which) | (KEYS.c.id == which))
        )
        ended = [key for key in found if key.state(now) == "live"]
        if not ended:
            raise RiskError(f"no live key has the name or id {which!r}")
        ids = [key.id for key in ended]
        connection.execute(KEYS.update().where(KEYS.c.id.in_(ids)).values(revoked_at_us=now))
    return ended


def note_use(records: Records, used_at_us: dict[str, int]) -> None:
    """Write down when keys were used last."""
    with records.writing("the last use of keys was not written down") as connection:
        for name, when in used_at_us.items():
            connection.execute(KEYS.update().where(KEYS.c.id == name).values(last_used_at_us=when))


def _live(connection: sa.Connection, name: str) -> list[Key]:
    found = _read(connection, KEYS.select().where(KEYS.c.name == name))
    return [key for key in found if key.state(now_us()) == "live"]


def _read(connection: sa.Connection, query: sa.Select[Any]) -> list[Key]:
    rows = connection.execute(query.order_by(KEYS.c.created_at_us, KEYS.c.id)).mappings()
    return [
        Key(**{**row, "scopes": _scopes(row["scopes"]), "digest": bytes(row["digest"])})
        for row in rows
    ]


def _scopes(text: str) -> frozenset[Scope]:
    """Scopes that this release knows; one of a later release allows nothing here."""
    return frozenset(Scope(one) for one in text.split() if one in set(Scope))


def _row(key: Key) -> dict[str, Any]:
    content = {column.name: getattr(key, column.name) for column in KEYS.c}
    return content | {"scopes": " ".join(sorted(key.scopes))}
