"""What of a wallet's history is read to follow value through it.

A wallet's receipts and sendings are merged in order of time, receipts before sendings at one
instant. Around one transfer, the latest so many before it are read and, to follow value onward, the
first so many after it. Two kinds are passed over and take no place among those: what a wallet sends
to itself, which leaves its balance as it is; and, where there are more than are read, what is small
beside the transfer that is followed (:class:`Small`). At most ``SCANNED`` times as many transfers
are looked at as are read. Of all others before the transfer the sums are known, so that nobody can
push a wallet's history out of reach with little money: they are its older money, whose origin is
not followed, but which is not nothing either.

What a wallet receives and sends in one transaction is settled there
(:mod:`features.taint.netting`).
"""

from typing import NamedTuple

import numpy as np

from features.kernel import Float64s, Int32s, Records, inner_kernel
from features.past import HISTORY_CAP, History, Past, TracedPast, earlier, later, place_across
from features.taint.netting import settle

SCANNED = 4
Reading = Records
"""Transfers of one wallet, in order, the one that is followed in the middle, and what the rule of a
policy says of each.

amount : of the transfer, without what was settled inside its transaction
inside : of the transfer, settled inside its transaction
value : how much of the value that is followed came in, or went out, with the transfer
offset : how much of the transfer's amount comes before that value, where the order matters
place : of the transfer on its side
wallet : code of the other end
sending : sent by the wallet; received otherwise
same : of the transaction of the transfer that is followed, and settled there in part
"""
# one record array and not eight arrays: kernels are passed each array in seven words
_ENTRY = np.dtype(
    [
        ("amount", np.float64),
        ("inside", np.float64),
        ("value", np.float64),
        ("offset", np.float64),
        ("place", np.int64),
        ("wallet", np.int32),
        ("sending", np.bool_),
        ("same", np.bool_),
    ],
    align=True,
)


class Span(NamedTuple):
    """Which entries of a reading are filled, and what is known of the others.

    ``[first, middle)`` came before the transfer, which is at ``middle``, those from ``middle + 1``
    to ``end`` after it. ``received`` and ``sent``: sums of the others before it. ``earlier``: these
    are too many to be summed, and some are missing. ``later``: others after it are missing.
    """

    first: int
    middle: int
    end: int
    received: float
    sent: float
    earlier: bool
    later: bool


class Unread(NamedTuple):
    """Transfers of a wallet that a reading may take, received and sent.

    ``instant`` is that of the transfer that is followed, in microseconds since 1970 UTC.
    """

    wallet: int
    received: History
    sent: History
    instant: int


class Small(NamedTuple):
    """Which transfers are passed over, in whole units of the asset.

    Attributes
    ----------
    each : float, those of less
    missed : float, what those after the transfer must sum to if they are to be missed
    """

    each: float
    missed: float


class Back(NamedTuple):
    """What was read before a transfer: ``Span`` says what; ``tied``: an instant saw both kinds."""

    first: int
    received: float
    sent: float
    earlier: bool
    tied: bool


class Ahead(NamedTuple):
    """What was read after a transfer, as in ``Back``."""

    end: int
    later: bool
    tied: bool


def empty_reading(read: int) -> Reading:
    """Working memory for ``read`` transfers before one and as many after."""
    return np.empty(2 * read + 1, dtype=_ENTRY)


@inner_kernel
def reached(span: Span, forward: bool) -> tuple[int, int]:
    """First and end of the entries that value came from, or (``forward``) may have gone with."""
    return (span.middle + 1, span.end) if forward else (span.first, span.middle)


@inner_kernel
def _fill(reading: Reading, at: int, amount: float, place: int, wallet: int, sending: bool) -> None:
    """Fill an entry."""
    entry = reading[at]
    entry.amount, entry.place, entry.wallet, entry.sending = amount, place, wallet, sending
    entry.inside, entry.same = 0.0, False


@inner_kernel
def _sum(amount: Float64s, other: Int32s, wallet: int, first: int, end: int) -> float:
    """Sum of the last ``HISTORY_CAP`` of ``[first, end)``, less those to and from itself.

    In two parts, which need not wait for each other.
    """
    even = odd = 0.0
    for k in range(end - 1, max(first, end - HISTORY_CAP), -2):
        even += amount[k] if other[k] != wallet else 0.0
        odd += amount[k - 1] if other[k - 1] != wallet else 0.0
    if min(end - first, HISTORY_CAP) % 2:
        last = max(first, end - HISTORY_CAP)
        even += amount[last] if other[last] != wallet else 0.0
    return even + odd


@inner_kernel
def _read_back(past: Past, unread: Unread, small: Small, reading: Reading) -> Back:
    """Fill entries below the middle with the latest of ``unread``, sum the others."""
    time_in, other_in, amount_in = (
        past.incoming.time, past.incoming.counterparty, past.incoming.amount,
    )  # fmt: skip
    time_out, other_out, amount_out = (
        past.outgoing.time, past.outgoing.counterparty, past.outgoing.amount,
    )  # fmt: skip
    first_in, first_out = unread.received.first, unread.sent.first
    i, j = unread.received.end, unread.sent.end
    read = first = reading.size // 2
    least = small.each if i - first_in + j - first_out > read else 0.0
    received = sent = 0.0
    tied, latest = False, unread.instant  # of the sendings so far, the last
    for _ in range(SCANNED * read):
        if first == 0 or (i == first_in and j == first_out):
            break
        sending = j > first_out and (i == first_in or time_out[j - 1] >= time_in[i - 1])
        if sending:
            j -= 1
            place, wallet, amount = j, other_out[j], amount_out[j]
            latest = time_out[j]
        else:
            i -= 1
            place, wallet, amount = i, other_in[i], amount_in[i]
            tied |= time_in[i] == latest
        if wallet == unread.wallet:
            continue
        if amount < least:
            if sending:
                sent += amount
            else:
                received += amount
            continue
        first -= 1
        _fill(reading, first, amount, place, wallet, sending)
    received += _sum(amount_in, other_in, unread.wallet, first_in, i)
    sent += _sum(amount_out, other_out, unread.wallet, first_out, j)
    return Back(first, received, sent, max(i - first_in, j - first_out) > HISTORY_CAP, tied)


@inner_kernel
def _read_ahead(past: Past, unread: Unread, small: Small, reading: Reading) -> Ahead:
    """Fill entries after the middle with the first of ``unread``."""
    time_in, other_in, amount_in = (
        past.incoming.time, past.incoming.counterparty, past.incoming.amount,
    )  # fmt: skip
    time_out, other_out, amount_out = (
        past.outgoing.time, past.outgoing.counterparty, past.outgoing.amount,
    )  # fmt: skip
    i, j = unread.received.first, unread.sent.first
    end_in, end_out = unread.received.end, unread.sent.end
    read = reading.size // 2
    end = read + 1
    passed, least = 0.0, small.each if end_in - i + end_out - j > read else 0.0
    tied, latest = False, unread.instant  # of the receipts so far, the last
    for _ in range(SCANNED * read):
        if end == reading.size or (i == end_in and j == end_out):
            break
        sending = i == end_in or (j < end_out and time_out[j] < time_in[i])
        if sending:
            place, wallet, amount = j, other_out[j], amount_out[j]
            tied |= time_out[j] == latest
            j += 1
        else:
            place, wallet, amount = i, other_in[i], amount_in[i]
            latest = time_in[i]
            i += 1
        if wallet == unread.wallet:
            continue
        if amount < least:
            passed += amount
            continue
        _fill(reading, end, amount, place, wallet, sending)
        end += 1
    return Ahead(end, i < end_in or j < end_out or passed > small.missed, tied)


@inner_kernel
def _beside(given: TracedPast, wallet: int, sending: int, reading: Reading) -> int:
    """Fill entries after the middle with a wallet's sendings of one transaction after one of them.

    ``sending`` is its place on the outgoing side; returns the end.
    """
    side, tx_hash = given.past.outgoing, given.tx_hash
    time, row, other, amount = side.time, side.transfer, side.counterparty, side.amount
    end, transaction = reading.size // 2 + 1, tx_hash[row[sending]]
    for place in range(sending + 1, earlier(side, wallet, time[sending] + 1).end):
        if end == reading.size or tx_hash[row[place]] != transaction:
            break
        if other[place] != wallet:
            _fill(reading, end, amount[place], place, other[place], True)
            end += 1
    return end


@inner_kernel
def read_before(given: TracedPast, place: int, small: Small, reading: Reading) -> Span:
    """Read the sender of the transfer at ``place`` of the incoming side before that sending."""
    past = given.past
    side, middle = past.incoming, reading.size // 2
    wallet, time = side.counterparty[place], side.time[place]
    received = earlier(past.incoming, wallet, time + 1)
    start = past.outgoing.start[wallet]
    sending = place_across(side, place, past.outgoing)
    sent = History(start, sending, sending - start)
    back = _read_back(past, Unread(wallet, received, sent, time), small, reading)
    # the other end is at neither side of the wallet that is read, and of no use to a rule
    _fill(reading, middle, side.amount[place], sending, wallet, True)
    end = middle + 1
    if back.tied:
        if past.incoming.time[received.end - 1] == time:
            end = _beside(given, wallet, sending, reading)
        settle(given, reading, back.first, end, True)
    return Span(back.first, middle, end, back.received, back.sent, back.earlier, False)


@inner_kernel
def read_around(given: TracedPast, place: int, small: Small, reading: Reading) -> Span:
    """Read the recipient of the transfer at ``place`` of the outgoing side around that receipt."""
    past = given.past
    side, middle = past.outgoing, reading.size // 2
    wallet, time = side.counterparty[place], side.time[place]
    received = earlier(past.incoming, wallet, time + 1)
    receipt, following = place_across(side, place, past.incoming), received.end
    if receipt >= 0:  # else the recipient holds it for dust: it comes after all of its instant
        received = History(received.first, receipt, receipt - received.first)
        following = receipt + 1
    sent = earlier(past.outgoing, wallet, time)
    back = _read_back(past, Unread(wallet, received, sent, time), small, reading)
    _fill(reading, middle, side.amount[place], receipt, wallet, False)
    received = later(past.incoming, wallet, following)
    sent = later(past.outgoing, wallet, sent.end)
    ahead = _read_ahead(past, Unread(wallet, received, sent, time), small, reading)
    if back.tied or ahead.tied:
        settle(given, reading, back.first, ahead.end, receipt >= 0)
    return Span(
        back.first, middle, ahead.end, back.received, back.sent, back.earlier, ahead.later
    )  # fmt: skip
