"""Clusters at an instant, in plain Python: a twin of features/clusters."""

from collections.abc import Iterable, Sequence

Spend = tuple[int, Sequence[str]]  # time, wallets


def clusters(spends: Iterable[Spend], instant: int) -> dict[str, set[str]]:
    """The cluster of every wallet that spent with another before an instant."""
    found: dict[str, set[str]] = {}
    for time, wallets in spends:
        if time < instant:
            joined = set().union(*(found.get(wallet, {wallet}) for wallet in wallets))
            found |= dict.fromkeys(joined, joined)
    return found
