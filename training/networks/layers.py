"""Layers of message passing over transfers, one module a kind; all read what a transfer carries.

A transfer (child to parent) has a state of its own width, and messages combine it with the state
of the child. See the references of each class; the
convolutions are those of PyTorch Geometric, or made with its aggregations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch_geometric.nn import GATv2Conv, GINEConv, MessagePassing
from torch_geometric.nn.aggr import DegreeScalerAggregation

HEADS = 4
AGGREGATORS = ("mean", "min", "max", "std")
SCALERS = ("identity", "amplification", "attenuation")


class Edges(NamedTuple):
    """Transfers of one side, into the nodes of all hops but the last.

    Attributes
    ----------
    index
        int64 (2, e): child and parent, sorted by parent.
    state
        float (e, width).
    ends
        Number of those whose parent is in hop 0, in hops 0 and 1, ...
    """

    index: Tensor  # type: ignore[assignment]  # a count of tuples is not asked for
    state: Tensor
    ends: tuple[int, ...]

    def into(self, hops: int) -> Edges:
        """Return those whose parent is in one of the first ``hops`` hops."""
        end = self.ends[hops - 1]
        return Edges(self.index[:, :end], self.state[:end], self.ends[:hops])


class Sage(MessagePassing):  # type: ignore[misc]
    """Mean of what children and transfers say.

    References
    ----------
    Hamilton, Ying and Leskovec, "Inductive representation learning on large graphs" (2017),
    algorithm 1, mean aggregator; the transfer's state is added to the message before its
    non-linearity, as in GINE.
    """

    def __init__(self, width: int) -> None:
        super().__init__(aggr="mean")
        self.of_child = nn.Linear(width, width)
        self.of_mean = nn.Linear(width, width, bias=False)

    def forward(self, nodes: tuple[Tensor, Tensor], index: Tensor, state: Tensor) -> Tensor:
        """Return (targets, width)."""
        said = self.of_child(nodes[0])
        arrived = self.propagate(index, x=(said, nodes[1]), edge_attr=state)
        mean: Tensor = self.of_mean(arrived)
        return mean

    def message(self, x_j: Tensor, edge_attr: Tensor) -> Tensor:
        """Combine child and transfer."""
        return torch.relu(x_j + edge_attr)


class Attention(nn.Module):
    """Sum of children, weighed by what parent, child and transfer say together.

    References
    ----------
    Brody, Alon and Yahav, "How attentive are graph attention networks?" (2022), equation 7.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        heads = HEADS if width % HEADS == 0 else 1
        self.conv = GATv2Conv(
            width, width // heads, heads=heads, edge_dim=width, add_self_loops=False
        )

    def forward(self, nodes: tuple[Tensor, Tensor], index: Tensor, state: Tensor) -> Tensor:
        """Return (targets, width)."""
        arrived: Tensor = self.conv(nodes, index, state)
        return arrived


class Gine(nn.Module):
    """Sum of children with their transfers, through a perceptron.

    References
    ----------
    Hu et al., "Strategies for pre-training graph neural networks" (2020), section 5 (GINE); Xu et
    al., "How powerful are graph neural networks?" (2019), for the sum.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        inside = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
        self.conv = GINEConv(inside, train_eps=True)

    def forward(self, nodes: tuple[Tensor, Tensor], index: Tensor, state: Tensor) -> Tensor:
        """Return (targets, width)."""
        arrived: Tensor = self.conv(nodes, index, state)
        return arrived


class Pna(MessagePassing):  # type: ignore[misc]
    """Mean, least, greatest and spread of messages, each as it is and scaled by their number.

    References
    ----------
    Corso et al., "Principal neighbourhood aggregation for graph nets" (2020), equations 5 to 8.
    """

    def __init__(self, width: int) -> None:
        super().__init__(
            aggr=DegreeScalerAggregation(
                list(AGGREGATORS), list(SCALERS), deg=torch.tensor([0, 1]), train_norm=False
            )
        )
        self.of_child = nn.Linear(width, width)
        self.of_parent = nn.Linear(width, width, bias=False)
        self.of_all = nn.Linear(len(AGGREGATORS) * len(SCALERS) * width, width)

    def learn_degrees(self, degrees: Tensor) -> None:
        """Take from int64 (n,) numbers of messages what is usual; saved with the weights."""
        self.aggr_module.avg_deg_lin.fill_(degrees.double().mean().item())
        self.aggr_module.avg_deg_log.fill_(torch.log1p(degrees.double()).mean().item())

    def forward(self, nodes: tuple[Tensor, Tensor], index: Tensor, state: Tensor) -> Tensor:
        """Return (targets, width)."""
        said = self.of_child(nodes[0]), self.of_parent(nodes[1])
        arrived = self.propagate(index, x=said, edge_attr=state)
        combined: Tensor = self.of_all(arrived)
        return combined

    def message(self, x_i: Tensor, x_j: Tensor, edge_attr: Tensor) -> Tensor:
        """Combine parent, child and transfer."""
        return torch.relu(x_i + x_j + edge_attr)


CONVOLUTIONS: dict[str, Callable[[int], nn.Module]] = {
    "graphsage": Sage,
    "gatv2": Attention,
    "gine": Gine,
    "pna": Pna,
}
UPDATES_EDGES = frozenset({"gine"})


class Layer(nn.Module):
    """One step of messages towards the roots; senders and recipients by convolutions of their own.

    A node's new state is its old one and what arrived, normalised. Of some kinds the transfers'
    states are renewed too, from both ends: the edge updates of Egressy et al., "Provably powerful
    graph neural networks for directed multigraphs" (2024), section 3.
    """

    def __init__(self, kind: str, width: int, dropout: float, *, last: bool) -> None:
        super().__init__()
        self.own = nn.Linear(width, width)
        self.senders, self.recipients = (CONVOLUTIONS[kind](width) for _ in range(2))
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.renew = (
            nn.Sequential(nn.Linear(3 * width, width), nn.ReLU(), nn.Linear(width, width))
            if kind in UPDATES_EDGES and not last
            else None
        )

    def forward(
        self, nodes: Tensor, n_targets: int, sides: tuple[Edges, Edges]
    ) -> tuple[Tensor, tuple[Edges, Edges]]:
        """Return states (n_targets, width) of the first nodes, and the transfers renewed."""
        targets = nodes[:n_targets]
        arrived = self.own(targets)
        for convolution, edges in zip((self.senders, self.recipients), sides, strict=True):
            arrived = arrived + convolution((nodes, targets), edges.index, edges.state)
        after: Tensor = self.norm(targets + self.dropout(torch.relu(arrived)))
        if self.renew is not None:
            first, second = (_renewed(self.renew, nodes, after, edges) for edges in sides)
            sides = first, second
        return after, sides


def _renewed(renew: nn.Module, nodes: Tensor, after: Tensor, edges: Edges) -> Edges:
    """Renew the states of those that the next layer reads: all but those into its last hop."""
    edges = edges.into(len(edges.ends) - 1)
    child, parent = edges.index
    ends = torch.cat([nodes[child], after[parent], edges.state], dim=1)
    return edges._replace(state=edges.state + renew(ends))
