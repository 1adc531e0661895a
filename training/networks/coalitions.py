"""A score taken apart: what a network says with only some of its players, and their shares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import factorial

import numpy as np
from numpy.typing import NDArray

from training.networks.batch import Batch

Float64 = NDArray[np.float64]


def coalitions(batch: Batch, players: Sequence[str]) -> Iterator[Batch]:
    """Yield the rows with only some players: bit i of the number says whether i is there."""
    for members in range(1 << len(players)):
        some = batch
        for at, player in enumerate(players):
            if not members >> at & 1:
                some = some.without(player)
        yield some


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
