"""Clusters of wallets as of t: who spent together, and from when on that was to be seen."""

from features.clusters.clusters import Clusters
from features.clusters.spends import Spends

__all__ = ["Clusters", "Spends"]
