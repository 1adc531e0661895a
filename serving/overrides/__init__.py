"""What analysts decided of wallets, beside the score and never in it."""

from serving.overrides.decisions import Decided, Decisions, read_decisions
from serving.overrides.overrides import Overrides

__all__ = ["Decided", "Decisions", "Overrides", "read_decisions"]
