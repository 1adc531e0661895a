"""What of a wallet's history is read to follow value through it.

A wallet's receipts and sendings are merged in order of time, receipts before sendings at one
instant. Around one transfer, the latest so many before it are read and, to follow value onward, the
first so many after it. Two kinds are passed over and take no place among those: what a wallet sends
to itself, which leaves its balance as it is; and, where there are more than are read, what is small
beside the transfer that is followed (:class:`Small`), so that nobody can push a wallet's history
out of reach with little money. Where the small sum to no more than a small part of it, nothing is
missing: the balance is wrong by no more than that. At most ``SCANNED`` times as many transfers are
looked at as are read.
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


class Small(NamedTuple):
    """Which transfers are passed over, in whole units of the asset.

    Attributes
    ----------
    each : float, those of less
    missed : float, what they must sum to if they are to be missed
    """

    each: float
    missed: float


def empty_reading(read: int) -> Reading:
    """Working memory for ``read`` transfers before and as many after."""
    return np.empty(2 * read, dtype=_ENTRY)


@inner_kernel
def reached(span: Span, forward: bool) -> tuple[int, int]:
    """First and end of the entries that value came from, or (``forward``) may have gone with."""
    return (span.middle, span.end) if forward else (span.first, span.middle)


@inner_kernel
def _read_back(past: Past, unread: Unread, small: Small, reading: Reading) -> tuple[int, bool]:
    """Fill entries below the middle with the latest of ``unread``.

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
    read = first = reading.size // 2
    passed, least = 0.0, small.each if i - first_in + j - first_out > read else 0.0
    for _ in range(SCANNED * read):
        if first == 0 or (i == first_in and j == first_out):
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
        if amount < least:
            passed += amount
            continue
        first -= 1
        entry = reading[first]
        entry.amount, entry.place, entry.wallet, entry.sending = amount, place, wallet, sending
    return first, i > first_in or j > first_out or passed > small.missed


@inner_kernel
def _read_ahead(past: Past, unread: Unread, small: Small, reading: Reading) -> tuple[int, bool]:
    """Fill entries from the middle on with the first of ``unread``.

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
    end = read = reading.size // 2
    passed, least = 0.0, small.each if end_in - i + end_out - j > read else 0.0
    for _ in range(SCANNED * read):
        if end == 2 * read or (i == end_in and j == end_out):
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
        if amount < least:
            passed += amount
            continue
        entry = reading[end]
        entry.amount, entry.place, entry.wallet, entry.sending = amount, place, wallet, sending
        end += 1
    return end, i < end_in or j < end_out or passed > small.missed


@inner_kernel
def read_before(past: Past, place: int, small: Small, reading: Reading) -> Span:
    """Read the sender of the transfer at ``place`` of the incoming side before that sending."""
    side = past.incoming
    wallet, time = side.counterparty[place], side.time[place]
    received = earlier(past.incoming, wallet, time + 1)
    start = past.outgoing.start[wallet]
    sending = place_across(side, place, past.outgoing)
    sent = History(start, sending, sending - start)
    first, unread = _read_back(past, Unread(wallet, received, sent), small, reading)
    middle = reading.size // 2
    return Span(first, middle, middle, unread, False)


@inner_kernel
def read_around(past: Past, place: int, small: Small, reading: Reading) -> Span:
    """Read the recipient of the transfer at ``place`` of the outgoing side around that receipt."""
    side = past.outgoing
    wallet, time = side.counterparty[place], side.time[place]
    received = earlier(past.incoming, wallet, time + 1)
    receipt, following = place_across(side, place, past.incoming), received.end
    if receipt >= 0:  # else the recipient holds it for dust: it comes after all of its instant
        received = History(received.first, receipt, receipt - received.first)
        following = receipt + 1
    sent = earlier(past.outgoing, wallet, time)
    first, older = _read_back(past, Unread(wallet, received, sent), small, reading)
    received = later(past.incoming, wallet, following)
    sent = later(past.outgoing, wallet, sent.end)
    end, newer = _read_ahead(past, Unread(wallet, received, sent), small, reading)
    return Span(first, reading.size // 2, end, older, newer)
