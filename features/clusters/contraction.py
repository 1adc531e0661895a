"""An owner's wallets as one wallet of the ledger, as of an instant: what is scored as an entity.

The entity of wallets is one wallet that has their transfers: what one of them paid another is gone,
and whoever dealt with any of them dealt with it. What a wallet paid to itself stays. It is the
ledger that would be built if each transfer said the one's name for all of them, to the last bit of
every feature: receipts are judged anew for dust by what the entity moved.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from features.kernel import Int32s, Int64s, before, kernel
from features.ledger.overlay import Held, for_now, replaced
from features.ledger.side import Log, RowOrder, Side, in_order
from features.ledger.slices import Slices
from features.ledger.state import State


@contextmanager
def contracted(state: State, wallets: Int32s, instant: int) -> Iterator[None]:
    """Let the first of some wallets be all of them, until the end, as of an instant.

    Parameters
    ----------
    state : State
        Nothing else may read or change it meanwhile.
    wallets : int32 array, shape (n,)
        Distinct codes. The others have no transfers meanwhile.
    instant : int
        Microseconds since 1970 UTC; later transfers of theirs are left out, which no feature as of
        then reads.
    """
    if wallets.size < 2:
        yield
        return
    one, members = wallets[0], np.sort(wallets)
    received, dust, sent, *unpriced = (_of(side, members, instant) for side in _sides(state))
    logs = (received.then(dust), sent, *unpriced)
    held = Held(*(_as_one(log, members, int(one)) for log in logs))
    incoming, small, outgoing, *unknown = _sides(state)
    across = (outgoing,), (incoming, small), *((side,) for side in unknown[::-1])
    with replaced(state, members, held) as undo:
        for log, sides in zip(logs, across, strict=True):
            turned = log.take((log.owner != one) & ~_are(log.counterparty, members)).turned()
            for slices in sides:
                places = np.empty(turned.row.size, dtype=np.int64)
                _find(slices.side, state.order, turned, places)
                for_now(undo, slices.counterparty, places[places >= 0], one)
        yield


def transfers_before(state: State, wallets: Int32s, instant: int) -> Int64s:
    """How many transfers each wallet had before an instant, received and sent; shape (n,)."""
    total = np.zeros(wallets.size, dtype=np.int64)
    for slices in _sides(state):
        if slices.start.size:
            total += _ends(slices, wallets, instant) - slices.start[wallets]
    return total


def _sides(state: State) -> tuple[Slices, ...]:
    """What is received, as dust and otherwise, and sent; then received and sent without a value."""
    return state.incoming, state.dust, state.outgoing, *state.unpriced


def _of(slices: Slices, wallets: Int32s, instant: int) -> Log:
    """All transfers of some wallets on a side before an instant."""
    if not slices.start.size:
        wallets = wallets[:0]  # the unpriced ones of a plain ledger
    start, ends = slices.start[wallets], _ends(slices, wallets, instant)
    count = ends - start
    places = np.arange(count.sum()) + np.repeat(start - (np.cumsum(count) - count), count)
    return slices.log(np.repeat(wallets, count), places)


def _ends(slices: Slices, wallets: Int32s, instant: int) -> Int64s:
    ends = np.empty(wallets.size, dtype=np.int64)
    _find_ends(slices.side, wallets, instant, ends)
    return ends


def _are(codes: Int32s, members: Int32s) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Which codes are among ascending ones."""
    at = np.minimum(np.searchsorted(members, codes), members.size - 1)
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = members[at] == codes
    return found


def _as_one(log: Log, members: Int32s, one: int) -> Log:
    """The transfers of wallets as those of one, without what they paid each other."""
    itself = log.owner == log.counterparty
    kept = log.take(itself | ~_are(log.counterparty, members))
    counterparty = np.where(kept.owner == kept.counterparty, np.int32(one), kept.counterparty)
    return kept._replace(owner=np.full_like(kept.owner, one), counterparty=counterparty)


@kernel
def _find_ends(side: Side, wallets: Int32s, instant: int, ends: Int64s) -> None:
    """Fill ``ends`` (n,) with the place after each wallet's last transfer before an instant."""
    for i in range(wallets.size):
        start = side.start[wallets[i]]
        ends[i] = before(side.time, start, start + side.count[wallets[i]], instant)


@kernel
def _find(side: Side, order: RowOrder, log: Log, places: Int64s) -> None:
    """Fill ``places`` (n,) with the place of each transfer in its owner's slice, -1 for none."""
    start, count, time, transfer = side.start, side.count, side.time, side.transfer
    log_time, log_owner, log_row = log.time, log.owner, log.row
    for i in range(log_row.size):
        owner, instant, row = log_owner[i], log_time[i], log_row[i]
        first, stop = start[owner], start[owner] + count[owner]
        end = stop
        while first < end:  # the first that is not before the transfer
            middle = (first + end) >> 1
            earlier = time[middle] < instant
            if time[middle] == instant and transfer[middle] != row:
                earlier = not in_order(row, transfer[middle], order)
            if earlier:
                first = middle + 1
            else:
                end = middle
        places[i] = first if first < stop and transfer[first] == row else -1
