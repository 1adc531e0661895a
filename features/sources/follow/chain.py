"""What the follower asks of a chain."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from features.clusters import Spends


class Beside(NamedTuple):
    """What a block of coins tells beside its transfers, worked out when it is asked for.

    Attributes
    ----------
    tx_ids : sequence of str
        All of its transactions.
    labels : callable
        Labels of its CoinJoins, as :func:`features.check_labels` takes them.
    spends : callable
        Names of wallets, and spends of their codes, as :meth:`features.clusters.Clusters.append`
        takes them.
    """

    tx_ids: Sequence[str]
    labels: Callable[[], pd.DataFrame]
    spends: Callable[[], tuple[pa.LargeStringArray, Spends]]


class Block(NamedTuple):
    """One block of a chain.

    Attributes
    ----------
    number : int
    hash : str
    parent_hash : str
    frame : DataFrame
        Its transfers, as :func:`features.check_transfers` accepts them; may be empty.
    beside : Beside, optional
        Of chains of coins.
    """

    number: int
    hash: str
    parent_hash: str
    frame: pd.DataFrame
    beside: Beside | None = None


class Chain(NamedTuple):
    """A node, as the follower sees it.

    Attributes
    ----------
    name : str
        Of the chain.
    head : callable
        Number of the latest block.
    hash_at : callable
        Hash of the block of a number that is not above the head.
    blocks : callable
        Blocks from a number to another, both included, in order.
    """

    name: str
    head: Callable[[], int]
    hash_at: Callable[[int], str]
    blocks: Callable[[int, int], Iterator[Block]]
