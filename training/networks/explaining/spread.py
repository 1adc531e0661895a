"""One batch as several: for each coalition of what is read of the rows, in one pass of a network.

What arrives at a wallet passes a tree of transfers. A coalition without the own row or one of the
sides differs at the root and at the transfers into it alone; one without labels in all nodes. So
roots are copied once a coalition and what lies behind them once for each answer to whether labels
are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.networks.layers import Edges
from training.networks.reading.batch import Batch

Bools = NDArray[np.bool_]
Int64 = NDArray[np.int64]


class Spread(NamedTuple):
    """What :meth:`training.networks.network.Encoder.passed` takes, of c coalitions of n rows.

    Attributes
    ----------
    nodes, known
        (m, columns); the first c x n are the rows' own wallets, coalition by coalition.
    sizes
        Number of nodes in hop 0, in hops 0 and 1, ...
    sides
        Transfers from senders, and to recipients.
    """

    nodes: Tensor
    known: Tensor
    sizes: tuple[int, ...]
    sides: tuple[Edges, Edges]


class _Places(NamedTuple):
    """Where copies of a node behind the roots are: ``first + copy * step``."""

    first: Int64
    step: Int64

    def __call__(self, nodes: Int64, copies: Int64) -> Int64:
        """Return int64 (copies, nodes)."""
        return self.first[nodes] + copies[:, np.newaxis] * self.step[nodes]


def spread(batch: Batch, sides: tuple[Edges, Edges], there: Mapping[str, Bools]) -> Spread:
    """Copy a batch for c coalitions.

    Parameters
    ----------
    batch
        n rows.
    sides
        Its transfers, in the states that layers read.
    there
        In which coalitions each is: of ``own`` and ``labels`` bool (c,); of ``senders`` and
        ``recipients`` bool (c, transfers of that side into roots), or (c, 1) for all of them.
    """
    rows, labels = np.arange(batch.n_rows), there["labels"]
    kinds = np.unique(labels)
    copy_of = np.searchsorted(kinds, labels)
    source, told = [np.tile(rows, labels.size)], [np.repeat(labels, rows.size)]
    sizes, steps, first = [labels.size * rows.size], [0] * rows.size, [rows]
    for begin, end in pairwise(batch.sizes):
        hop = np.arange(end - begin)
        source.append(np.tile(begin + hop, kinds.size))
        told.append(np.repeat(kinds, hop.size))
        first.append(sizes[-1] + hop)
        steps += [hop.size] * hop.size
        sizes.append(sizes[-1] + kinds.size * hop.size)
    places = _Places(np.concatenate(first), np.array(steps, np.int64))
    chosen = torch.from_numpy(np.concatenate(source))
    nodes, known = batch.nodes[chosen], batch.known[chosen]
    nodes[: sizes[0]] *= torch.from_numpy(np.repeat(there["own"], rows.size))[:, None]
    known *= torch.from_numpy(np.concatenate(told))[:, None]
    copied = [
        _copied(edges, places, there[name], copy_of, rows.size)
        for edges, name in zip(sides, ("senders", "recipients"), strict=True)
    ]
    return Spread(nodes, known, tuple(sizes), (copied[0], copied[1]))


def _copied(edges: Edges, places: _Places, there: Bools, copy_of: Int64, rows: int) -> Edges:
    """Copy the transfers of a side: those into roots for the coalitions where they are ``there``.

    ``copy_of`` says which copy of the nodes behind its root a coalition reads.
    """
    if not edges.ends:
        return edges
    child, parent = edges.index.numpy()
    copies = int(copy_of.max()) + 1
    coalition, near = np.nonzero(np.broadcast_to(there, (len(there), edges.ends[0])))
    which = [near]
    into = [coalition * rows + parent[near]]
    out_of = [places.first[child[near]] + copy_of[coalition] * places.step[child[near]]]
    ends = [near.size]
    for begin, end in pairwise(edges.ends):
        far = np.arange(begin, end)
        which.append(np.tile(far, copies))
        into.append(places(parent[far], np.arange(copies)))
        out_of.append(places(child[far], np.arange(copies)))
        ends.append(ends[-1] + which[-1].size)
    index = np.stack([np.concatenate([part.ravel() for part in one]) for one in (out_of, into)])
    state = edges.state[torch.from_numpy(np.concatenate(which))]
    return Edges(torch.from_numpy(index), state, tuple(ends))
