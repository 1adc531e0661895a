"""Several networks of one kind that begin elsewhere, and what they say on average.

On few labelled wallets one fit differs from the next by more than most changes of a network bring.
What lies around a wallet is drawn once for all of them.

References
----------
Lakshminarayanan, Pritzel and Blundell, "Simple and scalable predictive uncertainty estimation using
deep ensembles" (2017), section 2.4: other initial weights and another order of the rows are enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from training.models.estimator import Explained
from training.models.graph_network import CHUNK, EXPLAINED, GraphEstimator
from training.networks.reading.prepared import drawn_if_few
from training.networks.reading.source import GraphInputs

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def seeds_of(seed: int, count: int) -> list[int]:
    """Return as many seeds, of which the first is the given one."""
    others = np.random.default_rng(seed).integers(2**31, size=count - 1)
    return [seed, *map(int, others)]


def fit_each(
    networks: Sequence[GraphEstimator],
    inputs: GraphInputs,
    y_true: NDArray[np.int8],
    weights: Float64,
    groups: Int64,
) -> None:
    """Teach every network from the same n rows, given the wallet of each."""
    drawn = drawn_if_few(inputs)
    for network in networks:
        network.fit_groups(drawn, y_true, weights, groups)


def mean_log_odds(networks: Sequence[GraphEstimator], inputs: GraphInputs) -> Float64:
    """Return raw log-odds (n,)."""
    parts = [
        np.mean([network.log_odds(drawn) for network in networks], axis=0)
        for drawn in _drawn(inputs, CHUNK)
    ]
    return np.concatenate([np.empty(0), *parts])


def mean_contributions(networks: Sequence[GraphEstimator], inputs: GraphInputs) -> Float64:
    """Return (n, reasons + 1), rows that sum to :func:`mean_log_odds`; the base is last."""
    parts = [
        np.mean([network.contributions(drawn) for network in networks], axis=0)
        for drawn in _drawn(inputs, EXPLAINED)
    ]
    return np.concatenate([np.empty((0, len(networks[0].reasons) + 1)), *parts])


def mean_explained(networks: Sequence[GraphEstimator], inputs: GraphInputs) -> Explained:
    """Return :func:`mean_contributions`, and mean log-odds without single transfers."""
    parts, first = [], 0
    for drawn in _drawn(inputs, EXPLAINED):
        told = [network.explained(drawn) for network in networks]
        contributions = np.mean([one.contributions for one in told], axis=0)
        without = np.mean([one.without for one in told], axis=0)
        parts.append(Explained(contributions, told[0].row + first, without))
        first += len(drawn)
    return Explained.joined(parts, len(networks[0].reasons))


def _drawn(inputs: GraphInputs, rows: int) -> Iterator[GraphInputs]:
    """Draw what lies around so many rows at a time: once for all networks."""
    return (some.drawn() for some in inputs.chunks(rows))
