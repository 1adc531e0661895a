"""The plain past by the short names that the twins use."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable

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
    "between",
    "earlier_than",
    "is_pseudo",
    "label_list",
    "micros",
    "mostly_settled",
    "past",
    "ratio",
    "sums_by_transaction",
    "text_hash",
    "transaction_of",
    "transfer_list",
]


def mostly_settled(past: Past, transfer: Transfer, wallet: str) -> bool:
    """Whether a wallet gave (got) back, in its transaction, most of what it received (sent)."""
    received, sent = past.sides(wallet)
    sides = (received, sent) if transfer.recipient == wallet else (sent, received)
    own, back = (
        sum(
            t.amount
            for t in between(side, transfer.time, transfer.time)
            if t.tx_id == transfer.tx_id and t.sender != t.recipient
        )
        for side in sides
    )
    return own > 0 and back > 0.5 * own


def is_pseudo(wallet: str) -> bool:
    """Whether a wallet is a transaction that stands between its payers and payees."""
    return wallet.startswith("tx:")


def earlier_than(side: list[Transfer], time: int) -> list[Transfer]:
    """Transfers of a side, which is in order of time, before an instant."""
    return side[: bisect_left(side, time, key=lambda t: t.time)]


def between(side: list[Transfer], first: int, last: int) -> list[Transfer]:
    """Transfers of a side, which is in order of time, from an instant to another, both included."""
    since = bisect_left(side, first, key=lambda t: t.time)
    return side[since : bisect_right(side, last, key=lambda t: t.time)]


def transaction_of(transfer: Transfer) -> tuple[str, int]:
    """What transfers of one transaction, which has one instant, have in common."""
    return transfer.tx_id, transfer.time


def sums_by_transaction(transfers: Iterable[Transfer]) -> dict[tuple[str, int], float]:
    """What each transaction moves in all; 0 for others."""
    sums: dict[tuple[str, int], float] = defaultdict(float)
    for transfer in transfers:
        sums[transaction_of(transfer)] += transfer.amount
    return sums
