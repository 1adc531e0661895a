"""Cases at the desk: one question and its one answer, shown as page, PDF and CSV."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.ledger import Ledger
from serving.schemas.requests import ScoreRequest

MOST = 512  # of some tens of kilobytes; the one that was looked at longest ago gives way


@dataclass(frozen=True, slots=True)
class Case:
    """A question and its answer, which stays as it was given.

    Parameters
    ----------
    id : str
        Of the answer.
    asked : ScoreRequest
    answer : mapping
        As :class:`serving.schemas.answers.WalletScore`.
    typed : str
        The wallet as somebody spelled it.
    ledger : str
        Which ledger answered.
    before : str or None
        Id of the case that a supposition started from.
    """

    id: str
    asked: ScoreRequest
    answer: Mapping[str, Any]
    typed: str
    ledger: str
    before: str | None = None

    @property
    def wallet(self) -> str:
        """In canonical spelling."""
        address: str = self.answer["wallet"]["address"]
        return address

    @property
    def chain(self) -> str | None:
        """What the ledger is called in requests; None: it is the only one, of no chain."""
        chain: str | None = self.answer["wallet"]["chain"]
        return chain

    @property
    def as_of(self) -> str:
        """Instant that the answer is of."""
        as_of: str = self.answer["as_of"]
        return as_of


def ledger_name(name: str, ledger: Ledger) -> str:
    """Which ledger answered, for a file that outlives the server: also its size and identity."""
    return f"{name}, {ledger.n_transfers:,} transfers, {ledger.provenance.identity}"


class Cases:
    """The cases that were opened last, for any thread."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held: OrderedDict[str, Case] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, case: Case) -> None:
        """Hold a case, in the place of the one that nobody looked at for longest."""
        with self._lock:
            self._held[case.id] = case
            self._held.move_to_end(case.id)
            if len(self._held) > self._most:
                self._held.popitem(last=False)

    def find(self, id_: str) -> Case | None:
        """The case of an answer, if it is still held."""
        with self._lock:
            found = self._held.get(id_)
            if found is not None:
                self._held.move_to_end(id_)
        return found
