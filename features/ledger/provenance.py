"""What a saved ledger remembers beside its transfers: who it is, and what was done to it.

A journal belongs to one ledger, hands its entries over to it, and must not bring back what was
taken out of it. So the manifest names the ledger, how far it took in which journal, and which
transactions were retracted on the folder.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

MOST_RETRACTED = 100_000


@dataclass(slots=True)
class Provenance:
    """The past of a ledger: it stays with the ledger through opening, changing and saving.

    Parameters
    ----------
    identity : str
        Of the ledger, given when it is built; copies of its folder have the same.
    folded : dict of str to int
        By journal: number of its last entry that the ledger took in.
    retracted : list of str
        Transactions that were taken back, in order; a checkpoint of a journal, which then knows of
        them, empties it. At most the last 100,000.
    dropped : int
        How many were in ``retracted`` before.
    """

    identity: str = field(default_factory=lambda: uuid.uuid4().hex)
    folded: dict[str, int] = field(default_factory=dict)
    retracted: list[str] = field(default_factory=list)
    dropped: int = 0

    @property
    def retractions(self) -> int:
        """How many transactions were ever retracted."""
        return self.dropped + len(self.retracted)

    def retracted_since(self, known: int) -> list[str]:
        """Those that were retracted after the first ``known``."""
        return self.retracted[max(0, known - self.dropped) :]

    def retract(self, tx_ids: Iterable[str]) -> None:
        """Note that transactions were taken back."""
        self.retracted += dict.fromkeys(tx_ids)
        excess = max(0, len(self.retracted) - MOST_RETRACTED)
        self.dropped, self.retracted = self.dropped + excess, self.retracted[excess:]

    def fold(self, journal: str, until: int) -> None:
        """Note that a journal's entries up to ``until`` are in the ledger, and all is known."""
        self.folded[journal] = until
        self.dropped, self.retracted = self.retractions, []

    def facts(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "identity": self.identity,
            "folded": self.folded,
            "retracted": self.retracted,
            "dropped": self.dropped,
        }

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> Self:
        """Read what :meth:`facts` gave.

        Raises
        ------
        ValueError
            It is something else.
        """
        match facts:
            case {
                "identity": str(identity),
                "folded": dict(folded),
                "retracted": list(retracted),
                "dropped": int(dropped),
            } if _all(int, [*folded.values()]) and _all(str, retracted):
                return cls(identity, folded, retracted, dropped)
            case _:
                raise ValueError("no provenance of a ledger")


def _all(kind: type, values: Sequence[object]) -> bool:
    return all(type(value) is kind for value in values)
