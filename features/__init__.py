"""Raw transfers to point-in-time features: a function of (ledger, wallet, as_of)."""

from features.arrivals import Transfer
from features.errors import (
    ConflictError,
    LabelsError,
    LedgerError,
    RiskError,
    SourceError,
    SpineError,
    TransfersError,
)
from features.labels import check_labels, labels_as_of
from features.ledger import Ledger
from features.money_trail import trace
from features.spine import check_spine
from features.table import feature_table
from features.taint import fifo, haircut, poison
from features.transfers import check_transfers
from features.views import VIEWS

__all__ = [
    "VIEWS",
    "ConflictError",
    "LabelsError",
    "Ledger",
    "LedgerError",
    "RiskError",
    "SourceError",
    "SpineError",
    "Transfer",
    "TransfersError",
    "check_labels",
    "check_spine",
    "check_transfers",
    "feature_table",
    "fifo",
    "haircut",
    "labels_as_of",
    "poison",
    "trace",
]
