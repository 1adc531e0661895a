"""The kinds of model, imported when asked for: trees and linear models need no torch."""

from __future__ import annotations

from importlib import import_module

from features.errors import RiskError
from training.models.estimator import Estimator

KINDS: dict[str, tuple[str, str]] = {
    "logistic": ("training.models.logistic", "LogisticEstimator"),
    "lightgbm": ("training.models.trees", "TreesEstimator"),
    "graphsage": ("training.models.graph_network", "GraphSageEstimator"),
}


def estimator_class(kind: str) -> type[Estimator]:
    """Return the class of a kind of model.

    Parameters
    ----------
    kind
        One of ``KINDS``.

    Returns
    -------
    type
        See :class:`training.models.estimator.Estimator`.

    Raises
    ------
    RiskError
        If the kind is unknown, or is a graph network and the extra ``gnn`` is not installed.
    """
    if kind not in KINDS:
        raise RiskError(f"model kind {kind!r} is unknown; there are {', '.join(KINDS)}")
    module, name = KINDS[kind]
    try:
        found: type[Estimator] = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in {"torch", "torch_geometric", "safetensors"}:
            raise
        raise RiskError(
            f"model kind {kind!r} needs the extra: pip install 'walletrisk[gnn]'"
        ) from error
    return found
