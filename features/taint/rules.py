"""Allocation rules: which receipts of a wallet paid for a sending, and where a receipt went.

Three policies (Möser, Böhme and Breuker 2014; Anderson, Shumailov and Ahmed 2018):

- haircut: a sending takes the same part of everything that the wallet holds (pro rata);
- FIFO: a sending takes what came in first (Clayton's case, 1816);
- poison: any contact taints the whole, but what was swapped inside one transaction.

A rule reads the transfers of one wallet before a sending of it (``_back``) or around a receipt of
it (``_ahead``), sets ``value`` (and ``offset``) of each entry in the direction of the search, and
returns the value that none of them holds. What was settled inside the transaction of the followed
transfer comes first (:mod:`features.taint.netting`). What the wallet received before the entries
and had not sent is held before them.

The record of a wallet is never whole: prices move, fees and other assets are not seen. So a sending
that the balance does not cover is paid by the mix of all that the wallet ever received; all such
sendings together by at most once what it ever received, so that a little cannot colour much. The
value that is followed may then be more than the amount of a transfer on its way.

All values are in whole units of the asset.
"""

from typing import NamedTuple

from features.kernel import inner_kernel
from features.past.transactions import MOST
from features.taint.reading import Reading, Span, reached


class Part(NamedTuple):
    """The part of a transfer that is followed: ``value`` of ``whole``, ``offset`` into it."""

    whole: float
    value: float
    offset: float


class Rest(NamedTuple):
    """Value that no entry holds.

    Of ``unknown`` origin or not sent on, of ``older`` money, or left at one like a ``service``.
    """

    unknown: float
    older: float
    service: float


class Funds(NamedTuple):
    """What a wallet has: its ``balance``; what it ``ever`` received, ``spent`` a second time."""

    balance: float
    ever: float
    spent: float


@inner_kernel
def haircut(reading: Reading, span: Span, part: Part, forward: bool) -> Rest:
    """Spread a sending over receipts, or (``forward``) a receipt over sendings, pro rata."""
    if forward:
        return haircut_ahead(reading, span, part)
    return haircut_back(reading, span, part)


@inner_kernel
def fifo(reading: Reading, span: Span, part: Part, forward: bool) -> Rest:
    """Spread a sending over receipts, or (``forward``) a receipt over sendings, in order."""
    if forward:
        return fifo_ahead(reading, span, part)
    return fifo_back(reading, span, part)


@inner_kernel
def _older(span: Span) -> Funds:
    """What the wallet has of its older money."""
    over = min(max(span.sent - span.received, 0.0), span.received)
    return Funds(max(span.received - span.sent, 0.0), span.received, over)


@inner_kernel
def _receive(funds: Funds, amount: float) -> Funds:
    """What the wallet has after a receipt."""
    return Funds(funds.balance + amount, funds.ever + amount, funds.spent)


@inner_kernel
def _send(funds: Funds, amount: float) -> Funds:
    """What the wallet has after a sending."""
    short = amount - funds.balance
    if short <= 0.0:
        return Funds(-short, funds.ever, funds.spent)
    return Funds(0.0, funds.ever, min(funds.spent + short, funds.ever))


@inner_kernel
def _held(reading: Reading, span: Span) -> float:
    """What the wallet holds before the transfer."""
    funds = _older(span)
    for k in range(span.first, span.middle):
        amount = reading[k].amount
        funds = _send(funds, amount) if reading[k].sending else _receive(funds, amount)
    return funds.balance


@inner_kernel
def _give_inside(reading: Reading, span: Span, value: float, forward: bool) -> None:
    """Give value to the other kind of entries of the same transaction, by what was settled."""
    first, end = reached(span, forward)
    settled = 0.0
    for k in range(first, end):
        if reading[k].same and reading[k].sending == forward:
            settled += reading[k].inside
    for k in range(first, end):
        if reading[k].same and reading[k].sending == forward:
            reading[k].value += value * (reading[k].inside / settled)


@inner_kernel
def haircut_back(reading: Reading, span: Span, part: Part) -> Rest:
    """Spread a sending over the receipts in proportion to what is left of each."""
    funds, whole = _older(span), reading[span.middle].amount
    older = funds.balance
    for k in range(span.first, span.middle):
        amount = reading[k].amount
        if reading[k].sending:
            balance, funds = funds.balance, _send(funds, amount)
            # what it leaves of each receipt before it
            reading[k].value = funds.balance / balance if balance > 0.0 else 0.0
        else:
            funds = _receive(funds, amount)
    inside = part.value * (reading[span.middle].inside / part.whole)
    value = part.value - inside if whole > 0.0 else 0.0
    short = max(whole - funds.balance, 0.0)
    again = min(short, funds.ever - funds.spent)  # paid by the mix of all
    share = value / max(funds.balance, whole) if value > 0.0 else 0.0
    mix = value / whole * (again / funds.ever) if again > 0.0 else 0.0
    for k in range(span.middle - 1, span.first - 1, -1):
        if reading[k].sending:
            share *= reading[k].value
            reading[k].value = 0.0
        else:
            reading[k].value = reading[k].amount * (share + mix)
    if inside > 0.0:
        _give_inside(reading, span, inside, False)
    unknown = value * ((short - again) / whole) if short > again else 0.0
    return Rest(unknown, older * share + span.received * mix, 0.0)


@inner_kernel
def haircut_ahead(reading: Reading, span: Span, part: Part) -> Rest:
    """Spread a receipt over later sendings, each of which takes its part of the balance."""
    whole = reading[span.middle].amount
    balance = _held(reading, span) + whole
    inside = part.value * (reading[span.middle].inside / part.whole)
    left = part.value - inside if whole > 0.0 else 0.0
    for k in range(span.middle + 1, span.end):
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
    if inside > 0.0:
        _give_inside(reading, span, inside, True)
    return Rest(left, 0.0, 0.0)


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
def _outside(reading: Reading, span: Span, part: Part) -> Part:
    """What of a part was not settled inside the transaction, of what was not.

    Inside comes first. A value of more than its part of the transfer is taken for that part.
    """
    inside = reading[span.middle].inside
    end = min(part.offset + part.value, part.whole)
    offset = max(part.offset, inside)
    return Part(reading[span.middle].amount, max(end - offset, 0.0), offset - inside)


@inner_kernel
def _scale(reading: Reading, span: Span, part: Part, forward: bool) -> float:
    """Give what was settled inside, and scale to the value where that is more than its part.

    Returns the scale.
    """
    inside = max(min(part.offset + part.value, reading[span.middle].inside) - part.offset, 0.0)
    if inside > 0.0:
        _give_inside(reading, span, inside, forward)
    room = part.whole - part.offset
    if part.value <= room:
        return 1.0
    scale = part.value / room
    first, end = reached(span, forward)
    for k in range(first, end):
        reading[k].value *= scale
    return scale


@inner_kernel
def fifo_back(reading: Reading, span: Span, part: Part) -> Rest:
    """Take a part of a sending from the oldest receipts that are not spent."""
    outside, funds, head = _outside(reading, span, part), _older(span), span.first
    older = funds.balance
    for k in range(span.first, span.middle):
        amount = reading[k].amount
        reading[k].value = 0.0
        if reading[k].sending:
            funds, due = _send(funds, amount), max(amount - older, 0.0)
            older = max(older - amount, 0.0)
            head = _spend(reading, head, k, due)
        else:
            funds, reading[k].value = _receive(funds, amount), amount
    head = _spend(reading, head, span.middle, max(outside.offset - older, 0.0))
    older = min(max(older - outside.offset, 0.0), outside.value)
    due = outside.value - older
    for k in range(span.first, span.middle):
        left = reading[k].value
        reading[k].value = min(due, left)
        due -= reading[k].value
        # what was settled inside comes first; what is paid twice has no place in the order
        reading[k].offset = (
            reading[k].inside + (reading[k].amount - left) if reading[k].value > 0.0 else 0.0
        )
    # where the balance ends in the transfer: as much more of it is paid twice as may be
    short = max(outside.offset + outside.value - due, funds.balance)
    again = max(min(due, funds.balance + funds.ever - funds.spent - short), 0.0)
    if again > 0.0:
        for k in range(span.first, span.middle):
            if not reading[k].sending:
                reading[k].value += reading[k].amount * (again / funds.ever)
        older += span.received * (again / funds.ever)
    scale = _scale(reading, span, part, False)
    return Rest((due - again) * scale, older * scale, 0.0)


@inner_kernel
def fifo_ahead(reading: Reading, span: Span, part: Part) -> Rest:
    """Give a part of a receipt to later sendings, after all that came in before it."""
    outside = _outside(reading, span, part)
    ahead, left = _held(reading, span) + outside.offset, outside.value
    for k in range(span.middle + 1, span.end):
        reading[k].value = 0.0
        if reading[k].sending:
            skipped = min(reading[k].amount, ahead)
            ahead -= skipped
            reading[k].value = min(reading[k].amount - skipped, left)
            reading[k].offset = reading[k].inside + skipped if reading[k].value > 0.0 else 0.0
            left -= reading[k].value
    return Rest(left * _scale(reading, span, part, True), 0.0, 0.0)


@inner_kernel
def poison(reading: Reading, span: Span, part: Part, forward: bool, inside: bool) -> Rest:
    """Give the whole part to every receipt before a sending, or every sending after a receipt.

    With ``inside`` only to those of that transaction; and never to one that was for the most part
    settled inside another.
    """
    first, end = reached(span, forward)
    for k in range(first, end):
        whole = reading[k].amount + reading[k].inside
        apart = inside or reading[k].inside > MOST * whole
        moved = whole > 0.0 and (reading[k].same or not apart)
        reading[k].value = part.value if reading[k].sending == forward and moved else 0.0
    return Rest(0.0, 0.0, 0.0)


@inner_kernel
def inside_only(reading: Reading, span: Span, part: Part, forward: bool) -> Rest:
    """Give what was settled inside the transaction, and leave the rest at the wallet."""
    first, end = reached(span, forward)
    for k in range(first, end):
        reading[k].value = reading[k].offset = 0.0
    inside = part.value * (reading[span.middle].inside / part.whole)
    if inside > 0.0:
        _give_inside(reading, span, inside, forward)
    return Rest(0.0, 0.0, part.value - inside)
