"""The control of experiment 0001: a graph network whose rows have the neighbours of other rows.

What it says of a row depends on the rows beside it, so it is for comparison only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pandas as pd

from features import Ledger
from features.kernel import Float64s
from features.neighbourhood import Neighbourhoods
from training.models.graph_network import GraphInputs, GraphSageEstimator


def dealt(trees: Neighbourhoods, seed: int) -> Neighbourhoods:
    """Deal first-hop nodes, with what hangs on them, anew to the rows.

    Every row keeps its number of senders and of recipients and gets those of other rows.
    """
    parent, row = trees.parent.copy(), trees.row.copy()
    generator = np.random.default_rng(seed)
    first_hop = np.arange(trees.n_rows, trees.n_inner)
    for side in (0, 1):
        nodes = first_hop[trees.side[first_hop] == side]
        parent[nodes] = parent[generator.permutation(nodes)]
    row[first_hop] = parent[first_hop]
    row[trees.n_inner :] = row[parent[trees.n_inner :]]
    return trees._replace(parent=parent, row=row)


class ShuffledEdges(GraphSageEstimator):
    """GraphSAGE on neighbours that are dealt to one another's rows."""

    def inputs(self, features: Float64s, ledger: Ledger, spine: pd.DataFrame) -> GraphInputs:
        """Collect the neighbourhoods of some rows and deal them."""
        given = super().inputs(features, ledger, spine)
        return replace(given, trees=dealt(given.trees, self.seed))


@contextmanager
def edges_shuffled() -> Iterator[None]:
    """Train graph networks, inside, as :class:`ShuffledEdges`."""
    with patch("training.models.graph_network.GraphSageEstimator", ShuffledEdges):
        yield
