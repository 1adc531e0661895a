"""What analysts decided of wallets, beside the score and never in it."""

from serving.overrides.overrides import Decided, Overrides

__all__ = ["Decided", "Overrides"]
