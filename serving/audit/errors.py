"""What goes wrong with the audit."""

from features.errors import RiskError


class AuditError(RuntimeError):
    """The audit cannot be written or read now; the answer that it is about must not be given."""


class BrokenChainError(RiskError):
    """A record is not what was written: changed, removed or put elsewhere."""
