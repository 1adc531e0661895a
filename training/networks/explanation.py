"""Which of a wallet's transfers moved its score: what it says without each, all in one pass.

A transfer is taken out with what lies behind its other end, as if it had not been made. What the
score loses is shared out so that the transfers of a side add up to what the side contributes.

References
----------
Zeiler and Fergus, "Visualizing and understanding convolutional networks" (2014), section 4.2, for
taking out; Ying et al., "GNNExplainer" (2019), for edges as what a graph network is explained by.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from training.models.estimator import Told
from training.networks.batch import SIDES, Batch
from training.networks.coalitions import shared_out
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


def states_without(
    network: GraphNetwork, prepared: Prepared, inputs: GraphInputs
) -> tuple[Float64, Float64]:
    """Return states (n, 1 + width) of n rows, and (t, 1 + width) without each of ``inputs.told``.

    See :meth:`training.networks.network.GraphNetwork.states`.
    """
    parts = [(np.empty((0, 1 + network.width)),) * 2]
    for first in range(0, len(inputs), ROWS):
        some = inputs.take(np.arange(first, min(first + ROWS, len(inputs)))).drawn()
        batch = prepared.batch(some, some.around(), torch.float64)
        parts.append(_without_each(network, batch, some.told))
    whole, without = zip(*parts, strict=True)
    return np.concatenate(whole), np.concatenate(without)


def _without_each(network: GraphNetwork, batch: Batch, told: Told) -> tuple[Float64, Float64]:
    rank, encoder, n_rows = ranks_of(told.row), network.encoder, batch.n_rows
    copies = 1 + int(rank.max(initial=-1)) + 1  # the last has them all
    there = {"own": np.ones(copies, np.bool_), "labels": np.ones(copies, np.bool_)}
    for side, name in enumerate(SIDES):
        there[name] = np.arange(copies)[:, np.newaxis] != rank[told.side == side]
    wide = spread(batch, encoder.carried(batch), there)
    arrived = encoder.passed(*wide).reshape(copies, n_rows, -1)
    parts = [network.own(batch.own).expand(copies, -1, -1), arrived]
    parts += [one.expand(copies, -1, -1) for one in encoder.sequence(batch)]
    state = torch.cat(parts, dim=2)
    line = network.line(batch.own).expand(copies, -1, -1)
    found = torch.cat([line + network.head(state), state], dim=2).numpy()
    return found[-1], found[rank, told.row]


def sides_of(reasons: Sequence[str], contributions: Float64) -> Float64:
    """Return float64 (n, 2), the contributions of senders and recipients; 0 of one not read."""
    columns = np.column_stack([np.zeros(len(contributions)), contributions])
    return columns[:, [reasons.index(side) + 1 if side in reasons else 0 for side in SIDES]]


def shared_changes(told: Told, changes: Float64, totals: Float64) -> Float64:
    """Share out what sides contribute among their transfers, by what each changed.

    Parameters
    ----------
    told
        The transfers.
    changes
        float64 (t,), what the log-odds lose without each.
    totals
        float64 (n, 2), what senders and recipients contribute.

    Returns
    -------
    float64 array, shape (t,)
        Sums of a row and side are its total; see :func:`shared_out`.
    """
    shares = np.zeros(changes.size)
    for side in range(len(SIDES)):
        some = np.flatnonzero(told.side == side)
        row = told.row[some]
        place = ranks_of(row)
        wide = np.zeros((len(totals), 1 + int(place.max(initial=0))))
        wide[row, place] = changes[some]
        shares[some] = shared_out(wide, totals[:, side])[row, place]
    return shares
