"""Allocation rules: which receipts of a wallet paid for a sending, and where a receipt went.

Three policies (Möser, Böhme and Breuker 2014; Anderson, Shumailov and Ahmed 2018):

- haircut: a sending takes the same part of everything that the wallet holds (pro rata);
- FIFO: a sending takes what came in first (Clayton's case, 1816);
- poison: any contact taints the whole.

A rule reads the transfers of one wallet before a sending of it (``_back``) or around a receipt of
it (``_ahead``), sets ``value`` (and ``offset``) of each entry in the direction of the search, and
returns the value that none of them holds: not covered by a receipt that was read, or not sent on.
The wallet is taken to hold nothing before the first entry. All values are in whole units of the
asset.
"""

from typing import NamedTuple

from features.kernel import inner_kernel
from features.taint.reading import Reading, Span, reached


class Part(NamedTuple):
    """The part of a transfer that is followed: ``value`` of ``whole``, ``offset`` into it."""

    whole: float
    value: float
    offset: float


@inner_kernel
def haircut(reading: Reading, span: Span, part: Part, forward: bool) -> float:
    """Spread a sending over receipts, or (``forward``) a receipt over sendings, pro rata."""
    if forward:
        return haircut_ahead(reading, span, part)
    return haircut_back(reading, span, part)


@inner_kernel
def fifo(reading: Reading, span: Span, part: Part, forward: bool) -> float:
    """Spread a sending over receipts, or (``forward``) a receipt over sendings, in order."""
    if forward:
        return fifo_ahead(reading, span, part)
    return fifo_back(reading, span, part)


@inner_kernel
def haircut_back(reading: Reading, span: Span, part: Part) -> float:
    """Spread a sending over the receipts in proportion to what is left of each."""
    balance = 0.0
    for k in range(span.first, span.middle):
        if reading[k].sending:
            left = max(balance - reading[k].amount, 0.0)
            # what it leaves of each receipt before it
            reading[k].value = left / balance if balance > 0.0 else 0.0
            balance = left
        else:
            balance += reading[k].amount
    share = part.value / max(balance, part.whole)
    for k in range(span.middle - 1, span.first - 1, -1):
        if reading[k].sending:
            share *= reading[k].value
            reading[k].value = 0.0
        else:
            reading[k].value = reading[k].amount * share
    if part.whole > balance:
        return part.value * (1.0 - balance / part.whole)
    return 0.0


@inner_kernel
def _balance(reading: Reading, span: Span) -> float:
    """What the wallet holds before the transfer."""
    balance = 0.0
    for k in range(span.first, span.middle):
        if reading[k].sending:
            balance = max(balance - reading[k].amount, 0.0)
        else:
            balance += reading[k].amount
    return balance


@inner_kernel
def haircut_ahead(reading: Reading, span: Span, part: Part) -> float:
    """Spread a receipt over later sendings, each of which takes its part of the balance."""
    balance = _balance(reading, span) + part.whole
    left = part.value
    for k in range(span.middle, span.end):
        amount = reading[k].amount
        reading[k].value = 0.0
        if not reading[k].sending:
            balance += amount
        elif amount >= balance:
            reading[k].value = left
            left, balance = 0.0, 0.0
        else:
            reading[k].value = left * (amount / balance)
            left *= (balance - amount) / balance
            balance -= amount
    return left


@inner_kernel
def _spend(reading: Reading, head: int, end: int, due: float) -> int:
    """Take ``due`` from what is left of entries ``[head, end)``, in order; returns the new head."""
    while head < end and due > 0.0:
        piece = min(due, reading[head].value)
        reading[head].value -= piece
        due -= piece
        if reading[head].value == 0.0:
            head += 1
    return head


@inner_kernel
def fifo_back(reading: Reading, span: Span, part: Part) -> float:
    """Take a part of a sending from the oldest receipts that are not spent."""
    head = span.first
    for k in range(span.first, span.middle):
        reading[k].value = 0.0
        if reading[k].sending:
            head = _spend(reading, head, k, reading[k].amount)
        else:
            reading[k].value = reading[k].amount
    head = _spend(reading, head, span.middle, part.offset)
    due = part.value
    for k in range(head, span.middle):
        reading[k].offset = reading[k].amount - reading[k].value
        reading[k].value = min(due, reading[k].value)
        due -= reading[k].value
    return due


@inner_kernel
def fifo_ahead(reading: Reading, span: Span, part: Part) -> float:
    """Give a part of a receipt to later sendings, after all that came in before it."""
    ahead, left = _balance(reading, span) + part.offset, part.value
    for k in range(span.middle, span.end):
        reading[k].value = 0.0
        if reading[k].sending:
            skipped = min(reading[k].amount, ahead)
            ahead -= skipped
            reading[k].offset = skipped
            reading[k].value = min(reading[k].amount - skipped, left)
            left -= reading[k].value
    return left


@inner_kernel
def poison(reading: Reading, span: Span, part: Part, forward: bool) -> float:
    """Give the whole part to every receipt before a sending, or every sending after a receipt."""
    first, end = reached(span, forward)
    for k in range(first, end):
        touched = reading[k].sending == forward and reading[k].amount > 0.0
        reading[k].value = part.value if touched else 0.0
    return 0.0
