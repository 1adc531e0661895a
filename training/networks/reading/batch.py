"""What a network reads of some rows, as tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.models.estimator import SIDES
from training.networks.layers import Edges

if TYPE_CHECKING:
    from features.subgraphs import Subgraphs

Float64 = NDArray[np.float64]
SEQUENCE = "sequence"  # the player that is no part of the graph
PLAYERS = ("own", *SIDES, "labels", SEQUENCE)  # what a score's reasons are of


class Values(NamedTuple):
    """Numbers beside the shape of the subgraphs of n rows, with m nodes and e transfers.

    Attributes
    ----------
    own
        float64 (n, width), scaled rows of the feature table.
    nodes
        float64 (m, width), scaled rows of the nodes.
    known
        float64 (m, 3): illicit known, licit known, age of what is known; roots 0.
    edges, ages
        float64 (e, width), scaled, and (e, times), logarithms of seconds; nan where undefined.
    steps, present
        float64 (n, length, width) and bool (n, length): the wallet's own latest transfers.
    """

    own: Float64
    nodes: Float64
    known: Float64
    edges: Float64
    ages: Float64
    steps: Float64
    present: NDArray[np.bool_]


class Batch(NamedTuple):
    """Rows as tensors; see :class:`Values`.

    Attributes
    ----------
    row
        int64 (m,), the row that a node belongs to.
    sizes
        Number of nodes in hop 0, in hops 0 and 1, ...
    sides
        Transfers from senders, and to recipients; their state is what they carry, scaled.
    ages
        Of the transfers of either side.
    """

    own: Tensor
    nodes: Tensor
    known: Tensor
    row: Tensor
    sizes: tuple[int, ...]
    sides: tuple[Edges, Edges]
    ages: tuple[Tensor, Tensor]
    steps: Tensor
    present: Tensor

    @classmethod
    def of(cls, values: Values, around: Subgraphs, dtype: torch.dtype) -> Batch:
        """Arrange numbers and the subgraphs that they are of."""

        def tensor(array: Float64) -> Tensor:
            return torch.from_numpy(array).to(dtype)

        sizes = tuple(around.hops[1:].tolist())
        chosen = [np.flatnonzero(around.side == side) for side in range(len(SIDES))]
        first, second = (
            Edges(
                torch.from_numpy(np.stack([around.child[some], around.parent[some]])),
                tensor(values.edges[some]),
                tuple(np.searchsorted(around.parent[some], sizes[:-1]).tolist()),
            )
            for some in chosen
        )
        ages = tensor(values.ages[chosen[0]]), tensor(values.ages[chosen[1]])
        return cls(
            tensor(values.own), tensor(values.nodes), tensor(values.known),
            torch.from_numpy(around.row), sizes,
            (first, second), ages, tensor(values.steps), torch.from_numpy(values.present),
        )  # fmt: skip

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.sizes[0]

    def tensors(self) -> list[Tensor]:
        """All tensors, in the order in which :meth:`with_tensors` takes them."""
        flat = [self.own, self.nodes, self.known, self.row, self.steps, self.present, *self.ages]
        return flat + [part for edges in self.sides for part in (edges.index, edges.state)]

    def with_tensors(self, flat: list[Tensor]) -> Batch:
        """Return the same rows with other tensors: on another device, or pinned."""
        own, nodes, known, row, steps, present, first_age, second_age, *parts = flat
        first = self.sides[0]._replace(index=parts[0], state=parts[1])
        second = self.sides[1]._replace(index=parts[2], state=parts[3])
        ages = first_age, second_age
        return Batch(own, nodes, known, row, self.sizes, (first, second), ages, steps, present)

    def told_by(self, player: str) -> NDArray[np.bool_]:
        """Return bool (n,), of which rows one of :data:`PLAYERS` tells anything."""
        if player == "own":
            return np.ones(self.n_rows, np.bool_)
        if player == SEQUENCE:
            return np.asarray(self.present.any(dim=1).numpy())
        if player == "labels":
            rows = self.row[self.known.any(dim=1)]
        else:
            edges = self.sides[player == "recipients"]
            rows = edges.index[1, : edges.ends[0] if edges.ends else 0]
        told: NDArray[np.bool_] = np.bincount(rows.numpy(), minlength=self.n_rows) > 0
        return told
