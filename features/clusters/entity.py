"""The entity of a wallet as of an instant, in a ledger."""

from typing import NamedTuple

import numpy as np

from features.clusters.clusters import Clusters
from features.clusters.contraction import transfers_before
from features.kernel import Int32s
from features.ledger.state import State

# a cluster of more is a service's, as a rule: its wallet is scored alone, and the answer says so
MOST_WALLETS = 1_000
MOST_TRANSFERS = 20_000  # a row reads the latest 10,000 of each side


class Entity(NamedTuple):
    """Wallets that are taken for one owner's, as of an instant.

    Attributes
    ----------
    codes : int32 array, shape (n,)
        Of those that had transfers, by name, for :func:`features.clusters.contraction.contracted`;
        the wallet's own, or -1, where none had, or where they are too many.
    wallets : int
        How many there are, with transfers or without.
    names : list of str
        All, in order; of the wallet alone where there are too many.
    whole : bool
        False: there are more than ``MOST_WALLETS`` or ``MOST_TRANSFERS``, and ``codes`` is of the
        wallet alone.
    """

    codes: Int32s
    wallets: int
    names: list[str]
    whole: bool

    @property
    def code(self) -> int:
        """Of the wallet that stands for all."""
        return int(self.codes[0])


def entity_of(clusters: Clusters, ledger: State, wallet: str, instant: int) -> Entity:
    """The entity of a wallet, by the merges and transfers before an instant.

    Parameters
    ----------
    clusters : Clusters
    ledger : State
    wallet : str
        In the ledger's spelling.
    instant : int, microseconds since 1970 UTC
    """
    alone = np.array([ledger.code(wallet)], dtype=np.int32)
    size = clusters.size(wallet, instant)
    if size > MOST_WALLETS:
        return Entity(alone, size, [wallet], whole=False)
    names = clusters.members(wallet, instant) if size > 1 else [wallet]
    codes = alone if size == 1 else ledger.codes(names)
    codes = codes[codes >= 0]
    transfers = transfers_before(ledger, codes, instant)
    if int(transfers.sum()) > MOST_TRANSFERS and codes.size > 1:
        return Entity(alone, size, [wallet], whole=False)
    moved = codes[transfers > 0]
    return Entity(moved if moved.size else alone, size, names, whole=True)
