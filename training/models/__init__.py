"""Kinds of model behind one interface."""

from typing import TYPE_CHECKING

from features.lazy import lazy_names

if TYPE_CHECKING:
    from training.models.kinds import estimator_class, kind_names, register
    from training.models.sklearn_adapter import sklearn_kind

__all__ = ["estimator_class", "kind_names", "register", "sklearn_kind"]

__getattr__, __dir__ = lazy_names(__name__)
