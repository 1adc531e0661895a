"""The control of experiment 0001: a graph network whose rows have the neighbours of other rows.

What it says of a row depends on the rows beside it, so it is for comparison only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
import torch

from features.kernel import Int64s
from features.subgraphs import Subgraphs
from training.networks.batch import Batch, Values


def order_of(around: Subgraphs, seed: int) -> Int64s:
    """Deal the transfers of the roots anew to the rows: an order (e,) of all transfers.

    Those of the roots change places within a side, the others keep theirs.
    """
    order = np.arange(len(around.parent))
    generator = np.random.default_rng(seed)
    near = np.flatnonzero(around.parent < around.n_rows)
    for side in (0, 1):
        some = near[around.side[near] == side]
        order[some] = generator.permutation(some)
    return order


def dealt(around: Subgraphs, order: Int64s) -> Subgraphs:
    """Put what hangs on transfers into another order; parents and sides stay.

    Every row keeps its number of transfers in and out and gets those of other rows. A child is
    dealt as often as transfers lead to it, so that it may hang on several rows.
    """
    child, values = around.child[order], around.values[order]
    return around._replace(child=child, values=values, transfer=around.transfer[order])


@contextmanager
def edges_shuffled(seed: int = 0) -> Iterator[None]:
    """Give graph networks, inside, transfers that are dealt to one another's rows, by batch.

    What was drawn once for all rows is cut into batches, which a neighbour of a row outside would
    not survive: so the dealing comes last, where training, scoring and pretraining make tensors.
    """
    real = Batch.of

    def shuffled(values: Values, around: Subgraphs, dtype: torch.dtype) -> Batch:
        order = order_of(around, seed)
        mixed = values._replace(edges=values.edges[order], ages=values.ages[order])
        return real(mixed, dealt(around, order), dtype)

    with patch.object(Batch, "of", shuffled):
        yield
