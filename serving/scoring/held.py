"""The ledger that answers are read from, with the labels of its wallets, behind one lock."""

import threading
from collections.abc import Sequence

import pandas as pd

from features.contracts.addresses import canonical_one
from features.contracts.labels import check_labels
from features.contracts.transfers import check_transfers
from features.ledger import Ledger, Transfer
from features.ledger.arrivals import frame_of
from features.past import LabelEvents
from features.past.growing_labels import GrowingLabels

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

    Attributes
    ----------
    labels : Labels or None
        Checked.
    lock : Lock
        Held by whoever reads the ledger or its events, so that they do not change meanwhile.
    """

    def __init__(self, ledger: Ledger, labels: pd.DataFrame | None) -> None:
        self.ledger = ledger
        self.labels = None if labels is None else check_labels(labels, chain=ledger.chain)
        self.lock = threading.Lock()
        self._known = GrowingLabels(ledger, self.labels)

    @property
    def events(self) -> LabelEvents:
        """Labels as kernels read them, of the wallets that the ledger holds now."""
        return self._known.events

    def address(self, text: str) -> str:
        """Wallet as the ledger's chain spells it; raises AddressError for what is none there."""
        return canonical_one(text, self.ledger.chain)

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
