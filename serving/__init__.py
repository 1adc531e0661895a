"""A risk model and a ledger behind an endpoint."""

from typing import TYPE_CHECKING

from features.lazy import lazy_names

if TYPE_CHECKING:
    from serving.app import create_app
    from serving.overrides.beside import overrides_of
    from serving.settings import Settings

__all__ = ["Settings", "create_app", "overrides_of"]

__getattr__, __dir__ = lazy_names(__name__)
