"""What a network says without parts of what it reads, and without single transfers: in one pass.

A transfer is taken out of what arrives at the wallet, with what lies behind its other end; the
wallet's own row and sequence stay as they are.

References
----------
Zeiler and Fergus, "Visualizing and understanding convolutional networks" (2014), section 4.2, for
taking out; Ying et al., "GNNExplainer" (2019), for edges as what a graph network is explained by.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from training.models.estimator import SIDES, Told
from training.networks.explaining.spread import spread
from training.networks.network import GraphNetwork
from training.networks.reading.batch import PLAYERS, SEQUENCE, Batch

Bools = NDArray[np.bool_]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
NONE_TOLD = Told(np.empty(0, np.int64), np.empty(0, np.int8), np.empty(0, np.int64))


class TakenApart(NamedTuple):
    """States of n rows, as of :meth:`training.networks.network.GraphNetwork.states`.

    Attributes
    ----------
    coalitions
        float64 (n, 2 ** players, 1 + width). Bit i of a coalition's number says whether player i is
        there; who is no player always is.
    row
        int64 (t,), ascending: of which row a transfer is taken out.
    without
        float64 (t, 1 + width), without it.
    """

    coalitions: Float64
    row: Int64
    without: Float64


def taken_apart(
    network: GraphNetwork, batch: Batch, players: Sequence[str], told: Told = NONE_TOLD
) -> TakenApart:
    """Return the states of a batch with only some players, and without each of ``told``.

    Who tells nothing of a row changes nothing of it, to the last bit.
    """
    everyone = np.arange(1 << len(players))
    telling = np.zeros(batch.n_rows, np.int64)
    for at, player in enumerate(players):
        telling |= batch.told_by(player).astype(np.int64) << at
    some = everyone[everyone & ~np.bitwise_or.reduce(telling) == 0]
    column = np.zeros(everyone.size, np.int64)
    column[some] = np.arange(some.size)
    asked = column[everyone & telling[:, np.newaxis]]
    there = {name: np.ones(some.size, np.bool_) for name in PLAYERS}
    there |= {player: (some >> at & 1).astype(np.bool_) for at, player in enumerate(players)}
    found = _states(network, batch, there, told)
    rows = np.arange(batch.n_rows)[:, np.newaxis]
    return TakenApart(found[asked, rows], told.row, found[some.size + ranks_of(told.row), told.row])


def ranks_of(rows: Int64) -> Int64:
    """Return the place of each among those of the same row; rows ascend."""
    return np.arange(rows.size) - np.searchsorted(rows, rows)


def _states(network: GraphNetwork, batch: Batch, there: dict[str, Bools], told: Told) -> Float64:
    """Return states (c + copies, n, 1 + width): coalitions, then copies that lack a transfer each.

    ``there`` is bool (c,) of each player; copy i is without the i-th transfer of each row.
    """
    encoder, rank = network.encoder, ranks_of(told.row)
    names = [name for name in PLAYERS if name != SEQUENCE]
    graphs, which = np.unique([there[name] for name in names], axis=1, return_inverse=True)
    copies = np.arange(1 + rank.max(initial=-1))
    whole = np.ones(copies.size, np.bool_)
    masks = dict(zip(names, graphs, strict=True))
    for side, name in enumerate(SIDES):
        lacks = copies[:, np.newaxis] == rank[told.side == side]
        mask = masks[name][:, np.newaxis]
        masks[name] = mask if not copies.size else np.concatenate(
            [np.repeat(mask, lacks.shape[1], axis=1), ~lacks]
        )  # fmt: skip
    masks |= {name: np.append(masks[name], whole) for name in ("own", "labels")}
    wide = spread(batch, encoder.carried(batch), masks)
    arrived = encoder.passed(*wide).reshape(masks["own"].size, batch.n_rows, -1)
    own, sequence = (
        torch.from_numpy(np.append(there[name], whole))[:, None, None] for name in ("own", SEQUENCE)
    )
    usual = torch.zeros_like(batch.own[:1])
    parts = [torch.where(own, network.own(batch.own), network.own(usual))]
    parts.append(arrived[torch.from_numpy(np.append(which, graphs.shape[1] + copies))])
    parts += [torch.where(sequence, said, 0.0) for said in encoder.sequence(batch)]
    state = torch.cat(parts, dim=2)
    line = torch.where(own, network.line(batch.own), network.line(usual))
    found: Float64 = torch.cat([line + network.head(state), state], dim=2).numpy()
    return found
