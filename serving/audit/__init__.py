"""The audit: a chain of records of everything that the endpoint answered."""

from serving.audit.asker import OURSELVES, Asker, asker
from serving.audit.audit import Audit
from serving.audit.errors import AuditError, BrokenChainError

__all__ = ["OURSELVES", "Asker", "Audit", "AuditError", "BrokenChainError", "asker"]
