"""A batch of all rows, held while a network learns, and mini-batches cut out of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.networks.layers import Edges
from training.networks.reading.batch import Batch

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class HeldBatch:
    """Tensors of n rows, drawn and scaled once, however many epochs read them.

    Parameters
    ----------
    batch
        All rows.
    nodes
        Of each hop int64 (n + 1,): where the nodes of a row begin.
    edges
        The same of the transfers of each side into the nodes of each hop but the last.
    """

    batch: Batch
    nodes: tuple[Int64, ...]
    edges: tuple[tuple[Int64, ...], ...]

    @classmethod
    def of(cls, batch: Batch) -> Self:
        """Find the rows' places: nodes are sorted by hop and row, transfers by their parent."""
        row, every = batch.row.numpy(), np.arange(batch.n_rows + 1)

        def begins(rows: Int64, ends: tuple[int, ...]) -> tuple[Int64, ...]:
            return tuple(
                first + np.searchsorted(rows[first:last], every)
                for first, last in pairwise((0, *ends))
            )

        sides = tuple(begins(row[edges.index[1].numpy()], edges.ends) for edges in batch.sides)
        return cls(batch, begins(row, batch.sizes), sides)

    def take(self, rows: Int64) -> Batch:
        """Return some rows with the bits that they would have by themselves; ``rows`` ascends."""
        whole, asked = self.batch, torch.from_numpy(rows)
        counts = [begin[rows + 1] - begin[rows] for begin in self.nodes]
        sizes = tuple(np.cumsum([int(count.sum()) for count in counts]).tolist())
        places = [
            _ranges(begin[rows], count) for begin, count in zip(self.nodes, counts, strict=True)
        ]
        moved = [
            np.cumsum(count) - count + first - begin[rows]
            for count, first, begin in zip(counts, (0, *sizes), self.nodes, strict=False)
        ]
        chosen = torch.from_numpy(np.concatenate(places))
        first, second = (self._side(side, rows, moved) for side in range(len(self.edges)))
        return Batch(
            whole.own[asked], whole.nodes[chosen], whole.known[chosen],
            torch.from_numpy(np.concatenate([np.repeat(np.arange(len(rows)), n) for n in counts])),
            sizes, (first[0], second[0]), (first[1], second[1]), whole.steps[asked],
            whole.present[asked],
        )  # fmt: skip

    def _side(self, side: int, rows: Int64, moved: list[Int64]) -> tuple[Edges, Tensor]:
        """Return the transfers of a side, and their times; nodes have moved by so much."""
        begins, edges = self.edges[side], self.batch.sides[side]
        counts = [begin[rows + 1] - begin[rows] for begin in begins]
        ends = tuple(np.cumsum([int(count.sum()) for count in counts], dtype=np.int64).tolist())
        none = np.empty(0, np.int64)
        places = [_ranges(begin[rows], count) for begin, count in zip(begins, counts, strict=True)]
        chosen = torch.from_numpy(np.concatenate([none, *places]))
        by = [
            np.concatenate([none, *(np.repeat(m, n) for m, n in zip(some, counts, strict=True))])
            for some in (moved[1:], moved[:-1])  # a child is one hop further than its parent
        ]
        index = edges.index[:, chosen] + torch.from_numpy(np.stack(by))
        return Edges(index, edges.state[chosen], ends), self.batch.ages[side][chosen]


def _ranges(first: Int64, counts: Int64) -> Int64:
    """Return ``first[i], first[i] + 1, ...``, ``counts[i]`` of them, one after the other."""
    begins = np.repeat(first - (np.cumsum(counts) - counts), counts)
    ranges: Int64 = np.arange(len(begins)) + begins
    return ranges
