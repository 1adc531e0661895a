"""What of a wallet's history is read to follow value through it.

A wallet's receipts and sendings are merged in order of time, receipts before sendings at one
instant. Around one transfer, the latest so many before it are read and, to follow value onward, the
first so many after it. Two kinds are passed over and take no place among those: what a wallet sends
to itself, which leaves its balance as it is; and dust, the transfers nearest to the one that is
followed as long as they sum to no more than a small part of it. Without dust the balance is wrong
by no more than that part; with it, anyone could push a wallet's history out of reach for nothing.
At most ``SCANNED`` times as many transfers are looked at as are read.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.kernel import before, kernel
from features.ledger.slices import Side, Sides

SCANNED = 4
Reading = npt.NDArray[np.void]
"""Transfers of one wallet, in order, and what an allocation rule says of each.

time : microseconds since 1970 UTC
sending : sent by the wallet; received otherwise
amount : of the transfer
wallet : code of the other end
transfer : row in the ledger's log
value : how much of the value that is followed came in, or went out, with the transfer
offset : how much of the transfer's amount comes before that value, where the order matters
"""
# one record array and not seven arrays: kernels are passed each array in seven words
_ENTRY = np.dtype(
    [
        ("time", np.int64),
        ("amount", np.float64),
        ("value", np.float64),
        ("offset", np.float64),
        ("wallet", np.int32),
        ("transfer", np.int32),
        ("sending", np.bool_),
    ],
    align=True,
)


class Span(NamedTuple):
    """Which entries of a reading are filled.

    ``[first, middle)`` came before the transfer, ``[middle, end)`` after it. ``earlier`` and
    ``later``: there are others before ``first``, or from ``end`` on, that were not looked at.
    """

    first: int
    middle: int
    end: int
    earlier: bool
    later: bool


def empty_reading(read: int) -> Reading:
    """Working memory for ``read`` transfers before and as many after."""
    return np.empty(2 * read, dtype=_ENTRY)


@kernel
def _place(side: Side, wallet: int, time: int, transfer: int) -> int:
    """Where a transfer is in a wallet's slice."""
    start = side.start[wallet]
    i = before(side.time, start, start + side.count[wallet], time)
    while side.transfer[i] != transfer:
        i += 1
    return i


@kernel
def _fill(entry: Any, side: Side, i: int, sending: bool) -> None:
    entry.time, entry.wallet, entry.transfer = side.time[i], side.counterparty[i], side.transfer[i]
    entry.amount, entry.sending = side.amount[i], sending


@kernel
def _read_back(
    received: Side, sent: Side, wallet: int, i: int, j: int, read: int, dust: float,
    reading: Reading,
) -> tuple[int, bool]:  # fmt: skip
    """Fill entries below ``read`` with the latest transfers before places ``i`` and ``j``.

    Returns the first entry and whether there are earlier transfers.
    """
    first_in, first_out = received.start[wallet], sent.start[wallet]
    first, passed = read, 0.0
    for _ in range(SCANNED * read):
        if first == 0:
            break
        sending = j > first_out and (i == first_in or sent.time[j - 1] >= received.time[i - 1])
        if sending:
            j -= 1
            _fill(reading[first - 1], sent, j, True)
        elif i > first_in:
            i -= 1
            _fill(reading[first - 1], received, i, False)
        else:
            break
        amount = reading[first - 1].amount
        if reading[first - 1].wallet == wallet:
            continue
        if passed + amount <= dust:
            passed += amount
        else:
            first -= 1
    return first, i > first_in or j > first_out


@kernel
def _read_ahead(
    received: Side, sent: Side, wallet: int, i: int, end_in: int, j: int,
    end_out: int, read: int, dust: float, reading: Reading,
) -> tuple[int, bool]:  # fmt: skip
    """Fill entries from ``read`` on with the first transfers of ``[i, end_in)``, ``[j, end_out)``.

    Returns the end of the entries and whether there are later transfers.
    """
    end, passed = read, 0.0
    for _ in range(SCANNED * read):
        if end == 2 * read:
            break
        if i < end_in and (j == end_out or received.time[i] <= sent.time[j]):
            _fill(reading[end], received, i, False)
            i += 1
        elif j < end_out:
            _fill(reading[end], sent, j, True)
            j += 1
        else:
            break
        amount = reading[end].amount
        if reading[end].wallet == wallet:
            continue
        if passed + amount <= dust:
            passed += amount
        else:
            end += 1
    return end, i < end_in or j < end_out


@kernel
def read_around(
    sides: Sides, wallet: int, time: int, transfer: int, as_of: int, forward: bool,
    read: int, dust: float, reading: Reading,
) -> Span:  # fmt: skip
    """Read a wallet before a sending of it, or (``forward``) before and after a receipt of it.

    ``dust`` is what the transfers that are passed over may sum to, before as well as after.
    """
    received, sent = sides.incoming, sides.outgoing
    if not forward:
        j = _place(sent, wallet, time, transfer)
        start = received.start[wallet]
        i = before(received.time, start, start + received.count[wallet], time + 1)
        first, earlier = _read_back(received, sent, wallet, i, j, read, dust, reading)
        return Span(first, read, read, earlier, False)
    i = _place(received, wallet, time, transfer)
    start = sent.start[wallet]
    j = before(sent.time, start, start + sent.count[wallet], time)
    first, earlier = _read_back(received, sent, wallet, i, j, read, dust, reading)
    end_out = before(sent.time, j, start + sent.count[wallet], as_of)
    start = received.start[wallet]
    end_in = before(received.time, i, start + received.count[wallet], as_of)
    end, later = _read_ahead(
        received, sent, wallet, i + 1, end_in, j, end_out, read, dust, reading
    )  # fmt: skip
    return Span(first, read, end, earlier, later)
