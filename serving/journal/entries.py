"""What a journal hands to a ledger: its entries up to a number, as they take effect."""

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from serving.journal.facts import Facts


@dataclass(frozen=True, slots=True)
class Entries:
    """Retractions and transfers; the former come first, whatever was sent first.

    A transfer that a later retraction took back is not among the transfers, one that was sent again
    after it is. What is left of a retraction is that the ledger's own copy goes.

    Parameters
    ----------
    journal : Facts
        Whose they are; they begin after ``journal.folded``.
    until : int
        Number of the last entry.
    retracted : list of str
        Transactions that were retracted, each once.
    transfers : iterator of pyarrow.RecordBatch
        In the order they came, in pieces: the columns of :func:`features.check_transfers`.
    """

    journal: Facts
    until: int
    retracted: list[str]
    transfers: Iterator[pa.RecordBatch]
