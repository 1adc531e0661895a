"""What the follower asks of a chain."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pandas as pd


class Block(NamedTuple):
    """One block of a chain.

    Attributes
    ----------
    number : int
    hash : str
    parent_hash : str
    frame : DataFrame
        Its transfers, as :func:`features.check_transfers` accepts them; may be empty.
    """

    number: int
    hash: str
    parent_hash: str
    frame: pd.DataFrame


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
