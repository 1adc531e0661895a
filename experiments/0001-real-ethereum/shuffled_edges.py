"""The control of experiment 0001: a graph network whose rows have the neighbours of other rows.

What it says of a row depends on the rows beside it, so it is for comparison only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import torch

from training.networks.layers import Edges
from training.networks.network import Encoder
from training.networks.reading.batch import Batch


def dealt(
    edges: Edges, ages: torch.Tensor, generator: torch.Generator
) -> tuple[Edges, torch.Tensor]:
    """Deal the transfers of the roots of one side anew to the rows; the others stay.

    Every row keeps its number of transfers in and out and gets those of other rows. A child is
    dealt as often as transfers lead to it, so that it may hang on several rows.
    """
    order = torch.arange(edges.index.shape[1])
    near = edges.ends[0] if edges.ends else 0
    order[:near] = torch.randperm(near, generator=generator)
    index = torch.stack([edges.index[0, order], edges.index[1]])
    return edges._replace(index=index, state=edges.state[order]), ages[order]


@contextmanager
def edges_shuffled(seed: int = 0) -> Iterator[None]:
    """Give graph networks, inside, transfers that are dealt to one another's rows, by batch."""
    real = Encoder.arrived

    def shuffled(encoder: Encoder, batch: Batch) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        (first, early), (second, late) = (
            dealt(edges, ages, generator)
            for edges, ages in zip(batch.sides, batch.ages, strict=True)
        )
        return real(encoder, batch._replace(sides=(first, second), ages=(early, late)))

    with patch.object(Encoder, "arrived", shuffled):
        yield
