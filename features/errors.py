"""Mistakes in input that a caller can mend.

The command line prints a :class:`RiskError` as one line and exits with 2; the endpoint answers
with problem details. Anything else that is raised is a defect of ours.
"""


class RiskError(ValueError):
    """Input that breaks a stated rule; the message says what was received and what is allowed."""


class TransfersError(RiskError):
    """Transfers that break their contract."""


class ConflictError(TransfersError):
    """A transfer that the ledger holds came again with other content."""


class LabelsError(RiskError):
    """Labels that break their contract."""


class SpineError(RiskError):
    """A spine (wallet, as_of) that breaks its contract."""


class LedgerError(RiskError):
    """A ledger folder or a change of a ledger that cannot be accepted."""


class SourceError(RiskError):
    """A file that cannot be read as what it claims to be."""


class ViewError(RiskError):
    """A view that fails a check: the message names check, column, wallet, instant and values."""


class AddressError(RiskError):
    """A text that is no address of its chain, or has a wrong checksum."""


class ClustersError(RiskError):
    """Saved clusters that cannot be read, or a change of them that cannot be accepted."""
