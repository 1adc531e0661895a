"""What a wallet received and sent in one transaction is settled there.

A wallet that gives one asset and takes another, a router, a contract that gives back: what came in
pays what goes out of the same transaction first, up to the lesser of the two sums, each transfer of
the transaction pro rata. So a conversion leaves the rest of the wallet's money and its history
alone, and value that is followed to a transfer of that transaction goes through the wallet as if it
was not there. The remainder is a receipt, or a sending, like others.

Transactions are told apart at an instant that saw both kinds only, among the transfers that are
read.
"""

from typing import NamedTuple

from features.kernel import Records, UInt64s, inner_kernel
from features.past import Past, TracedPast


@inner_kernel
def _time(past: Past, reading: Records, k: int) -> int:
    """Instant of an entry that is not the middle one if that is dust."""
    place = reading[k].place
    return int(past.outgoing.time[place] if reading[k].sending else past.incoming.time[place])


@inner_kernel
def _transaction(past: Past, tx_hash: UInt64s, reading: Records, k: int) -> int:
    """Hash of the transaction of an entry."""
    place, sending = reading[k].place, reading[k].sending
    row = past.outgoing.transfer[place] if sending else past.incoming.transfer[place]
    return tx_hash[row]  # type: ignore[no-any-return]  # uint64, which int() would turn to int64


@inner_kernel
def _cancel(reading: Records, first: int, end: int, part: float, same: bool) -> None:
    """Settle a part of each of some entries, and say whether the middle one is of them."""
    for k in range(first, end):
        entry = reading[k]
        entry.inside, entry.same = entry.amount * part, same
        entry.amount = entry.amount - entry.inside if part < 1.0 else 0.0


@inner_kernel
def _sum(reading: Records, first: int, end: int) -> float:
    """Sum of the amounts of some entries."""
    total = 0.0
    for k in range(first, end):
        total += reading[k].amount
    return total


class Instant(NamedTuple):
    """Entries of one instant: receipts ``[first, stop)`` and sendings ``[sendings, end)``.

    Both are in order of the hashes of their transactions.
    """

    first: int
    stop: int
    sendings: int
    end: int


@inner_kernel
def _settle_instant(given: TracedPast, reading: Records, at: Instant) -> None:
    """Settle the transactions of one instant."""
    past, tx_hash, middle = given.past, given.tx_hash, reading.size // 2
    i, j = at.first, at.sendings
    while i < at.stop and j < at.end:
        came, went = (
            _transaction(past, tx_hash, reading, i), _transaction(past, tx_hash, reading, j),
        )  # fmt: skip
        if came < went:
            i += 1
            continue
        if went < came:
            j += 1
            continue
        first_in, first_out = i, j
        while i < at.stop and _transaction(past, tx_hash, reading, i) == came:
            i += 1
        while j < at.end and _transaction(past, tx_hash, reading, j) == came:
            j += 1
        received, sent = _sum(reading, first_in, i), _sum(reading, first_out, j)
        lesser = min(received, sent)
        if lesser > 0.0:
            same = first_in <= middle < i or first_out <= middle < j
            _cancel(reading, first_in, i, lesser / received, same)
            _cancel(reading, first_out, j, lesser / sent, same)


@inner_kernel
def settle(given: TracedPast, reading: Records, first: int, end: int, counts: bool) -> None:
    """Settle what was received and sent in one transaction, of entries ``[first, end)``.

    ``counts``: the recipient does not hold the middle one for dust. Dust is settled with nothing,
    and is the last receipt of its instant.
    """
    past, middle = given.past, reading.size // 2
    k = first
    while k < end:
        if k == middle and not counts:
            k += 1
            continue
        time, stop = _time(past, reading, k), k
        while stop < end and not reading[stop].sending and (counts or stop != middle):
            if _time(past, reading, stop) != time:
                break
            stop += 1
        sendings = stop + 1 if stop == middle and not counts else stop
        until = sendings
        while until < end and reading[until].sending and _time(past, reading, until) == time:
            until += 1
        if k < stop and sendings < until:
            _settle_instant(given, reading, Instant(k, stop, sendings, until))
        k = max(until, k + 1)
