"""Tensors and the network of GraphSAGE; with ``graph_network`` all that needs torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch_geometric.nn import SAGEConv

from features.neighbourhood import Neighbourhoods

Float64 = NDArray[np.float64]
Edges = tuple[Tensor, Tensor]  # child to parent, int64 (2, edges): senders, recipients


class Batch(NamedTuple):
    """What the network reads of n rows.

    Attributes
    ----------
    own
        float64 (n, own width), scaled rows of the feature table.
    nodes
        float64 (m - n, node width), scaled numbers of the neighbours, the first hop first.
    n_inner
        Number of roots and first-hop nodes.
    near, far
        Edges into the roots, and into the first hop.
    """

    own: Tensor
    nodes: Tensor
    n_inner: int
    near: Edges
    far: Edges

    @classmethod
    def of(cls, own: Float64, nodes: Float64, trees: Neighbourhoods) -> Batch:
        """Arrange scaled values and their trees."""
        into_root = trees.parent < trees.n_rows
        return cls(
            torch.from_numpy(own),
            torch.from_numpy(nodes),
            trees.n_inner,
            _edges(trees, into_root),
            _edges(trees, ~into_root),
        )

    def coalition(self, members: int, typical: Float64) -> Batch:
        """Return the rows with only some of own row (bit 0), senders (1) and recipients (2).

        An absent own row is ``typical``; an absent side has no edge into the wallet.
        """
        own = self.own if members & 1 else torch.from_numpy(typical).expand_as(self.own)
        senders, recipients = (
            edges if members >> side & 1 else edges[:, :0]
            for side, edges in enumerate(self.near, start=1)
        )
        return self._replace(own=own, near=(senders, recipients))


class Network(nn.Module):
    """Two layers of mean aggregation by side, a head over what arrived and the own row.

    A linear term of the own row stands beside the head: on few labelled wallets it does most of
    the work, and the rest learns what it leaves.
    """

    def __init__(self, own_width: int, node_width: int, *, hidden: int, dropout: float) -> None:
        super().__init__()
        self.own = nn.Linear(own_width, hidden)
        self.node = nn.Linear(node_width, hidden)
        self.first, self.second = _Layer(hidden), _Layer(hidden)
        self.head = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(2 * hidden, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, 1),
        )
        self.line = nn.Linear(own_width, 1)
        self.dropout = nn.Dropout(dropout)
        self.double()

    def forward(self, batch: Batch) -> Tensor:
        """Return log-odds (n,)."""
        own = self.dropout(torch.relu(self.own(batch.own)))
        nodes = torch.cat([own, self.dropout(torch.relu(self.node(batch.nodes)))])
        senders, recipients = (
            torch.cat(edges, dim=1) for edges in zip(batch.near, batch.far, strict=True)
        )
        inner = self.dropout(self.first(nodes, batch.n_inner, (senders, recipients)))
        arrived = self.second(inner, len(own), batch.near)
        log_odds: Tensor = self.line(batch.own) + self.head(torch.cat([own, arrived], dim=1))
        return log_odds.squeeze(1)


class _Layer(nn.Module):
    """One convolution a side, summed; the first ``n_targets`` nodes receive."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.senders = SAGEConv(hidden, hidden)
        self.recipients = SAGEConv(hidden, hidden, root_weight=False)

    def forward(self, nodes: Tensor, n_targets: int, edges: Edges) -> Tensor:
        pair = (nodes, nodes[:n_targets])
        return torch.relu(self.senders(pair, edges[0]) + self.recipients(pair, edges[1]))


def balanced(y_true: NDArray[np.int8], weights: Float64) -> Tensor:
    """Return weights of rows (n,) under which both classes weigh the same.

    Their mix drifts from slice to slice, and calibration puts the prevalence back.
    """
    illicit = y_true == 1
    one, other = weights[illicit].sum(), weights[~illicit].sum()
    ratio = other / one if one > 0 and other > 0 else 1.0
    return torch.from_numpy(np.where(illicit, ratio * weights, weights))


def target(y_true: NDArray[np.int8]) -> Tensor:
    """Labels as the loss wants them."""
    return torch.from_numpy(y_true.astype(np.float64))


def _edges(trees: Neighbourhoods, chosen: NDArray[np.bool_]) -> Edges:
    senders, recipients = (np.flatnonzero(chosen & (trees.side == side)) for side in (0, 1))
    return (
        torch.from_numpy(np.stack([senders, trees.parent[senders]])),
        torch.from_numpy(np.stack([recipients, trees.parent[recipients]])),
    )


@contextmanager
def deterministic(seed: int) -> Iterator[None]:
    """One thread, deterministic kernels, a seed of its own; all is put back afterwards."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.use_deterministic_algorithms(strict)
        torch.set_num_threads(threads)
