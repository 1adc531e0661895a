"""Reasons people can read: contributions of columns, summed by what they mean."""

from training.reasons.grouping import Group, Grouping
from training.reasons.meanings import Meaning
from training.reasons.typical import Typical

__all__ = ["Group", "Grouping", "Meaning", "Typical"]
