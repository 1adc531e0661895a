"""The way of new transfers: checked, journalled, put into the ledger, then acknowledged."""

import threading
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.errors import RiskError
from serving.journal import Journal, JournalError, utc
from serving.schemas import Transfer, microseconds
from serving.scorer import Scorer


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one request's transfers."""

    added: int
    duplicates: int
    journal_seq: int


class Intake:
    """The one writer of journal and ledger.

    Writers wait for each other here and not at the scorer's lock, which is held only while the
    ledger changes: scores go on while transfers are checked and written to disk.
    """

    def __init__(self, scorer: Scorer, journal: Journal) -> None:
        self._scorer = scorer
        self._journal = journal
        self._writing = threading.Lock()
        self._diverged = False

    def replay(self) -> int:
        """Put the journal's transfers into the ledger; returns how many it did not hold yet.

        Raises
        ------
        RiskError
            The journal contradicts the ledger, so one of them is another's.
        """
        added = 0
        try:
            for transfers in self._journal.replay():
                new = self._scorer.ledger.check_append(transfers)
                self._scorer.insert(new)
                added += len(new)
        except RiskError as error:
            raise RiskError(
                f"journal {self._journal.place} does not belong to this ledger: {error}"
            ) from error
        except JournalError as error:
            raise RiskError(f"journal {self._journal.place} cannot be replayed: {error}") from error
        return added

    def add(self, transfers: list[Transfer]) -> Added:
        """Add transfers, all or none; when this returns they are on disk and in the next score.

        Raises
        ------
        RiskError
            A transfer breaks the contract or is of another asset.
        ConflictError
            A transfer contradicts one that is in the ledger.
        JournalError
            The journal did not take them.
        """
        frame = _frame(transfers)
        with self._writing:
            self._check_agreement()
            new = self._scorer.ledger.check_append(frame)
            seq = self._journal.append(new)
            try:
                self._scorer.insert(new)
            except BaseException:
                self._diverged = True
                raise
        return Added(len(new), len(transfers) - len(new), seq)

    def check(self) -> None:
        """Raise :class:`JournalError` unless ledger and journal agree and the journal answers."""
        self._check_agreement()
        with self._writing:
            self._journal.check()

    def _check_agreement(self) -> None:
        if self._diverged:
            raise JournalError(
                "the journal holds transfers that did not enter the ledger in memory; "
                "a restart replays them"
            )


def _frame(transfers: list[Transfer]) -> pd.DataFrame:
    times = np.array([microseconds(one.timestamp) for one in transfers], dtype=np.int64)
    return pd.DataFrame(
        {
            "tx_id": [one.tx_id for one in transfers],
            "position": np.array([one.position for one in transfers], dtype=np.int32),
            "timestamp": utc(times),
            "sender": [one.sender for one in transfers],
            "recipient": [one.recipient for one in transfers],
            "amount": np.array([float(one.amount) for one in transfers]),
            "asset": [one.asset for one in transfers],
        }
    )
