"""The kinds of graph network, which differ in their layers alone; extra ``gnn``."""

from __future__ import annotations

from typing import ClassVar

from training.models.graph_network import GraphEstimator


class GraphSageEstimator(GraphEstimator):
    """Means of what transfers say (Hamilton et al. 2017)."""

    kind: ClassVar[str] = "graphsage"


class Gatv2Estimator(GraphEstimator):
    """Attention over transfers (Brody et al. 2022)."""

    kind: ClassVar[str] = "gatv2"


class GineEstimator(GraphEstimator):
    """Sums, with states of transfers that are renewed (Hu et al. 2020; Egressy et al. 2024)."""

    kind: ClassVar[str] = "gine"


class PnaEstimator(GraphEstimator):
    """Four aggregators by three scalers (Corso et al. 2020)."""

    kind: ClassVar[str] = "pna"
