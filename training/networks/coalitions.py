"""A score taken apart: what a network says with only some of its players, and their shares."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import factorial

import numpy as np
import torch
from numpy.typing import NDArray

from training.models.estimator import SIDES
from training.networks.batch import PLAYERS, SEQUENCE, Batch
from training.networks.network import GraphNetwork
from training.networks.spread import spread

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
SMALLEST = 1e-9  # log-odds; below, shares are rounding


def coalition_states(network: GraphNetwork, batch: Batch, players: Sequence[str]) -> Float64:
    """Return states (n, 2 ** len(players), 1 + width) of a batch with only some players.

    Bit i of a coalition's number says whether player i is there; who is no player always is. All
    are computed in one pass, and who tells nothing of a row changes nothing of it, to the last bit.
    """
    if not players:
        return network.states(batch).numpy()[:, np.newaxis]
    everyone = np.arange(1 << len(players))
    telling = np.zeros(batch.n_rows, np.int64)
    for at, player in enumerate(players):
        telling |= batch.told_by(player).astype(np.int64) << at
    some = everyone[everyone & ~np.bitwise_or.reduce(telling) == 0]
    column = np.zeros(everyone.size, np.int64)
    column[some] = np.arange(some.size)
    rows = np.arange(batch.n_rows)[:, np.newaxis]
    asked = column[everyone & telling[:, np.newaxis]]
    found: Float64 = _states(network, batch, players, some)[asked, rows]
    return found


def _states(network: GraphNetwork, batch: Batch, players: Sequence[str], some: Int64) -> Float64:
    """Return the states (len(some), n, 1 + width) of some coalitions."""
    there = {name: np.ones(some.size, np.bool_) for name in PLAYERS}
    there |= {player: (some >> at & 1).astype(np.bool_) for at, player in enumerate(players)}
    names, encoder = [name for name in PLAYERS if name != SEQUENCE], network.encoder
    graphs, which = np.unique([there[name] for name in names], axis=1, return_inverse=True)
    wide = spread(batch, encoder.carried(batch), _masks(names, graphs))
    arrived = encoder.passed(*wide).reshape(graphs.shape[1], batch.n_rows, -1)
    own, sequence = (torch.from_numpy(there[name])[:, None, None] for name in ("own", SEQUENCE))
    usual = torch.zeros_like(batch.own[:1])
    parts = [torch.where(own, network.own(batch.own), network.own(usual))]
    parts.append(arrived[torch.from_numpy(which)])
    parts += [torch.where(sequence, told, 0.0) for told in encoder.sequence(batch)]
    state = torch.cat(parts, dim=2)
    line = torch.where(own, network.line(batch.own), network.line(usual))
    found: Float64 = torch.cat([line + network.head(state), state], dim=2).numpy()
    return found


def _masks(names: Sequence[str], graphs: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
    masks = dict(zip(names, graphs, strict=True))
    return masks | {side: masks[side][:, np.newaxis] for side in SIDES}


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
    present, absent, weights = _game(values.shape[1].bit_length() - 1)
    shares: Float64 = (values[:, present] - values[:, absent]) @ weights
    return shares


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
