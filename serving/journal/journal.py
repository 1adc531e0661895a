"""The journal's one writer: takes entries, hands them over, sets contradictions aside."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from features.errors import RiskError
from features.ledger.arrivals import Conflict
from features.ledger.provenance import Provenance
from serving.clock import now_us
from serving.journal import contradictions
from serving.journal.contradictions import Keep
from serving.journal.database import Database
from serving.journal.entries import Entries
from serving.journal.facts import Facts
from serving.journal.sessions import Rows, rejoin
from serving.journal.tables import (
    RETRACTIONS,
    TRANSFERS,
    JournalError,
    New,
    transfer_batch,
    transfer_rows,
)

REPLAY_ROWS = 50_000
FORGET_ROWS = 5_000  # in one transaction, for which an append may wait


class Journal:
    """Transfers and retractions in the order they were acknowledged.

    Parameters
    ----------
    url : str
        SQLAlchemy URL, such as ``sqlite:////data/journal.sqlite`` or ``postgresql+psycopg://...``.

    Attributes
    ----------
    last_seq : int
        Number of the last entry.
    held : int
        Entries that are here, not folded into the ledger yet.
    latest_us : int
        Time of the latest transfer that was ever here, microseconds since 1970 UTC.
    open_contradictions : int
        Those that wait for a decision.

    Raises
    ------
    RiskError
        The URL is none, its driver is not installed, another process has the journal open, or it
        is in memory only or has two names.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url)
        self.place = self._database.place
        self._doubtful: Rows = []  # what is written: a session that is lost may have committed it
        try:
            with self._database.writing("cannot be read") as connection:
                self._read(connection)
        except JournalError as error:
            self.close()
            raise RiskError(str(error)) from error
        self._database.rejoin = self._rejoin

    def _rejoin(self, connection: sa.Connection) -> None:
        rejoin(connection, self._facts, self.last_seq, self._doubtful)

    def _read(self, connection: sa.Connection) -> None:
        self._facts = Facts.read(connection)
        tables = (TRANSFERS, RETRACTIONS)
        last = [connection.scalar(sa.select(sa.func.max(table.c.seq))) or 0 for table in tables]
        held = [
            connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in tables
        ]
        latest = connection.scalar(sa.select(sa.func.max(TRANSFERS.c.timestamp_us)))
        self.last_seq: int = max(*last, self._facts.folded)
        self.held: int = sum(held)
        self.latest_us: int = max(latest or 0, self._facts.latest_us)
        self.open_contradictions = contradictions.count_open(connection)

    @property
    def identity(self) -> str:
        """Of the journal."""
        return self._facts.identity

    @property
    def known_retractions(self) -> int:
        """How many retractions on the ledger's folder were applied to the entries."""
        return self._facts.known_retractions

    def append(self, transfers: New) -> int:
        """Write transfers in one transaction; they are on disk when this returns.

        Parameters
        ----------
        transfers : DataFrame or sequence of Transfer
            Checked transfers, as ``Ledger.check_append`` or ``Ledger.check_stream`` returns them;
            none is fine.

        Returns
        -------
        int
            Number of the journal's last entry.

        Raises
        ------
        JournalError
            Nothing was written.
        """
        if not len(transfers):
            return self.last_seq
        rows = transfer_rows(transfers, first=self.last_seq + 1, received_at_us=now_us())
        with self._database.writing(
            "the journal did not take the transfers, none was added"
        ) as connection:
            self._doubtful = rows
            connection.execute(sa.insert(TRANSFERS), rows)
        self._grown(rows)
        self.latest_us = max(self.latest_us, *(row["timestamp_us"] for row in rows))
        return self.last_seq

    def retract(self, tx_ids: Sequence[str]) -> int:
        """Write down that transactions are taken back; as :meth:`append` otherwise."""
        if not tx_ids:
            return self.last_seq
        rows = self._retractions(tx_ids)
        with self._database.writing(
            "the journal did not take the retractions, none was made"
        ) as connection:
            self._doubtful = rows
            connection.execute(sa.insert(RETRACTIONS), rows)
        self._grown(rows)
        return self.last_seq

    def entries(self, *, rows: int = REPLAY_ROWS) -> Entries:
        """What is here by now, its transfers in pieces of at most ``rows``.

        Raises
        ------
        JournalError
            The journal cannot be read; also while its transfers are.
        """
        until = self.last_seq
        gone = sa.select(RETRACTIONS.c.tx_id).where(RETRACTIONS.c.seq <= until).distinct()
        with self._database.reading() as connection:
            retracted = list(connection.scalars(gone))
        transfers = self.replay(rows=rows, until=until)
        facts = self._facts
        return Entries(facts, until, retracted, transfers)

    def replay(
        self, *, rows: int = REPLAY_ROWS, until: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Transfers that no later retraction took back, in the order they came."""
        seq, until = self._facts.folded, self.last_seq if until is None else until
        later = (RETRACTIONS.c.tx_id == TRANSFERS.c.tx_id) & (RETRACTIONS.c.seq > TRANSFERS.c.seq)
        taken_back = sa.exists().where(later, RETRACTIONS.c.seq <= until)
        while True:
            query = sa.select(TRANSFERS).where(TRANSFERS.c.seq > seq, TRANSFERS.c.seq <= until)
            query = query.where(~taken_back).order_by(TRANSFERS.c.seq).limit(rows)
            with self._database.reading() as connection:
                found = connection.execute(query).all()
            if not found:
                return
            seq = found[-1].seq
            yield transfer_batch(found)

    def bind(self, provenance: Provenance) -> None:
        """Belong to a ledger from now on, and let go of what it took in already.

        Raises
        ------
        RiskError
            The journal is another ledger's, or the ledger lacks what the journal handed over.
        """
        facts, taken = self._facts, provenance.folded.get(self._facts.identity, 0)
        if facts.ledger not in ("", provenance.identity):
            raise RiskError(
                f"journal {self.place} does not belong to this ledger: it is that of ledger "
                f"{facts.ledger}, this one is {provenance.identity}; "
                "walletrisk journal adopt gives it to this one"
            )
        if taken < facts.folded:
            raise RiskError(
                f"the ledger is older than journal {self.place}, which handed over its entries up "
                f"to {facts.folded}: the ledger took in those up to {taken}; bring the newer one "
                "back, or let walletrisk journal adopt give the journal to this one without them"
            )
        if not facts.ledger:
            self._note(ledger=provenance.identity)
        self.forget(taken)

    def adopt(self, provenance: Provenance) -> None:
        """Give the journal to a ledger that it was not of, as a new journal with its entries."""
        new = Facts(
            uuid.uuid4().hex,
            ledger=provenance.identity,
            known_retractions=provenance.retractions,
            latest_us=self.latest_us,
        )
        self._note(**asdict(new))

    def forget(self, until: int) -> None:
        """Delete the entries up to ``until``, which the ledger holds."""
        if until > self._facts.folded:
            self._note(folded=until, latest_us=self.latest_us)
        self.last_seq = max(self.last_seq, until)
        for table in (TRANSFERS, RETRACTIONS):
            least = sa.select(sa.func.min(table.c.seq))
            while True:
                with self._database.writing("the journal keeps what was folded") as connection:
                    first = connection.scalar(least)
                    if first is None or first > until:
                        break
                    part = table.c.seq <= min(first + FORGET_ROWS, until)
                    self.held -= connection.execute(sa.delete(table).where(part)).rowcount

    def set_aside(self, conflicts: Sequence[Conflict]) -> None:
        """Take transfers that the ledger contradicts out of the entries, and keep both versions."""
        with self._database.writing("the journal did not set contradictions aside") as connection:
            contradictions.set_aside(connection, conflicts, now_us=now_us())
            self._read(connection)

    def set_aside_retracted(self, tx_ids: Sequence[str], known: int) -> list[str]:
        """Take out transfers of transactions that were retracted on the ledger's folder.

        Returns which of them there were. ``known`` is how many retractions are known from now on.
        """
        with self._database.writing(
            "the journal did not set retracted transfers aside"
        ) as connection:
            found = contradictions.set_aside_retracted(connection, tx_ids, now_us=now_us())
            facts = self._facts.changed(known_retractions=known)
            facts.write(connection)
            self._read(connection)
        return found

    def contradictions(self) -> list[dict[str, Any]]:
        """The first open contradictions, as rows of their table."""
        with self._database.reading() as connection:
            return contradictions.listed(connection)

    def contradiction(self, number: int) -> dict[str, Any] | None:
        """One contradiction, None where there is none of this number."""
        with self._database.reading() as connection:
            return contradictions.find(connection, number)

    def resolve(self, number: int, keep: Keep, instead: New = ()) -> int:
        """Note whose version of a contradiction is kept; returns the number of the last entry.

        With ``instead``, all transfers of its transaction as they are from now on, the transaction
        is retracted and these are appended, in the same database transaction.
        """
        rows: list[dict[str, Any]] = []
        with self._database.writing("the journal did not take the decision") as connection:
            contradictions.mark(connection, number, keep, now_us=now_us())
            if len(instead):
                facts = contradictions.find(connection, number)
                gone = self._retractions([facts["tx_id"]] if facts else [])
                connection.execute(sa.insert(RETRACTIONS), gone)
                first = self.last_seq + 1 + len(gone)
                rows = transfer_rows(instead, first=first, received_at_us=now_us())
                connection.execute(sa.insert(TRANSFERS), rows)
            self.open_contradictions = contradictions.count_open(connection)
        if rows:
            self.last_seq = rows[-1]["seq"]
            self.held += len(rows) + 1
        return self.last_seq

    def check(self) -> None:
        """Raise :class:`JournalError` unless the database that was opened answers."""
        with self._database.writing("the journal does not answer") as connection:
            connection.execute(sa.text("SELECT 1"))

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def _retractions(self, tx_ids: Sequence[str]) -> list[dict[str, Any]]:
        now = now_us()
        return [
            {"seq": seq, "tx_id": tx_id, "received_at_us": now}
            for seq, tx_id in enumerate(tx_ids, start=self.last_seq + 1)
        ]

    def _grown(self, rows: Sequence[dict[str, Any]]) -> None:
        self._doubtful = []
        self.last_seq += len(rows)
        self.held += len(rows)

    def _note(self, **changes: Any) -> None:
        facts = self._facts.changed(**changes)
        with self._database.writing("the journal did not take a fact") as connection:
            facts.write(connection)
        self._facts = facts
