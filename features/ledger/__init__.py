"""The ledger: all transfers of one chain, by wallet and in order of time."""

from features.contracts.times import microseconds
from features.ledger.arrivals import Transfer
from features.ledger.ledger import Ledger

__all__ = ["Ledger", "Transfer", "microseconds"]
