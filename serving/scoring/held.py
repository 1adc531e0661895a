"""The ledger that answers are read from, with the labels of its wallets, behind one lock."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from features.contracts.addresses import canonical_one
from features.contracts.labels import Labels, check_labels
from features.contracts.transfers import check_transfers
from features.ledger import Ledger, Transfer
from features.ledger.age import STALE_AFTER_S
from features.ledger.arrivals import frame_of
from features.past import LabelEvents
from serving.scoring.facts import Freshness
from serving.scoring.learning import LearningLabels, LearningLists
from serving.scoring.shared_lock import SharedLock

# a request's transfers enter the ledger in parts, so that a score waits for one part at most
APPEND_ROWS = 1_000
RETRACTED_AT_ONCE = 16  # transactions, for the same reason


class Held:
    """A ledger that changes while it is read.

    Parameters
    ----------
    ledger : Ledger
        Owned by this object from now on.
    labels : DataFrame, optional
        Known wallets.
    stale_after_s : float
        Age at which the ledger is stale.

    Attributes
    ----------
    labels : Labels or None
        Checked; of the file, and what was learnt since.
    on_change : callable
        Gets the wallets whose transfers or labels changed, when the next score sees that.
    lock : SharedLock
        Shared by whoever reads the ledger or its events, so that they do not change meanwhile.
    at_rest : Lock
        Held, and taken before ``lock``, by whoever lets wallets be one for a question, which
        changes slices until it is answered; and by the one writer while it reads slices, which it
        does without ``lock`` since nobody else changes them for good.
    """

    def __init__(
        self, ledger: Ledger, labels: pd.DataFrame | None, *, stale_after_s: float = STALE_AFTER_S
    ) -> None:
        self.ledger = ledger
        self._stale_after_s = stale_after_s
        self.labels = None if labels is None else check_labels(labels, chain=ledger.chain)
        self.lock = SharedLock()
        self.at_rest = threading.Lock()
        self._of_file = self.labels
        self._posted: pd.DataFrame | None = None
        self._known = LearningLabels(ledger, self.labels)
        self._lists = None if self.labels is None else LearningLists(self.labels)
        self.on_change: Callable[[Iterable[str]], None] = lambda _: None

    @property
    def events(self) -> LabelEvents:
        """Labels as kernels read them, of the wallets that the ledger holds now."""
        return self._known.events

    def supposing(self, codes: Mapping[str, int]) -> LabelEvents:
        """Events with those of wallets that the ledger holds for a question only."""
        return self._known.supposing(codes)

    def address(self, text: str) -> str:
        """Wallet as the ledger's chain spells it; raises AddressError for what is none there."""
        return canonical_one(text, self.ledger.chain)

    def known(self, wallet: str, as_of: int) -> dict[str, Any] | None:
        """Say on which lists a wallet was, known to the ledger or not; None without labels."""
        return None if self._lists is None else self._lists.of(wallet).told(wallet, as_of)

    def freshness(self, last_time: int | None, as_of: int) -> Freshness:
        """How old the ledger was that reached so far."""
        return Freshness.at(last_time, as_of, self._stale_after_s)

    def insert(self, new: pd.DataFrame | Sequence[Transfer]) -> None:
        """Add to the ledger what its ``check_append`` or ``check_stream`` returned."""
        if not isinstance(new, pd.DataFrame):
            awaited = self._known.awaited(end for one in new for end in (one.sender, one.recipient))
            with self.lock.alone():
                self.ledger.insert_stream(new)
                self._known.join(self.ledger, awaited)
            self.on_change(end for one in new for end in (one.sender, one.recipient))
            return
        for start in range(0, len(new), APPEND_ROWS):
            part = new.iloc[start : start + APPEND_ROWS]
            ends = [*part["sender"], *part["recipient"]]
            awaited = self._known.awaited(ends)
            with self.lock.alone():
                self.ledger.insert(part)
                self._known.join(self.ledger, awaited)
            self.on_change(ends)

    def learn(self, posted: pd.DataFrame) -> None:
        """Take these as all posted labels of the wallets that they are of; for the one writer.

        They are in the next score, beside those of the file.

        Raises
        ------
        LabelsError
            They break their contract.
        """
        chain = self.ledger.chain
        posted = check_labels(posted, chain=chain)
        wallets = posted["wallet"].unique()
        base = self._of_file
        others = posted if base is None else base.loc[base["wallet"].isin(wallets)]
        own = check_labels(pd.concat([others, posted], ignore_index=True), chain=chain)
        before = posted if self._posted is None else self._posted
        before = before.loc[~before["wallet"].isin(wallets)]
        self._posted = pd.concat([before, posted], ignore_index=True)
        known = self._posted if base is None else pd.concat([base, self._posted], ignore_index=True)
        events = self._known.learnt(self.ledger, own)
        lists = self._lists or LearningLists(own)
        lists.learn(own)
        with self.lock.alone():
            self._known.take(events)
            self._lists = lists
            # each part was checked, of this chain; looking at all again would take seconds
            self.labels = Labels.seal(known, chain)
        self.on_change(wallets)

    def retract(self, tx_ids: Sequence[str]) -> int:
        """Take transactions back that the ledger holds; returns how many transfers that were."""
        transfers = 0
        for start in range(0, len(tx_ids), RETRACTED_AT_ONCE):
            part = tx_ids[start : start + RETRACTED_AT_ONCE]
            with self.lock.alone():
                gone = [one for tx_id in part for one in self.ledger.transaction(tx_id)]
                transfers += self.ledger.retract(part)
            self.on_change(end for one in gone for end in (one.sender, one.recipient))
        return transfers

    def replace(self, tx_id: str, transfers: Sequence[Transfer]) -> None:
        """Let a transaction hold these transfers from now on, whether or not it is here."""
        new = check_transfers(frame_of(transfers), chain=self.ledger.chain)
        awaited = self._known.awaited([*new["sender"], *new["recipient"]])
        with self.lock.alone():
            gone = self.ledger.transaction(tx_id)
            if gone:
                self.ledger.retract([tx_id])
            self.ledger.insert(new)
            self._known.join(self.ledger, awaited)
        self.on_change(end for one in (*gone, *transfers) for end in (one.sender, one.recipient))
