"""Clusters of few wallets, from who spent together when."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from features.clusters import Clusters, Spends

Spend = tuple[int, Sequence[str]]  # microseconds, wallets


def add(clusters: Clusters, spends: dict[str, Spend]) -> int:
    """Append spends by their ids."""
    names = sorted({wallet for _, wallets in spends.values() for wallet in wallets})
    codes = [names.index(wallet) for _, wallets in spends.values() for wallet in wallets]
    ends = np.cumsum([0, *(len(wallets) for _, wallets in spends.values())])
    made = Spends(
        pa.array(list(spends), pa.large_string()),
        np.array([time for time, _ in spends.values()], dtype=np.int64),
        ends.astype(np.int64),
        np.array(codes, dtype=np.int32),
    )
    return clusters.append(names, made)


def made(*spends: Spend) -> Clusters:
    clusters = Clusters()
    add(clusters, {str(n): spend for n, spend in enumerate(spends)})
    return clusters
