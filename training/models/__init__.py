"""Kinds of model behind one interface."""

from training.models.kinds import estimator_class, kind_names, register

__all__ = ["estimator_class", "kind_names", "register", "sklearn_kind"]


def __getattr__(name: str) -> object:
    """Import the adapter when it is asked for: it needs scikit-learn and skops."""
    if name == "sklearn_kind":
        from training.models.sklearn_adapter import sklearn_kind

        return sklearn_kind
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
