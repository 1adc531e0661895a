"""Decisions of analysts on wallets: in force from when they were made until they end.

Like lists, they are told as of an instant by what was known before it, so that a past question has
the answer that it had. They are facts beside the probability and the band, never part of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from features.errors import RiskError
from serving.clock import text_of
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
            "set_at": text_of(self.set_us),
            "expires_at": text_of(self.expires_us),
            "score": self.score,
        }

    def history(self) -> dict[str, Any]:
        """As :class:`serving.schemas.overrides.PastOverride`."""
        return {
            **self.shown(),
            "wallet": {"address": self.wallet, "chain": self.chain or None},
            "caller": self.caller,
            "ended_at": text_of(self.ended_us),
            "ended_by": self.ended_by,
            "ended_why": self.ended_why,
        }


class Decisions:
    """All decisions, in memory.

    Parameters
    ----------
    records : Records

    Raises
    ------
    RecordsError
        They cannot be read.
    """

    def __init__(self, records: Records) -> None:
        self._of: dict[tuple[str, str], tuple[Decided, ...]] = {}
        with records.reading() as connection:
            for row in connection.execute(sa.select(OVERRIDES)):
                self.keep(Decided(**row._mapping))

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
        held = (one for one in self._every() if one.holds(at_us))
        return sorted(held, key=lambda one: one.set_us, reverse=True)[:MOST_LISTED]

    def find(self, id_: str) -> Decided | None:
        """A decision by its id, in force or not."""
        return next((one for one in self._every() if one.id == id_), None)

    def keep(self, decided: Decided) -> None:
        """Take a decision in, in place of what was known of it."""
        key = decided.chain, decided.wallet
        others = (one for one in self._of.get(key, ()) if one.id != decided.id)
        latest = sorted([decided, *others], key=lambda one: one.set_us, reverse=True)
        self._of[key] = tuple(latest)

    def _every(self) -> Iterator[Decided]:
        return (one for held in list(self._of.values()) for one in held)


def read_decisions(url: str) -> Decisions | None:
    """Decisions beside a ledger that a command opens; None where nothing was ever written down.

    Parameters
    ----------
    url : str
        Of the records.

    Raises
    ------
    RiskError
        The records cannot be read.
    """
    file = sa.make_url(url).database if url.startswith("sqlite") else None
    if file is not None and not Path(file).exists():
        return None
    records = Records(url)
    try:
        return Decisions(records)
    except RecordsError as error:
        raise RiskError(str(error)) from error
    finally:
        records.close()
