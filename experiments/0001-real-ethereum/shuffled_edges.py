"""The control of experiment 0001: a graph network whose rows have the neighbours of other rows.

What it says of a row depends on the rows beside it, so it is for comparison only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import numpy as np
import torch

from features.subgraphs import Subgraphs
from training.networks.batch import Batch
from training.networks.prepared import Prepared
from training.networks.source import Around, GraphInputs


def dealt(around: Subgraphs, seed: int) -> Subgraphs:
    """Deal the transfers of the roots, with what hangs on them, anew to the rows.

    Every row keeps its number of transfers in and out and gets those of other rows. A child is
    dealt as often as transfers lead to it, so that it may hang on several rows.
    """
    parent = around.parent.copy()
    generator = np.random.default_rng(seed)
    near = np.flatnonzero(parent < around.n_rows)
    child, values, transfer = around.child.copy(), around.values.copy(), around.transfer.copy()
    for side in (0, 1):
        some = near[around.side[near] == side]
        other = generator.permutation(some)
        child[some], values[some] = around.child[other], around.values[other]
        transfer[some] = around.transfer[other]
    return around._replace(child=child, values=values, transfer=transfer)


@contextmanager
def edges_shuffled(seed: int = 0) -> Iterator[None]:
    """Give graph networks, inside, transfers that are dealt to one another's rows, by batch.

    What was drawn once for all rows is cut into batches, which a neighbour of a row outside would
    not survive: so the dealing comes last.
    """
    real = Prepared.batch

    def shuffled(self: Prepared, inputs: GraphInputs, around: Around, dtype: torch.dtype) -> Batch:
        mixed = around._replace(subgraphs=dealt(around.subgraphs, seed))
        return real(self, inputs, mixed, dtype)

    with patch.object(Prepared, "batch", shuffled):
        yield
