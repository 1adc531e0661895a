"""What of a wallet's history is read to follow value through it.

A wallet's receipts and sendings are merged in order of time, receipts before sendings at one
instant. Around one transfer, the latest before it are looked at and, to follow value onward, the
first after it, ``SCANNED`` times as many as are read: of those the largest are read, so that many
small transfers cannot push a large one out of reach. What a wallet sends to itself leaves its
balance as it is and is passed over. Where what is left out of those looked at sums to no more than
a small part of the transfer that is followed, nothing is missing: the balance is wrong by no more.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import Records, inner_kernel
from features.past import History, Past, earlier, later, place_across

SCANNED = 4
Reading = Records
"""Transfers of one wallet, in order, and what the rule of a policy says of each.

amount : of the transfer
value : how much of the value that is followed came in, or went out, with the transfer
offset : how much of the transfer's amount comes before that value, where the order matters
place : of the transfer on its side
wallet : code of the other end
sending : sent by the wallet; received otherwise
"""
# one record array and not six arrays: kernels are passed each array in seven words
_ENTRY = np.dtype(
    [
        ("amount", np.float64),
        ("value", np.float64),
        ("offset", np.float64),
        ("place", np.int64),
        ("wallet", np.int32),
        ("sending", np.bool_),
    ],
    align=True,
)


class Span(NamedTuple):
    """Which entries of a reading are filled.

    ``[first, middle)`` came before the transfer, ``[middle, end)`` after it. ``earlier`` and
    ``later``: there are others, on either side of the transfer, that are missing.
    """

    first: int
    middle: int
    end: int
    earlier: bool
    later: bool


class Unread(NamedTuple):
    """Transfers of a wallet that a reading may take, received and sent."""

    wallet: int
    received: History
    sent: History


def empty_reading(read: int) -> Reading:
    """Working memory for looking at transfers before and after, to read so many of either."""
    return np.empty(2 * SCANNED * read, dtype=_ENTRY)


@inner_kernel
def reached(span: Span, forward: bool) -> tuple[int, int]:
    """First and end of the entries that value came from, or (``forward``) may have gone with."""
    return (span.middle, span.end) if forward else (span.first, span.middle)


@inner_kernel
def _least_read(reading: Reading, first: int, end: int) -> float:
    """Least amount among the largest of the entries ``[first, end)``, as many as are read.

    Hoare's selection (1961, algorithm 65), in the entries' ``value``.
    """
    wanted, low, high = first + reading.size // (2 * SCANNED) - 1, first, end - 1
    for k in range(first, end):
        reading[k].value = reading[k].amount
    while low < high:
        pivot, i, j = reading[(low + high) // 2].value, low, high
        while i <= j:
            while reading[i].value > pivot:
                i += 1
            while reading[j].value < pivot:
                j -= 1
            if i <= j:
                reading[i].value, reading[j].value = reading[j].value, reading[i].value
                i, j = i + 1, j - 1
        if wanted <= j:
            high = j
        elif wanted >= i:
            low = i
        else:
            break
    return float(reading[wanted].value)


@inner_kernel
def _keep_largest(reading: Reading, first: int, end: int, back: bool) -> tuple[int, float]:
    """Keep the largest of the entries ``[first, end)``, in their order; of equal ones the nearest.

    The nearest to the transfer that is followed are the last ones (``back``) or the first ones, and
    there what is kept ends up. Returns how many are kept, and the sum of the others.
    """
    read, n, left_out = reading.size // (2 * SCANNED), end - first, 0.0
    if n <= read:
        return n, left_out
    least = _least_read(reading, first, end)
    equal = read
    for k in range(first, end):
        equal -= reading[k].amount > least
    kept = 0
    for k in range(n):
        at = end - 1 - k if back else first + k
        amount = reading[at].amount
        if amount < least or (amount == least and equal == 0):
            left_out += amount
            continue
        equal -= amount == least
        reading[end - 1 - kept if back else first + kept] = reading[at]
        kept += 1
    return kept, left_out


@inner_kernel
def _read_back(past: Past, unread: Unread, dust: float, reading: Reading) -> tuple[int, bool]:
    """Fill entries below the middle from the latest of ``unread``.

    Returns the first entry and whether others are missing.
    """
    time_in, other_in, amount_in = (
        past.incoming.time, past.incoming.counterparty, past.incoming.amount,
    )  # fmt: skip
    time_out, other_out, amount_out = (
        past.outgoing.time, past.outgoing.counterparty, past.outgoing.amount,
    )  # fmt: skip
    first_in, first_out = unread.received.first, unread.sent.first
    i, j = unread.received.end, unread.sent.end
    middle = first = reading.size // 2
    for _ in range(middle):
        if i == first_in and j == first_out:
            break
        sending = j > first_out and (i == first_in or time_out[j - 1] >= time_in[i - 1])
        if sending:
            j -= 1
            place, wallet, amount = j, other_out[j], amount_out[j]
        else:
            i -= 1
            place, wallet, amount = i, other_in[i], amount_in[i]
        if wallet == unread.wallet:
            continue
        first -= 1
        entry = reading[first]
        entry.amount, entry.place, entry.wallet, entry.sending = amount, place, wallet, sending
    kept, left_out = _keep_largest(reading, first, middle, True)
    return middle - kept, i > first_in or j > first_out or left_out > dust


@inner_kernel
def _read_ahead(past: Past, unread: Unread, dust: float, reading: Reading) -> tuple[int, bool]:
    """Fill entries from the middle on from the first of ``unread``.

    Returns the end of the entries and whether others are missing.
    """
    time_in, other_in, amount_in = (
        past.incoming.time, past.incoming.counterparty, past.incoming.amount,
    )  # fmt: skip
    time_out, other_out, amount_out = (
        past.outgoing.time, past.outgoing.counterparty, past.outgoing.amount,
    )  # fmt: skip
    i, j = unread.received.first, unread.sent.first
    end_in, end_out = unread.received.end, unread.sent.end
    middle = end = reading.size // 2
    for _ in range(middle):
        if i == end_in and j == end_out:
            break
        sending = i == end_in or (j < end_out and time_out[j] < time_in[i])
        if sending:
            place, wallet, amount = j, other_out[j], amount_out[j]
            j += 1
        else:
            place, wallet, amount = i, other_in[i], amount_in[i]
            i += 1
        if wallet == unread.wallet:
            continue
        entry = reading[end]
        entry.amount, entry.place, entry.wallet, entry.sending = amount, place, wallet, sending
        end += 1
    kept, left_out = _keep_largest(reading, middle, end, False)
    return middle + kept, i < end_in or j < end_out or left_out > dust


@inner_kernel
def read_before(past: Past, place: int, dust: float, reading: Reading) -> Span:
    """Read the sender of the transfer at ``place`` of the incoming side before that sending.

    ``dust`` is what transfers that were looked at and are not read may sum to.
    """
    side = past.incoming
    wallet, time = side.counterparty[place], side.time[place]
    received = earlier(past.incoming, wallet, time + 1)
    start = past.outgoing.start[wallet]
    sending = place_across(side, place, past.outgoing)
    sent = History(start, sending, sending - start)
    first, unread = _read_back(past, Unread(wallet, received, sent), dust, reading)
    middle = reading.size // 2
    return Span(first, middle, middle, unread, False)


@inner_kernel
def read_around(past: Past, place: int, dust: float, reading: Reading) -> Span:
    """Read the recipient of the transfer at ``place`` of the outgoing side around that receipt.

    ``dust`` is what transfers that were looked at and are not read may sum to, on either side.
    """
    side = past.outgoing
    wallet, time = side.counterparty[place], side.time[place]
    received = earlier(past.incoming, wallet, time + 1)
    receipt, following = place_across(side, place, past.incoming), received.end
    if receipt >= 0:  # else the recipient holds it for dust: it comes after all of its instant
        received = History(received.first, receipt, receipt - received.first)
        following = receipt + 1
    sent = earlier(past.outgoing, wallet, time)
    first, older = _read_back(past, Unread(wallet, received, sent), dust, reading)
    received = later(past.incoming, wallet, following)
    sent = later(past.outgoing, wallet, sent.end)
    end, newer = _read_ahead(past, Unread(wallet, received, sent), dust, reading)
    return Span(first, reading.size // 2, end, older, newer)
