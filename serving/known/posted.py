"""Labels that callers post: on disk before they are acknowledged, in force in the next score."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, NamedTuple

import pandas as pd
import sqlalchemy as sa

from features.contracts.labels import NONE, UNSPECIFIED
from features.contracts.times import instant_text
from features.errors import RiskError
from serving.clock import text_of
from serving.known.tables import LABELS, instants, of_chain
from serving.records import Records
from serving.service import Service

_SAID = ("wallet", "label", "category", "original", "source", "confidence")


@dataclass(frozen=True, slots=True)
class PostedLabel:
    """What a caller says of a wallet, its address canonical; None: from now on, and holds on."""

    wallet: str
    label: str
    category: str = UNSPECIFIED
    original: str = UNSPECIFIED
    source: str = UNSPECIFIED
    confidence: float = 1.0
    known_at_us: int | None = None
    until_us: int | None = None


class Added(NamedTuple):
    """What became of labels: their ids in order, and when they became known at the latest."""

    ids: list[int]
    added: int
    known_at_us: int


class Ended(NamedTuple):
    """What became of ends."""

    ended: int
    unknown: list[int]
    ended_before: list[int]
    until_us: int


class PostedLabels:
    """The labels of callers, kept in the records.

    A label is of a chain, and in force in each ledger of it; where a ledger is of no chain, it is
    of that ledger by its name.

    Parameters
    ----------
    records : Records
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._changing = threading.Lock()

    def bring(self, service: Service) -> None:
        """Let the labels of before be in force in a ledger, at its start."""
        with self._records.reading() as connection:
            known = _frame(connection, LABELS.c.chain == chain_of(service))
        if len(known):
            service.scorer.held.learn(known)

    def add(self, services: Sequence[Service], labels: Sequence[PostedLabel], by: str) -> Added:
        """Add labels to ledgers of one chain; on disk and in the next score when this returns.

        One that says what a label in force says already is that label.

        Raises
        ------
        RiskError
            A label is known or ends at an instant that is not allowed.
        RecordsError
            Nothing was written.
        """
        with self._changing:
            now = _now(services)
            for place, one in enumerate(labels):
                _require_order(place, one, now)
            said = {"chain": chain_of(services[0]), "author": by, "received_at_us": now}
            insert = partial(_insert, labels, said)
            ids, added = self._change(services, {one.wallet for one in labels}, insert)
        return Added(ids, added, max(_since(one, now) for one in labels))

    def end(
        self, services: Sequence[Service], numbers: Sequence[int], until_us: int | None, by: str
    ) -> Ended:
        """End labels, which is known from that instant on: as of before, they hold.

        Raises
        ------
        RiskError
            One would end before it was known.
        RecordsError
            Nothing was written.
        """
        chosen = LABELS.c.id.in_(numbers) & (LABELS.c.chain == chain_of(services[0]))
        with self._changing:
            now = _now(services)
            at = now if until_us is None else until_us
            with self._records.reading() as connection:
                found = connection.execute(sa.select(LABELS).where(chosen)).all()
            over = [one.id for one in found if one.until_us is not None and one.until_us <= at]
            going = [one for one in found if one.id not in over]
            for one in going:
                if at <= one.known_at_us:
                    raise RiskError(
                        f"label {one.id} is known from {instant_text(one.known_at_us)} on and "
                        f"cannot end at {instant_text(at)}"
                    )
            change = {"until_us": at, "ended_by": by, "ended_at_us": now}
            ending = partial(_end, [one.id for one in going], change)
            self._change(services, {one.wallet for one in going}, ending)
        here = {one.id for one in found}
        unknown = [number for number in dict.fromkeys(numbers) if number not in here]
        return Ended(len(going), unknown, sorted(over), at)

    def of(self, service: Service, wallet: str) -> list[dict[str, Any]]:
        """Posted labels of a wallet, as :class:`serving.schemas.known.KnownLabel`."""
        own = (LABELS.c.chain == chain_of(service)) & (LABELS.c.wallet == wallet)
        with self._records.reading() as connection:
            found = connection.execute(sa.select(LABELS).where(own).order_by(LABELS.c.id)).all()
        return [_told(one) for one in found]

    def frame(self, chain: str | None) -> pd.DataFrame:
        """Labels of a chain, all of them that there are if it is None, as a file has them.

        Raises
        ------
        RiskError
            They are of several chains, and none is named.
        """
        with self._records.reading() as connection:
            return _frame(connection, of_chain(connection, LABELS, chain, "labels"))

    def _change(
        self,
        services: Sequence[Service],
        wallets: set[str],
        write: Callable[[sa.Connection], Any],
    ) -> Any:
        """Write a change of some wallets' labels, then let each ledger learn it."""
        if not wallets:
            return None
        with self._records.writing("the records did not take the labels") as connection:
            done = write(connection)
            own = LABELS.c.chain == chain_of(services[0])
            known = _frame(connection, own & LABELS.c.wallet.in_(wallets))
        for service in services:
            with service.intake.alone(), service.intake.following():
                service.scorer.held.learn(known)
        return done


def chain_of(service: Service) -> str:
    """What labels of a ledger are kept under."""
    return service.scorer.held.ledger.chain or service.name


def _now(services: Sequence[Service]) -> int:
    """An instant that every score from now on is after."""
    now = max(service.intake.now_us() for service in services)
    for service in services:
        service.intake.saw(now)
    return now


def _since(one: PostedLabel, now: int) -> int:
    return now if one.known_at_us is None else one.known_at_us


def _require_order(place: int, one: PostedLabel, now: int) -> None:
    known_at = _since(one, now)
    if known_at > now:
        raise RiskError(
            f"label {place}: known_at {instant_text(known_at)} lies in the future; "
            f"now is {instant_text(now)}; left out, it is now"
        )
    if one.until_us is not None and one.until_us <= known_at:
        raise RiskError(f"label {place}: until is not after known_at {instant_text(known_at)}")
    if one.label == NONE and one.category == UNSPECIFIED:
        raise RiskError(f"label {place}: label is {NONE!r}, and there is no category")


def _insert(
    labels: Sequence[PostedLabel], said: dict[str, Any], connection: sa.Connection
) -> tuple[list[int], int]:
    """Insert what is not there; the id of each, and how many are new."""
    among = LABELS.c.wallet.in_({one.wallet for one in labels})
    query = sa.select(LABELS).where(LABELS.c.chain == said["chain"], among)
    held: dict[tuple[Any, ...], int] = {}
    for one in connection.execute(query):
        held |= dict.fromkeys(_keys(one), one.id)
    ids, added = [], 0
    for label in labels:
        row = asdict(label) | said
        row["known_at_us"] = _since(label, said["received_at_us"])
        at_any_time, then = _keys(label)
        number = held.get(at_any_time if label.known_at_us is None else then)
        if number is None:
            new = sa.insert(LABELS).values(row).returning(LABELS.c.id)
            number = connection.execute(new).scalar_one()
            held |= {at_any_time: number, then: number}
            added += 1
        ids.append(number)
    return ids, added


def _keys(label: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """What a label says, whenever it became known; and the same from that instant on."""
    said = (*(getattr(label, name) for name in _SAID), label.until_us)
    return said, (*said, label.known_at_us)


def _end(numbers: list[int], change: dict[str, Any], connection: sa.Connection) -> None:
    connection.execute(sa.update(LABELS).where(LABELS.c.id.in_(numbers)).values(change))


def _frame(connection: sa.Connection, chosen: sa.ColumnElement[bool]) -> pd.DataFrame:
    """Labels as their contract has them."""
    query = sa.select(LABELS).where(chosen).order_by(LABELS.c.id)
    rows = connection.execute(query).all()
    frame = pd.DataFrame({name: [getattr(one, name) for one in rows] for name in _SAID})
    for name in ("known_at", "until"):
        frame[name] = instants([getattr(one, f"{name}_us") for one in rows])
    return frame


def _told(one: Any) -> dict[str, Any]:
    plain = {
        name: None if (value := getattr(one, name)) == UNSPECIFIED else value
        for name in ("category", "original", "source")
    }
    return {
        "id": one.id,
        "label": one.label,
        **plain,
        "confidence": one.confidence,
        "known_at": instant_text(one.known_at_us),
        "until": text_of(one.until_us),
        "author": one.author,
        "received_at": instant_text(one.received_at_us),
        "ended_by": one.ended_by,
    }
