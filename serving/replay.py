"""A journal's entries go into a ledger: at a start into the one in memory, else into the folder's.

The ledger wins: where it holds a transfer with other content, its own stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from features.ledger import Ledger
from features.ledger.arrivals import Conflict
from serving.journal import Entries


class Changing(Protocol):
    """What puts changes into a ledger: the ledger itself, or who keeps others out meanwhile."""

    def insert(self, new: pd.DataFrame) -> None:
        """Add checked transfers."""

    def retract(self, tx_ids: Sequence[str]) -> int:
        """Take back transactions; returns how many transfers that were."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of the entries.

    Parameters
    ----------
    added : int
        Transfers that the ledger did not hold.
    taken_back : int
        Transfers that it held, and that were retracted.
    conflicts : list of Conflict
        Transfers that it holds with other content; they are not in it.
    """

    added: int
    taken_back: int
    conflicts: list[Conflict]


def replay(entries: Entries, ledger: Ledger, into: Changing) -> Replayed:
    """Put a journal's entries into a ledger.

    Raises
    ------
    RiskError
        The transfers do not fit what the ledger holds, or break their contract.
    JournalError
        The journal cannot be read.
    """
    held = [tx_id for tx_id in entries.retracted if ledger.rows(tx_id)]
    taken_back = into.retract(held) if held else 0
    added, conflicts = 0, []
    for transfers in entries.transfers:
        new, contradicted = ledger.sort_out(transfers.to_pandas())
        into.insert(new)
        added += len(new)
        conflicts += contradicted
    return Replayed(added, taken_back, conflicts)
