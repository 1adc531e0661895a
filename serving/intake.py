"""The way of new transfers: checked, journalled, put into the ledger, then acknowledged."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd

import features
from features.contracts.times import instant_text
from features.errors import RiskError
from serving.clock import now_us
from serving.journal import Journal, JournalError, New, utc
from serving.schemas import requests
from serving.schemas.values import microseconds
from serving.scoring.held import Held

QUICK_TRANSFERS = 64  # of a request, up to which they are checked one by one, without a frame


@dataclass(frozen=True, slots=True)
class Added:
    """What became of one request's transfers."""

    added: int
    duplicates: int
    journal_seq: int


class Intake:
    """The one writer of journal and ledger.

    Writers wait for each other here and not at the ledger's lock, which is held only while the
    ledger changes: scores go on while transfers are checked and written to disk.
    """

    def __init__(self, held: Held, journal: Journal, *, max_ahead_s: int) -> None:
        self._held = held
        self._journal = journal
        self._max_ahead_s = max_ahead_s
        self._latest_us = journal.latest_us
        self._writing = threading.Lock()
        self._diverged = False

    def now_us(self) -> int:
        """The clock, and never before what was acknowledged: a score asked as of it sees all."""
        return max(now_us(), self._latest_us + 1)

    def saw(self, instant_us: int) -> None:
        """Let no score asked from now on be as of an instant before this one, or of it."""
        self._latest_us = max(self._latest_us, instant_us)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the one writer of journal and ledger.

        Raises
        ------
        JournalError
            They do not agree.
        """
        with self._writing:
            self._check_agreement()
            yield

    @contextmanager
    def following(self) -> Iterator[None]:
        """Bring the ledger to where the journal is; if that fails, they do not agree any more."""
        try:
            yield
        except BaseException:
            self._diverged = True
            raise

    def add(self, transfers: list[requests.Transfer]) -> Added:
        """Add transfers, all or none; when this returns they are on disk and in the next score.

        Raises
        ------
        RiskError
            A transfer breaks the contract, does not fit what the ledger holds, or is dated too far
            ahead.
        ConflictError
            A transfer contradicts one that is in the ledger.
        JournalError
            The journal did not take them.
        """
        latest_us = self._not_ahead(transfers)
        with self.alone():
            new = self._new(transfers)
            seq = self._journal.append(new)
            with self.following():
                self._held.insert(new)
            self._latest_us = max(self._latest_us, latest_us)
        return Added(len(new), len(transfers) - len(new), seq)

    def check(self) -> None:
        """Raise :class:`JournalError` unless ledger and journal agree and the journal answers."""
        self._check_agreement()
        with self._writing:
            self._journal.check()

    def _new(self, transfers: list[requests.Transfer]) -> New:
        """Those that the ledger does not hold, in order of time; raises as :meth:`add` does."""
        ledger = self._held.ledger
        if len(transfers) <= QUICK_TRANSFERS:
            plain = [_plain(one) for one in transfers]
            with self._held.at_rest:
                new = ledger.check_stream(plain)
            if new is not None:
                return new
        checked = features.check_transfers(_frame(transfers), chain=ledger.chain)
        with self._held.at_rest:
            return ledger.check_append(checked)

    def _not_ahead(self, transfers: list[requests.Transfer]) -> int:
        """Time of the latest; raises where the clock will be there only after the tolerance."""
        latest = max(transfers, key=lambda one: one.timestamp)
        latest_us, clock_us = microseconds(latest.timestamp), now_us()
        if latest_us > clock_us + self._max_ahead_s * 1_000_000:
            raise RiskError(
                f"transfer ({latest.tx_id!r}, {latest.position}) is dated "
                f"{instant_text(latest_us)}, more than {self._max_ahead_s} s after this server's "
                f"clock, {instant_text(clock_us)}"
            )
        return latest_us

    def _check_agreement(self) -> None:
        if self._diverged:
            raise JournalError(
                "the journal holds changes that did not enter the ledger in memory; "
                "a restart replays them"
            )


def _plain(one: requests.Transfer) -> features.Transfer:
    return features.Transfer(
        one.tx_id, one.timestamp, one.sender, one.recipient, float(one.amount), one.asset,
        one.position, None if one.value is None else float(one.value),
    )  # fmt: skip


def _frame(transfers: list[requests.Transfer]) -> pd.DataFrame:
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
            "value": np.array(
                [np.nan if one.value is None else float(one.value) for one in transfers]
            ),
        }
    )
