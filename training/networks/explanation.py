"""Which of a wallet's transfers moved its score: what it says without each, all in one pass.

A transfer is taken out of what arrives at the wallet, with what lies behind its other end; the
wallet's own row and sequence stay as they are.

References
----------
Zeiler and Fergus, "Visualizing and understanding convolutional networks" (2014), section 4.2, for
taking out; Ying et al., "GNNExplainer" (2019), for edges as what a graph network is explained by.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from training.models.estimator import SIDES, Told
from training.networks.batch import Batch
from training.networks.network import GraphNetwork
from training.networks.prepared import Prepared
from training.networks.source import GraphInputs
from training.networks.spread import spread

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
ROWS = 64  # taken apart at once: bounds memory


def ranks_of(rows: Int64) -> Int64:
    """Return the place of each among those of the same row; rows ascend."""
    return np.arange(rows.size) - np.searchsorted(rows, rows)


def states_without(network: GraphNetwork, prepared: Prepared, inputs: GraphInputs) -> Float64:
    """Return states (t, 1 + width) of rows without each of ``inputs.told``.

    See :meth:`training.networks.network.GraphNetwork.states`.
    """
    parts = [np.empty((0, 1 + network.width))]
    for first in range(0, len(inputs), ROWS):
        some = inputs.take(np.arange(first, min(first + ROWS, len(inputs)))).drawn()
        batch = prepared.batch(some, some.around(), torch.float64)
        parts.append(_without_each(network, batch, some.told))
    return np.concatenate(parts)


def _without_each(network: GraphNetwork, batch: Batch, told: Told) -> Float64:
    rank, encoder, n_rows = ranks_of(told.row), network.encoder, batch.n_rows
    copies = 1 + int(rank.max(initial=0))
    there = {"own": np.ones(copies, np.bool_), "labels": np.ones(copies, np.bool_)}
    for side, name in enumerate(SIDES):
        there[name] = np.arange(copies)[:, np.newaxis] != rank[told.side == side]
    wide = spread(batch, encoder.carried(batch), there)
    arrived = encoder.passed(*wide).reshape(copies, n_rows, -1)
    parts = [network.own(batch.own).expand(copies, -1, -1), arrived]
    parts += [one.expand(copies, -1, -1) for one in encoder.sequence(batch)]
    state = torch.cat(parts, dim=2)
    line = network.line(batch.own).expand(copies, -1, -1)
    found: Float64 = torch.cat([line + network.head(state), state], dim=2).numpy()
    return found[rank, told.row]
