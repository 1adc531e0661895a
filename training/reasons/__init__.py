"""Reasons people can read: contributions of columns, summed by what they mean."""

from training.reasons.grouping import SHOWN, Group, Grouping
from training.reasons.meanings import Meaning
from training.reasons.typical import Typical, sample_rows, typical_of

__all__ = ["SHOWN", "Group", "Grouping", "Meaning", "Typical", "sample_rows", "typical_of"]
