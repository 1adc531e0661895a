"""Shares of a score: exact Shapley values of what a network says with only some of its players."""

from __future__ import annotations

from functools import cache
from math import factorial

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
SMALLEST = 1e-9  # log-odds; below, shares are rounding


def shapley_values(values: Float64) -> Float64:
    """Return Shapley values (n, players + 1), the base last.

    Parameters
    ----------
    values
        float64 (n, 2 ** players), of a coalition each: bit i says whether player i is there.

    References
    ----------
    Shapley, "A value for n-person games" (1953), equation 12.
    """
    present, absent, weights = _game(values.shape[1].bit_length() - 1)
    shares = (values[:, present] - values[:, absent]) @ weights
    return np.column_stack([shares, values[:, 0]])


@cache
def _game(players: int) -> tuple[Int64, Int64, Float64]:
    """Return coalitions with and without each player (players, 2 ** (players - 1)), and weights.

    The weights are of the second axis: those who are there without the player are as many for all.
    """
    some = np.arange(1 << players >> 1)
    bit = np.arange(players)[:, np.newaxis]
    below = some & (1 << bit) - 1
    absent = (some - below << 1) + below  # a place is made for the player's bit
    others = [member.bit_count() for member in some.tolist()]
    weights = [factorial(n) * factorial(players - 1 - n) / factorial(players) for n in others]
    return absent | 1 << bit, absent, np.array(weights)


def shared_out(shares: Float64, total: Float64) -> Float64:
    """Change shares (n, players) so that each row sums to its total (n,).

    What is missing, or too much, goes to each player by the size of its share: one without any
    stays so, and no share moves by more than what is missing. Where all are without, it is the
    first player's.

    Notes
    -----
    Of all shares with that sum the nearest ones, squares counted by the inverse of a share's size.
    A proportional rule, as of Chen, Lundberg and Lee, "Explaining a series of models by propagating
    Shapley values" (2022), would divide by the sum of the shares, which may be near zero where they
    are large; equal parts (Ruiz et al., "The family of least square values for transferable utility
    games", 1998) would give something to players that told nothing.
    """
    missing = total - shares.sum(axis=1)
    sizes = np.abs(shares)
    sizes[sizes.sum(axis=1) < SMALLEST, 0] = 1.0
    moved: Float64 = missing[:, np.newaxis] * sizes / sizes.sum(axis=1, keepdims=True)
    return shares + moved
