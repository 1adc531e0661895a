"""The slow twin of the legs: what of a wallet's transfers patterns are made of."""

import math
from collections.abc import Iterable

from tests.naive.past import NAN, Past, Row, Transfer, ratio


def moving(transfers: Iterable[Transfer]) -> list[Transfer]:
    """Transfers that can be part of a pattern."""
    return [t for t in transfers if t.amount > 0 and t.sender != t.recipient]


def total(transfers: Iterable[Transfer]) -> float:
    """Sum of the amounts."""
    return math.fsum(t.amount for t in transfers)


def measured(past: Past, wallet: str, value: float, part: float, *, sent: bool) -> Row:
    """An amount, and ``part`` of all that was received or sent."""
    side = past.read(wallet)[sent]
    share = ratio(part, total(side)) if side else NAN
    return {"amount": value if side else NAN, "share": share}


def named(prefix: str, values: Row) -> Row:
    """Values under longer names."""
    return {f"{prefix}_{name}": value for name, value in values.items()}
