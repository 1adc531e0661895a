"""How decisions of analysts are made and ended: on disk before they count."""

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace

import sqlalchemy as sa

from features.contracts.times import instant_text
from features.errors import RiskError
from serving.audit import Asker, Audit, AuditError
from serving.overrides.decisions import Decided, Decisions
from serving.overrides.table import OVERRIDES
from serving.records import Records, RecordsError


class Overrides:
    """Changes decisions: in the records and in the audit, then in memory.

    Parameters
    ----------
    records : Records
    audit : Audit
        Where every change is on disk before it counts.

    Attributes
    ----------
    decisions : Decisions

    Raises
    ------
    RecordsError
        They cannot be read.
    """

    def __init__(self, records: Records, audit: Audit) -> None:
        self._records = records
        self._audit = audit
        self._changing = threading.Lock()
        self.decisions = Decisions(records)

    def decide(self, wanted: Decided, who: Asker) -> Decided:
        """Let a decision hold from now on, in place of the one that does.

        Parameters
        ----------
        wanted : Decided
            Its id and ``set_us`` are given here.
        who : Asker

        Returns
        -------
        Decided
            The one that holds now: where it says the same already, that.

        Raises
        ------
        RiskError
            It is over already.
        RecordsError, AuditError
            It is not on disk, and nothing changed.
        """
        with self._changing:
            now = self._now_us(wanted.chain, wanted.wallet)
            if wanted.expires_us is not None and wanted.expires_us <= now:
                raise RiskError(
                    f"expires_at {instant_text(wanted.expires_us)} is not after now, "
                    f"{instant_text(now)}"
                )
            former = [
                one for one in self.decisions.history(wanted.chain, wanted.wallet) if one.holds(now)
            ]
            new = replace(wanted, id=self._audit.new_id(), set_us=now)
            for one in former:
                if replace(one, id=new.id, set_us=now, caller=new.caller) == new:
                    return one
            ended = [
                replace(one, ended_us=now, ended_by=new.author, ended_why=f"replaced by {new.id}")
                for one in former
            ]
            self._write("override", new, ended, who)
        return new

    def withdraw(self, id_: str, *, author: str, reason: str, who: Asker) -> Decided:
        """End a decision now; one that ended before stays as it is.

        Raises
        ------
        RiskError
            There is none of this id, or it is over.
        RecordsError, AuditError
            It is not on disk, and nothing changed.
        """
        with self._changing:
            found = self.decisions.find(id_)
            now = 0 if found is None else self._now_us(found.chain, found.wallet)
            if found is None or not found.holds(now):
                why = "there is no such override" if found is None else "the override is over"
                raise RiskError(f"{why}: {id_!r}")
            ended = replace(found, ended_us=now, ended_by=author, ended_why=reason)
            self._write("override_withdrawn", ended, [ended], who)
        return ended

    def _now_us(self, chain: str, wallet: str) -> int:
        """The clock, and after every change of a wallet's decisions."""
        changes = (
            max(one.set_us, one.ended_us or 0) for one in self.decisions.history(chain, wallet)
        )
        return max(self._audit.now_us(), *(change + 1 for change in changes), 0)

    def _write(self, kind: str, told: Decided, ended: Sequence[Decided], who: Asker) -> None:
        """Records and audit have it before anybody sees it."""
        new = [] if told in ended else [told]
        try:
            with self._records.writing("the override was not written") as connection:
                for one in ended:
                    row = sa.update(OVERRIDES).where(OVERRIDES.c.id == one.id)
                    connection.execute(row.values(asdict(one)))
                for one in new:
                    connection.execute(sa.insert(OVERRIDES), asdict(one))
                self._audit.settle(self._audit.event(kind, asdict(told), who))
        except (AuditError, RecordsError):
            with suppress(AuditError):  # the record may be there, or come yet
                self._audit.event(f"{kind}_failed", {"id": told.id}, who)
            raise
        for one in (*ended, *new):
            self.decisions.keep(one)
