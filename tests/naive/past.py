"""The plain past by the short names that the twins use."""

from features.checks.plain_past import (
    DAY,
    HOUR,
    NAN,
    WINDOWS,
    Row,
    label_list,
    micros,
    ratio,
    text_hash,
    transfer_list,
)
from features.checks.plain_past import PlainLabel as Label
from features.checks.plain_past import PlainPast as Past
from features.checks.plain_past import PlainTransfer as Transfer
from features.checks.plain_past import plain_past as past

__all__ = [
    "DAY",
    "HOUR",
    "NAN",
    "WINDOWS",
    "Label",
    "Past",
    "Row",
    "Transfer",
    "label_list",
    "micros",
    "past",
    "ratio",
    "text_hash",
    "transfer_list",
]
