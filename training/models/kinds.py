"""The kinds of model by name, imported when asked for: trees and linear models need no torch.

Ours, those registered in this process, and those of installed packages (entry points
``walletrisk.estimators``). A model folder names a kind; which code that is, is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from features.errors import RiskError
from features.guests import ESTIMATOR_GROUP, installed_names, load_installed
from training.models.estimator import Estimator

KINDS: dict[str, tuple[str, str]] = {
    "logistic": ("training.models.logistic", "LogisticEstimator"),
    "lightgbm": ("training.models.trees", "TreesEstimator"),
    "random_forest": ("training.models.random_forest", "RandomForestEstimator"),
    "extra_trees": ("training.models.extra_trees", "ExtraTreesEstimator"),
    "hist_boosting": ("training.models.hist_boosting", "HistBoostingEstimator"),
    "stack": ("training.models.stack", "StackEstimator"),
    "graphsage": ("training.models.graph_kinds", "GraphSageEstimator"),
    "gatv2": ("training.models.graph_kinds", "Gatv2Estimator"),
    "gine": ("training.models.graph_kinds", "GineEstimator"),
    "pna": ("training.models.graph_kinds", "PnaEstimator"),
    "hybrid": ("training.models.hybrid", "HybridEstimator"),
    "blend": ("training.models.blend", "BlendEstimator"),
}
_REGISTERED: dict[str, type[Estimator]] = {}
_NEEDED = ("kind", "reads", "defaults", "libraries", "reasons")
_METHODS = ("fit", "log_odds", "contributions", "save", "load")


def register(kind: type[Estimator]) -> type[Estimator]:
    """Make a kind of model known in this process, under the name that it bears.

    Parameters
    ----------
    kind
        See :class:`training.models.estimator.Estimator`; usable as a decorator. A class registered
        under the same name before is replaced.

    Returns
    -------
    type
        The same class.

    Raises
    ------
    RiskError
        If it lacks a part of the interface, or its name is one of ours.
    """
    checked = _checked(kind, getattr(kind, "kind", kind))
    if checked.kind in KINDS:
        raise RiskError(f"model kind {checked.kind!r} is one of ours; give yours another name")
    _REGISTERED[checked.kind] = checked
    return checked


def kind_names() -> tuple[str, ...]:
    """Names of all kinds of model; nothing is imported for it."""
    guests = installed_names(ESTIMATOR_GROUP, own=KINDS)
    return tuple(dict.fromkeys((*KINDS, *_REGISTERED, *guests)))


def check_kind(kind: str) -> str:
    """Return the name of a kind of model, or raise RiskError with the names there are."""
    if kind not in kind_names():
        raise RiskError(f"model kind {kind!r} is unknown; there are {', '.join(kind_names())}")
    return kind


def estimator_class(kind: str) -> type[Estimator]:
    """Return the class of a kind of model.

    Parameters
    ----------
    kind
        One of :func:`kind_names`.

    Returns
    -------
    type
        See :class:`training.models.estimator.Estimator`.

    Raises
    ------
    RiskError
        If the kind is unknown or no estimator, or is a graph network and the extra ``gnn`` is not
        installed.
    """
    check_kind(kind)
    if kind in _REGISTERED:
        return _REGISTERED[kind]
    if kind not in KINDS:
        return _checked(load_installed(installed_names(ESTIMATOR_GROUP)[kind]), kind)
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


def check_parameters(kind: str, parameters: Mapping[str, Any]) -> None:
    """Raise RiskError with what is allowed if a kind would not take these parameters."""
    if parameters:
        estimator_class(kind)((), seed=0, parameters=parameters)


def _checked(found: Any, name: object) -> type[Estimator]:
    """Raise RiskError unless it is a class with the interface of an estimator."""
    missing = [part for part in (*_NEEDED, *_METHODS) if not hasattr(found, part)]
    if not isinstance(found, type) or missing:
        raise RiskError(
            f"model kind {name!r} is no class of an estimator"
            + (f": it has no {', '.join(missing)}" if missing else "")
        )
    estimator: type[Estimator] = found
    if estimator.kind != name:
        raise RiskError(f"the entry point {name!r} holds the model kind {estimator.kind!r}")
    if estimator.reads == "ledger" and not hasattr(estimator, "inputs"):
        raise RiskError(f"model kind {name!r} reads the ledger, but has no method inputs")
    return estimator
