"""The ledger that answers are read from, with the labels of its wallets, behind one lock."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from features.contracts.addresses import canonical_one
from features.contracts.known_wallets import KnownWallets
from features.contracts.labels import check_labels
from features.contracts.transfers import check_transfers
from features.ledger import Ledger, Transfer
from features.ledger.age import STALE_AFTER_S
from features.ledger.arrivals import frame_of
from features.past import LabelEvents
from features.past.growing_labels import GrowingLabels
from serving.scoring.facts import Freshness

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
        Checked.
    lock : Lock
        Held by whoever reads the ledger or its events, so that they do not change meanwhile.
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
        self.lock = threading.Lock()
        self.at_rest = threading.Lock()
        self._known = GrowingLabels(ledger, self.labels)
        self._lists = None if self.labels is None else KnownWallets(self.labels)

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
        return None if self._lists is None else self._lists.told(wallet, as_of)

    def freshness(self, last_time: int | None, as_of: int) -> Freshness:
        """How old the ledger was that reached so far."""
        return Freshness.at(last_time, as_of, self._stale_after_s)

    def insert(self, new: pd.DataFrame | Sequence[Transfer]) -> None:
        """Add to the ledger what its ``check_append`` or ``check_stream`` returned."""
        if not isinstance(new, pd.DataFrame):
            awaited = self._known.awaited(end for one in new for end in (one.sender, one.recipient))
            with self.lock:
                self.ledger.insert_stream(new)
                self._known.join(self.ledger, awaited)
            return
        for start in range(0, len(new), APPEND_ROWS):
            part = new.iloc[start : start + APPEND_ROWS]
            awaited = self._known.awaited([*part["sender"], *part["recipient"]])
            with self.lock:
                self.ledger.insert(part)
                self._known.join(self.ledger, awaited)

    def retract(self, tx_ids: Sequence[str]) -> int:
        """Take transactions back that the ledger holds; returns how many transfers that were."""
        transfers = 0
        for start in range(0, len(tx_ids), RETRACTED_AT_ONCE):
            with self.lock:
                transfers += self.ledger.retract(tx_ids[start : start + RETRACTED_AT_ONCE])
        return transfers

    def replace(self, tx_id: str, transfers: Sequence[Transfer]) -> None:
        """Let a transaction hold these transfers from now on, whether or not it is here."""
        new = check_transfers(frame_of(transfers), chain=self.ledger.chain)
        awaited = self._known.awaited([*new["sender"], *new["recipient"]])
        with self.lock:
            if self.ledger.rows(tx_id):
                self.ledger.retract([tx_id])
            self.ledger.insert(new)
            self._known.join(self.ledger, awaited)
