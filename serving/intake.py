"""The way of new transfers: checked, journalled, put into the ledger, then acknowledged."""

import threading
from dataclasses import dataclass

import numpy as np
import pandas as pd

import features
from features.errors import RiskError
from serving import schemas
from serving.journal import Journal, JournalError, New, utc
from serving.schemas import microseconds
from serving.scorer import Scorer

QUICK_TRANSFERS = 64  # of a request, up to which they are checked one by one, without a frame


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

    def add(self, transfers: list[schemas.Transfer]) -> Added:
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
        with self._writing:
            self._check_agreement()
            new = self._new(transfers)
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

    def _new(self, transfers: list[schemas.Transfer]) -> New:
        """Those that the ledger does not hold, in order of time; raises as :meth:`add` does."""
        ledger = self._scorer.ledger
        if len(transfers) <= QUICK_TRANSFERS:
            new = ledger.check_stream([_plain(one) for one in transfers])
            if new is not None:
                return new
        return ledger.check_append(_frame(transfers))

    def _check_agreement(self) -> None:
        if self._diverged:
            raise JournalError(
                "the journal holds transfers that did not enter the ledger in memory; "
                "a restart replays them"
            )


def _plain(one: schemas.Transfer) -> features.Transfer:
    return features.Transfer(
        one.tx_id, one.timestamp, one.sender, one.recipient, float(one.amount), one.asset,
        one.position,
    )  # fmt: skip


def _frame(transfers: list[schemas.Transfer]) -> pd.DataFrame:
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
