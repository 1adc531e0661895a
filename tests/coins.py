"""Transactions of coins for tests."""

from collections.abc import Sequence

from features.sources.bitcoin.collected import Collected, Spent
from features.sources.bitcoin.records import Records

Coin = tuple[str | None, int | None]
TIME = 1_548_400_000  # January 2019


def records(*transactions: tuple[Sequence[Coin], Sequence[Coin]], time: int = TIME) -> Records:
    """Records of (inputs, outputs), each of (owner, satoshi); their ids are 0, 1, ..."""
    found = Collected()
    for n, (inputs, outputs) in enumerate(transactions):
        spent, got = ([Spent(*coin) for coin in side] for side in (inputs, outputs))
        found.add(str(n), time + n, n, spent, got)
    return found.records()
