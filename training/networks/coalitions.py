"""A score taken apart: what a network says with only some of its players, and their shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import factorial

import numpy as np
from numpy.typing import NDArray

from training.networks.batch import Batch
from training.networks.network import GraphNetwork

Float64 = NDArray[np.float64]


def coalitions(batch: Batch, players: Sequence[str]) -> Iterator[Batch]:
    """Yield the rows with only some players: bit i of the number says whether i is there."""
    for members in range(1 << len(players)):
        some = batch
        for at, player in enumerate(players):
            if not members >> at & 1:
                some = some.without(player)
        yield some


def contributions_of(network: GraphNetwork, batch: Batch, players: Sequence[str]) -> Float64:
    """Return Shapley values (n, len(players) + 1) of a batch, base last.

    Who tells nothing of any of the rows takes part in no coalition: each halves their number.
    """
    telling = [player for player in players if batch.is_told_by(player)]
    values = np.stack([network(one).numpy() for one in coalitions(batch, telling)], axis=1)
    parts = np.zeros((batch.n_rows, len(players) + 1))
    for at, player in enumerate(telling):
        parts[:, players.index(player)] = shapley(values, at, len(telling))
    parts[:, -1] = values[:, 0]
    return parts


def shapley(values: Float64, player: int, players: int) -> Float64:
    """Return the Shapley value (n,) of a player; column s of values is coalition s.

    References
    ----------
    Shapley, "A value for n-person games" (1953), equation 12.
    """
    total = np.zeros(len(values))
    for without in range(1 << players):
        if not without >> player & 1:
            others = without.bit_count()
            weight = factorial(others) * factorial(players - 1 - others) / factorial(players)
            total += weight * (values[:, without | 1 << player] - values[:, without])
    return total
