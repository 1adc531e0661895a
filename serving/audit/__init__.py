"""The audit: a chain of records of everything that the endpoint answered."""

from typing import TYPE_CHECKING

from features.lazy import lazy_names

if TYPE_CHECKING:
    from serving.audit.asker import OURSELVES, Asker, asker
    from serving.audit.audit import Audit
    from serving.audit.errors import AuditError, BrokenChainError

__all__ = ["OURSELVES", "Asker", "Audit", "AuditError", "BrokenChainError", "asker"]

__getattr__, __dir__ = lazy_names(__name__)
