"""The ledger: all transfers of one asset, by wallet and in order of time."""

from features.ledger.arrivals import Transfer
from features.ledger.ledger import Ledger, microseconds

__all__ = ["Ledger", "Transfer", "microseconds"]
