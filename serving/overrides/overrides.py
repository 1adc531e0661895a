"""Decisions of analysts on wallets: in force from when they were made until they end.

Like lists, they are told as of an instant by what was known before it, so that a past question has
the answer that it had. They are facts beside the probability and the band, never part of them.
"""

import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa

from features.contracts.times import instant_text
from features.errors import RiskError
from serving.audit import Asker, Audit, AuditError
from serving.audit.ids import new_id
from serving.overrides.table import OVERRIDES
from serving.records import Records, RecordsError

MOST_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision.

    Parameters
    ----------
    id : str
    chain : str
        Empty: no named one.
    wallet : str
        In canonical spelling.
    decision : str
        A band, or ``allow`` or ``block``.
    author, reason : str
        Who decided, and why.
    caller : str
        Whose key it came with.
    score : str or None
        Id of the answer that was decided on.
    set_us : int
        When it was made; microseconds since 1970 UTC, as all times here.
    expires_us : int or None
    ended_us : int or None
        When it was withdrawn, or replaced by another.
    ended_by, ended_why : str or None
    """

    id: str
    chain: str
    wallet: str
    decision: str
    author: str
    reason: str
    caller: str
    score: str | None
    set_us: int
    expires_us: int | None
    ended_us: int | None = None
    ended_by: str | None = None
    ended_why: str | None = None

    def holds(self, at_us: int) -> bool:
        """Whether it is in force at an instant, by what was known before it."""
        ends = [end for end in (self.expires_us, self.ended_us) if end is not None]
        return self.set_us < at_us and all(at_us < end for end in ends)

    def shown(self) -> dict[str, Any]:
        """As :class:`serving.schemas.overrides.Override`."""
        return {
            "id": self.id,
            "decision": self.decision,
            "author": self.author,
            "reason": self.reason,
            "set_at": instant_text(self.set_us),
            "expires_at": _text(self.expires_us),
            "score": self.score,
        }

    def history(self) -> dict[str, Any]:
        """As :class:`serving.schemas.overrides.PastOverride`."""
        return {
            **self.shown(),
            "wallet": {"address": self.wallet, "chain": self.chain or None},
            "caller": self.caller,
            "ended_at": _text(self.ended_us),
            "ended_by": self.ended_by,
            "ended_why": self.ended_why,
        }


class Overrides:
    """All decisions, in memory for scores and in the records for good.

    Parameters
    ----------
    records : Records
    audit : Audit
        Where every change is on disk before it counts.

    Raises
    ------
    RecordsError
        They cannot be read.
    """

    def __init__(self, records: Records, audit: Audit) -> None:
        self._records = records
        self._audit = audit
        self._changing = threading.Lock()
        self._of: dict[tuple[str, str], tuple[Decided, ...]] = {}
        with records.reading() as connection:
            for row in connection.execute(sa.select(OVERRIDES).order_by(OVERRIDES.c.set_us)):
                self._keep(Decided(**row._mapping))

    def told(self, chain: str | None, wallet: str, as_of: int) -> dict[str, Any] | None:
        """The decision in force, as :class:`serving.schemas.overrides.Override`; None: none is."""
        decided = self._of.get((chain or "", wallet))
        if decided is None:
            return None
        return next((one.shown() for one in decided if one.holds(as_of)), None)

    def history(self, chain: str | None, wallet: str) -> tuple[Decided, ...]:
        """All decisions on a wallet, the latest first."""
        return self._of.get((chain or "", wallet), ())

    def in_force(self, at_us: int) -> list[Decided]:
        """Decisions that hold, the latest first, at most 1,000."""
        held = [one for all_ in list(self._of.values()) for one in all_ if one.holds(at_us)]
        return sorted(held, key=lambda one: one.set_us, reverse=True)[:MOST_LISTED]

    def find(self, id_: str) -> Decided | None:
        """A decision by its id, in force or not."""
        every = (one for all_ in list(self._of.values()) for one in all_)
        return next((one for one in every if one.id == id_), None)

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
            former = [one for one in self.history(wanted.chain, wanted.wallet) if one.holds(now)]
            new = replace(wanted, id=new_id(now), set_us=now)
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
            found = self.find(id_)
            now = 0 if found is None else self._now_us(found.chain, found.wallet)
            if found is None or not found.holds(now):
                why = "there is no such override" if found is None else "the override is over"
                raise RiskError(f"{why}: {id_!r}")
            ended = replace(found, ended_us=now, ended_by=author, ended_why=reason)
            self._write("override_withdrawn", ended, [ended], who)
        return ended

    def _now_us(self, chain: str, wallet: str) -> int:
        """The clock, and after every change of a wallet's decisions."""
        changes = (max(one.set_us, one.ended_us or 0) for one in self.history(chain, wallet))
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
            self._keep(one)

    def _keep(self, decided: Decided) -> None:
        key = decided.chain, decided.wallet
        others: Iterable[Decided] = (one for one in self._of.get(key, ()) if one.id != decided.id)
        latest = sorted([decided, *others], key=lambda one: one.set_us, reverse=True)
        self._of[key] = tuple(latest)


def _text(time_us: int | None) -> str | None:
    return None if time_us is None else instant_text(time_us)
