"""The evidence behind a number: the transfers that prove a row."""

from features.trails.money_trail import trace

__all__ = ["trace"]
