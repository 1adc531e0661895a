"""A score taken apart: what a network says with only some of its players, and their shares."""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.networks.batch import SEQUENCE, Batch
from training.networks.network import GraphNetwork

Float64 = NDArray[np.float64]
SMALLEST = 1e-9  # log-odds; below, shares are rounding


def coalition_states(network: GraphNetwork, batch: Batch, players: Sequence[str]) -> Float64:
    """Return states (n, 2 ** len(players), 1 + width) of a batch with only some players.

    Bit i of a coalition's number says whether player i is there. Who tells nothing of any of the
    rows changes no state: each halves the number of those that are computed. The sequence is read
    apart from what arrives, twice in all.
    """
    telling = sum(batch.is_told_by(player) << at for at, player in enumerate(players))
    told = sum((player == SEQUENCE) << at for at, player in enumerate(players))
    sequence = {
        members: network.encoder.sequence(_with(batch, players, members))
        for members in {0, told & telling}
    }
    found: dict[int, Float64] = {}
    arrived: dict[int, Tensor] = {}
    for members in range(1 << len(players)):
        if members & telling == members:
            some = _with(batch, players, members)
            rest = members & ~told  # is met before the same with the sequence
            if rest == members:
                arrived[rest] = network.encoder.arrived(some)
            around = torch.cat([arrived[rest], *sequence[members & told]], dim=1)
            found[members] = network.headed(some.own, network.own(some.own), around).numpy()
    return np.stack([found[members & telling] for members in range(1 << len(players))], axis=1)


def contributions_of(network: GraphNetwork, batch: Batch, players: Sequence[str]) -> Float64:
    """Return Shapley values (n, len(players) + 1) of a batch, base last."""
    values = coalition_states(network, batch, players)[:, :, 0]
    return np.column_stack([shapley_values(values), values[:, 0]])


def shapley_values(values: Float64) -> Float64:
    """Return the Shapley values (n, players); column s of values (n, 2 ** players) is coalition s.

    References
    ----------
    Shapley, "A value for n-person games" (1953), equation 12.
    """
    players = values.shape[1].bit_length() - 1
    total = np.zeros((len(values), players))
    for player in range(players):
        for without in range(1 << players):
            if not without >> player & 1:
                others = without.bit_count()
                weight = factorial(others) * factorial(players - 1 - others) / factorial(players)
                total[:, player] += weight * (values[:, without | 1 << player] - values[:, without])
    return total


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


def _with(batch: Batch, players: Sequence[str], members: int) -> Batch:
    for at, player in enumerate(players):
        if not members >> at & 1:
            batch = batch.without(player)
    return batch
