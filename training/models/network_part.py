"""The graph network of a model that has trees beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.errors import RiskError
from training.models.graph_network import GraphEstimator
from training.models.kinds import estimator_class
from training.models.trees import TreesEstimator

TREES = TreesEstimator.kind


def network_part(
    whole: str, feature_names: tuple[str, ...], *, seed: int, parameters: Mapping[str, Any]
) -> GraphEstimator:
    """Return a new graph network for a kind of model ``whole``.

    ``parameters`` hold ``network``, its kind, and ``of``, which gives parameters to it and to the
    trees by name.

    Raises
    ------
    RiskError
        If it is no graph network, ``of`` names another part, or a column bears the name of a part
        of the network.
    """
    name, given = parameters["network"], parameters["of"]
    strange = sorted(set(given) - {name, TREES})
    if strange:
        raise RiskError(
            f"of gives parameters to {', '.join(strange)}; parts are {name} and {TREES}"
        )
    kind = estimator_class(name)
    if not issubclass(kind, GraphEstimator):
        raise RiskError(f"network of a {whole} must be a graph network, not {name!r}")
    network = kind(feature_names, seed=seed, parameters=given.get(name, {}))
    taken = sorted(set(network.reasons) & set(feature_names))
    if taken:
        raise RiskError(
            f"columns {', '.join(taken)} bear the name of a part of the network; rename them"
        )
    return network
