"""Transfers that a journal took and its ledger contradicts: set aside, with both versions."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa

from features import Transfer
from features.ledger.arrivals import Conflict
from serving.journal.tables import CONTRADICTIONS, TRANSFERS, transfer_batch

Keep: TypeAlias = Literal["ledger", "journal"]
OPEN = "open"
MAX_SHOWN = 1_000
_MANY = 500  # values in one statement


def set_aside(connection: sa.Connection, conflicts: Sequence[Conflict], *, now_us: int) -> None:
    """Move transfers that contradict the ledger out of the journal's transfers."""
    rows = [
        {
            "tx_id": copy.tx_id,
            "position": copy.position,
            "journal_version": _json(copy),
            "ledger_version": _json(stored),
            "seen_at_us": now_us,
            "status": OPEN,
        }
        for stored, copy in conflicts
    ]
    identity = sa.tuple_(TRANSFERS.c.tx_id, TRANSFERS.c.position)
    for start in range(0, len(conflicts), _MANY):
        part = conflicts[start : start + _MANY]
        among = identity.in_([(copy.tx_id, copy.position) for _, copy in part])
        connection.execute(sa.delete(TRANSFERS).where(among))
    connection.execute(sa.insert(CONTRADICTIONS), rows)


def set_aside_retracted(
    connection: sa.Connection, tx_ids: Sequence[str], *, now_us: int
) -> list[str]:
    """Move transfers of transactions that the ledger retracted out; returns which there were."""
    found: list[str] = []
    for start in range(0, len(tx_ids), _MANY):
        among = TRANSFERS.c.tx_id.in_(tx_ids[start : start + _MANY])
        rows = connection.execute(sa.select(TRANSFERS).where(among)).all()
        for one in plain_transfers(rows):
            found.append(one.tx_id)
            connection.execute(
                sa.insert(CONTRADICTIONS).values(
                    tx_id=one.tx_id,
                    position=one.position,
                    journal_version=_json(one),
                    seen_at_us=now_us,
                    status="ledger",
                    resolved_at_us=now_us,
                )
            )
        connection.execute(sa.delete(TRANSFERS).where(among))
    return list(dict.fromkeys(found))


def plain_transfers(rows: Sequence[sa.Row[Any]]) -> list[Transfer]:
    """Rows of the journal's transfers as transfers."""
    if not rows:
        return []
    return [Transfer(**row) for row in transfer_batch(rows).to_pylist()]


def mark(connection: sa.Connection, number: int, keep: Keep, *, now_us: int) -> None:
    """Note whose version was kept."""
    chosen = CONTRADICTIONS.c.id == number
    values = {"status": keep, "resolved_at_us": now_us}
    connection.execute(sa.update(CONTRADICTIONS).where(chosen).values(**values))


def find(connection: sa.Connection, number: int) -> dict[str, Any] | None:
    """One contradiction, None where there is none of this number."""
    query = sa.select(CONTRADICTIONS).where(CONTRADICTIONS.c.id == number)
    row = connection.execute(query).one_or_none()
    return None if row is None else _facts(row)


def listed(connection: sa.Connection) -> list[dict[str, Any]]:
    """The first open ones, oldest first, at most :data:`MAX_SHOWN`."""
    query = sa.select(CONTRADICTIONS).where(CONTRADICTIONS.c.status == OPEN)
    rows = connection.execute(query.order_by(CONTRADICTIONS.c.id).limit(MAX_SHOWN)).all()
    return [_facts(row) for row in rows]


def count_open(connection: sa.Connection) -> int:
    """How many wait for a decision."""
    query = sa.select(sa.func.count()).where(CONTRADICTIONS.c.status == OPEN)
    return connection.scalar(query) or 0


def transfer_of(facts: dict[str, Any]) -> Transfer:
    """The journal's version of a contradiction."""
    version = facts["journal_version"]
    when = datetime.fromisoformat(version["timestamp"])
    return Transfer(
        tx_id=facts["tx_id"], position=facts["position"], **(version | {"timestamp": when})
    )


def _facts(row: sa.Row[Any]) -> dict[str, Any]:
    facts = dict(row._mapping)
    for name in ("journal_version", "ledger_version"):
        facts[name] = None if facts[name] is None else {"value": None} | json.loads(facts[name])
    return facts


def _json(one: Transfer) -> str:
    return json.dumps(
        {
            "timestamp": one.timestamp.isoformat(timespec="microseconds"),
            "sender": one.sender,
            "recipient": one.recipient,
            "amount": one.amount,
            "asset": one.asset,
            "value": one.value,
        }
    )
