"""A node of any chain, opened."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from features.sources.follow.chain import Chain


class Node(NamedTuple):
    """A node that answers.

    Attributes
    ----------
    chain : Chain
    notes : sequence of str
        What a reader should know of all that it reads, a sentence each.
    asset : str or None
        What is read, in one spelling; None for all.
    left_out : mapping of str to int
        Grows as it is read: how much was left out, by reason.
    of_coins : bool
        Its blocks tell of CoinJoins and of wallets that spend together.
    """

    chain: Chain
    notes: Sequence[str]
    asset: str | None
    left_out: Mapping[str, int]
    of_coins: bool = False
