"""Corrections of what was acknowledged: retractions, and contradictions with the ledger's folder.

A transfer of the journal that the folder holds with other content is set aside and the folder's
version counts, because an operator's command checked it and put it there; until someone decides
otherwise. What is set aside stays in the journal's table, with both versions.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from features import Transfer
from features.contracts.times import instant_text
from features.contracts.transaction_ids import transaction_id
from features.errors import RiskError
from features.ledger import Ledger
from features.ledger.arrivals import Conflict
from serving.intake import Intake
from serving.journal import Journal, JournalError
from serving.journal.contradictions import OPEN, Keep, transfer_of
from serving.replay import Changing, replay
from serving.scoring.held import Held

_log = logging.getLogger("walletrisk.journal")


@dataclass(frozen=True, slots=True)
class Retracted:
    """What became of a request to retract transactions."""

    retracted: int
    transfers: int
    unknown: list[str]
    journal_seq: int


@dataclass(frozen=True, slots=True)
class Resolved:
    """What became of a contradiction."""

    id: int
    keep: Keep
    journal_seq: int


class Corrections:
    """What changes transfers that are in the ledger already; the intake's writer makes them."""

    def __init__(self, held: Held, journal: Journal, intake: Intake) -> None:
        self._held = held
        self._journal = journal
        self._intake = intake

    def retract(self, tx_ids: Sequence[str]) -> Retracted:
        """Take back transactions; when this returns that is on disk, and in the next score.

        Raises
        ------
        JournalError
            The journal did not take it, nothing was retracted.
        """
        ledger = self._held.ledger
        distinct = list(dict.fromkeys(transaction_id(one, ledger.chain) for one in tx_ids))
        with self._intake.alone():
            held = [tx_id for tx_id in distinct if ledger.rows(tx_id)]
            seq = self._journal.retract(held)
            with self._intake.following():
                transfers = self._held.retract(held)
        unknown = [tx_id for tx_id in distinct if tx_id not in set(held)]
        return Retracted(len(held), transfers, unknown, seq)

    def listed(self) -> dict[str, Any]:
        """Open contradictions: how many, and the first of them."""
        return listed(self._journal)

    def resolve(self, number: int, keep: Keep) -> Resolved:
        """Decide whose version of a transfer counts from now on.

        Raises
        ------
        RiskError
            There is no such contradiction, or it was resolved before.
        JournalError
            The journal did not take it, nothing changed.
        """
        with self._intake.alone():
            with self._held.at_rest:
                done, changed = resolve(self._journal, self._held.ledger, number, keep)
            with self._intake.following():
                for tx_id, transfers in changed.items():
                    self._held.replace(tx_id, transfers)
        return done

    def set_aside(self, conflicts: Sequence[Conflict]) -> None:
        """Let the folder's versions count, and keep the journal's in its table."""
        with self._intake.alone():
            self._journal.set_aside(conflicts)
            with self._intake.following():
                for stored, _ in conflicts:
                    with self._held.at_rest:
                        held = self._held.ledger.transaction(stored.tx_id)
                    self._held.replace(stored.tx_id, _changed(held, stored))
        report(conflicts)

    def leave_out(
        self, tx_ids: Sequence[str], known: int, transactions: Sequence[Transfer]
    ) -> None:
        """Take transfers of transactions out that were retracted on the folder.

        ``transactions`` are the transfers that the folder holds of them, after all.
        """
        with self._intake.alone():
            found = self._journal.set_aside_retracted(tx_ids, known)
            with self._intake.following():
                for tx_id in found:
                    here = [one for one in transactions if one.tx_id == tx_id]
                    self._held.replace(tx_id, here)
        report_retracted(found)


@dataclass(frozen=True, slots=True)
class JournalAlone:
    """The same of a journal that no server has open: there is no ledger in memory to correct."""

    journal: Journal

    def set_aside(self, conflicts: Sequence[Conflict]) -> None:
        """As :meth:`Corrections.set_aside`."""
        self.journal.set_aside(conflicts)
        report(conflicts)

    def leave_out(
        self, tx_ids: Sequence[str], known: int, transactions: Sequence[Transfer]
    ) -> None:
        """As :meth:`Corrections.leave_out`."""
        report_retracted(self.journal.set_aside_retracted(tx_ids, known))


def resolve(
    journal: Journal, ledger: Ledger, number: int, keep: Keep
) -> tuple[Resolved, dict[str, list[Transfer]]]:
    """Write a decision down; returns it, and what transactions hold from now on.

    ``ledger`` is as the journal says it is; raises as :meth:`Corrections.resolve` does.
    """
    found = journal.contradiction(number)
    if found is None or found["status"] != OPEN:
        why = "is not there" if found is None else "was resolved before"
        raise RiskError(f"contradiction {number} {why}")
    changed: dict[str, list[Transfer]] = {}
    if keep == "journal":
        acknowledged = transfer_of(found)
        held = ledger.transaction(acknowledged.tx_id)
        changed[acknowledged.tx_id] = _changed(held, acknowledged)
    seq = journal.resolve(number, keep, [one for held in changed.values() for one in held])
    return Resolved(number, keep, seq), changed


def _changed(transaction: Sequence[Transfer], one: Transfer) -> list[Transfer]:
    """The transfers of a transaction, one of them replaced or added."""
    return [*(other for other in transaction if other.position != one.position), one]


def listed(journal: Journal) -> dict[str, Any]:
    """Open contradictions of a journal, as :class:`serving.schemas.corrections.Contradictions`."""
    shown = ("id", "tx_id", "position", "journal_version", "ledger_version")
    return {
        "open": journal.open_contradictions,
        "contradictions": [
            {name: one[name] for name in shown} | {"seen_at": instant_text(one["seen_at_us"])}
            for one in journal.contradictions()
        ],
    }


def bring_up(journal: Journal, ledger: Ledger, into: Changing) -> int:
    """Put the journal's entries into the ledger of a start; returns how many it did not hold yet.

    Transfers that the ledger contradicts or had retracted are set aside, and the start goes on.

    Raises
    ------
    RiskError
        The journal is another ledger's, or cannot be read.
    """
    provenance = ledger.provenance
    try:
        journal.bind(provenance)
        report_retracted(
            journal.set_aside_retracted(
                provenance.retracted_since(journal.known_retractions), provenance.retractions
            )
        )
        done = replay(journal.entries(), ledger, into)
        if done.conflicts:
            journal.set_aside(done.conflicts)
            report(done.conflicts)
    except JournalError as error:
        raise RiskError(f"journal {journal.place} cannot be replayed: {error}") from error
    return done.added


def report(conflicts: Sequence[Conflict]) -> None:
    """Log that contradictions were set aside; the journal's table has both versions."""
    _log.warning(
        "the ledger contradicts %d transfers of the journal and counts; they are set aside: "
        "GET /v1/contradictions, or walletrisk journal contradictions, lists them",
        len(conflicts),
    )


def report_retracted(tx_ids: Sequence[str]) -> None:
    """Log that the journal held transactions that the ledger had retracted."""
    if tx_ids:
        _log.warning(
            "%d transactions of the journal were retracted in the ledger; they are set aside",
            len(tx_ids),
        )
