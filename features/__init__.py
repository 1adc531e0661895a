"""Raw transfers to point-in-time features: a function of (ledger, wallet, as_of)."""

from typing import TYPE_CHECKING

from features.lazy import lazy_names

if TYPE_CHECKING:
    from features.checks import check_view
    from features.contracts.labels import check_labels, labels_as_of
    from features.contracts.spine import check_spine
    from features.contracts.transfers import check_transfers
    from features.errors import (
        ConflictError,
        LabelsError,
        LedgerError,
        RiskError,
        SourceError,
        SpineError,
        TransfersError,
        ViewError,
    )
    from features.ledger import Ledger
    from features.ledger.arrivals import Transfer
    from features.table import feature_table, join_context
    from features.taint.policies import fifo, haircut, poison
    from features.trails import trace
    from features.view import Column, View
    from features.views import VIEWS

__all__ = [
    "VIEWS",
    "Column",
    "ConflictError",
    "LabelsError",
    "Ledger",
    "LedgerError",
    "RiskError",
    "SourceError",
    "SpineError",
    "Transfer",
    "TransfersError",
    "View",
    "ViewError",
    "check_labels",
    "check_spine",
    "check_transfers",
    "check_view",
    "feature_table",
    "fifo",
    "haircut",
    "join_context",
    "labels_as_of",
    "poison",
    "trace",
]

__getattr__, __dir__ = lazy_names(__name__)
