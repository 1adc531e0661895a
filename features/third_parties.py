"""Third parties: with whom a wallet's counterparties deal around its transfers with them.

A pattern of three layers shows as third parties that are met through several counterparties. A
wallet's ``ANCHORS`` latest transfers of a side are looked at. Around each of them at most ``READ``
transfers of the counterparty are read, the nearest in time, and none more than ``SPAN`` away: a
counterparty with many is a service, which ties nobody to anybody. Transfers of zero amount take a
place among those but are part of no pattern; their amounts are read only where it matters.
"""

from typing import NamedTuple

import numpy as np

from features._numba import kernel
from features.columns import DAY
from features.history import before
from features.own_transfers import OwnTransfers
from features.slices import Float64s, Int32s, Int64s, Side

ANCHORS, READ = (
    32,
    32,
)  # planted patterns have at most 16 members; twice that, among other transfers
SPAN = 4 * DAY  # the longest planted pattern of Altman et al. 2023
_TABLE, MEETINGS = 4096, 2 * ANCHORS * READ


class Anchors(NamedTuple):
    """A wallet's latest transfers of one side, the oldest first.

    Attributes
    ----------
    counterparty : int32 array, shape (ANCHORS,)
    member : int64 array, number of the counterparty among the different ones
    time, amount, transfer : arrays, as in the ledger
    """

    counterparty: Int32s
    member: Int64s
    time: Int64s
    amount: Float64s
    transfer: Int32s


class Readings(NamedTuple):
    """What was read, before it is known which third parties matter: most do not.

    Attributes
    ----------
    first, end : int64 arrays, shape (2, ANCHORS): by lane and anchor, what of its counterparty's
        slice was read
    middle : int64 array, shape (ANCHORS,): the place of an anchor's instant in that slice
    seen : int64 array, by slot of a hash table, bits of the counterparties, of either lane, that
        met a wallet of the slot
    """

    first: Int64s
    end: Int64s
    middle: Int64s
    seen: Int64s


class Meetings(NamedTuple):
    """Third parties that were met twice, and by whom; lane 0 and 1 are two searches side by side.

    Wallets that share a slot may be here with one meeting.

    Attributes
    ----------
    table : int32 array, open-addressing hash table of third parties plus 1, 0 where free
    slot, wallet : int32 arrays, one a third party: its place in ``table``, its code
    members : int64 array, shape (third parties, 2): bits of the counterparties that met it
    head : int32 array, shape (third parties, 2): its first meeting, -1 for none
    party_wallet, anchor, following : int32 arrays, one a meeting: the third party's code, the
        anchor, the party's next meeting or -1
    time, amount, transfer : arrays, one a meeting: the counterparty's transfer
    size : int64 array, shape (2,): third parties and meetings
    """

    table: Int32s
    slot: Int32s
    wallet: Int32s
    members: Int64s
    head: Int32s
    party_wallet: Int32s
    anchor: Int32s
    following: Int32s
    time: Int64s
    amount: Float64s
    transfer: Int32s
    size: Int64s


@kernel
def empty_anchors() -> Anchors:
    """Working memory for one side."""
    return Anchors(
        np.empty(ANCHORS, dtype=np.int32),
        np.empty(ANCHORS, dtype=np.int64),
        np.empty(ANCHORS, dtype=np.int64),
        np.empty(ANCHORS),
        np.empty(ANCHORS, dtype=np.int32),
    )


@kernel
def empty_readings() -> Readings:
    """Working memory for two lanes."""
    return Readings(
        np.empty((2, ANCHORS), dtype=np.int64),
        np.empty((2, ANCHORS), dtype=np.int64),
        np.empty(ANCHORS, dtype=np.int64),
        np.zeros(_TABLE, dtype=np.int64),
    )


@kernel
def empty_meetings() -> Meetings:
    """Working memory for two lanes."""
    return Meetings(
        np.zeros(_TABLE, dtype=np.int32),
        np.empty(MEETINGS, dtype=np.int32),
        np.empty(MEETINGS, dtype=np.int32),
        np.empty((MEETINGS, 2), dtype=np.int64),
        np.empty((MEETINGS, 2), dtype=np.int32),
        np.empty(MEETINGS, dtype=np.int32),
        np.empty(MEETINGS, dtype=np.int32),
        np.empty(MEETINGS, dtype=np.int32),
        np.empty(MEETINGS, dtype=np.int64),
        np.empty(MEETINGS),
        np.empty(MEETINGS, dtype=np.int32),
        np.zeros(2, dtype=np.int64),
    )


@kernel
def take_anchors(anchors: Anchors, own: OwnTransfers, n: int) -> int:
    """Fill ``anchors`` with the latest of ``n`` transfers; returns how many."""
    count = min(n, ANCHORS)
    members = 0
    for k in range(count):
        i = n - count + k
        other = own.counterparty[i]
        anchors.counterparty[k], anchors.time[k] = other, own.time[i]
        anchors.amount[k], anchors.transfer[k] = own.amount[i], own.transfer[i]
        anchors.member[k] = members
        for j in range(k):
            if anchors.counterparty[j] == other:
                anchors.member[k] = anchors.member[j]
                break
        members += anchors.member[k] == members
    return count


@kernel
def _slot(wallet: int) -> int:
    return int((wallet * np.int64(0x9E3779B1) >> 8) & (_TABLE - 1))


@kernel
def _find(
    readings: Readings, lane: int, side: Side, anchors: Anchors, n: int, earlier: int, later: int
) -> None:
    """Where in its counterparty's slice each anchor's instant is, and the most to read around it.

    One pass an array: loads that do not wait for each other overlap.
    """
    first, end = readings.first[lane], readings.end[lane]
    for k in range(n):
        first[k] = side.start[anchors.counterparty[k]]
    for k in range(n):
        end[k] = first[k] + side.count[anchors.counterparty[k]]
    for k in range(n):
        instant = anchors.time[k] + 1 if later else anchors.time[k]
        middle = before(side.time, first[k], end[k], instant)
        first[k], end[k] = max(first[k], middle - earlier - 1), min(end[k], middle + later + 1)
        readings.middle[k] = middle


@kernel
def read(
    readings: Readings, lane: int, side: Side, as_of: int, anchors: Anchors, n: int,
    earlier: int, later: int,
) -> bool:  # fmt: skip
    """Read ``side`` of the anchors' counterparties; True if there was more than is read.

    Of each counterparty the latest ``earlier`` transfers up to the anchor's instant are read and
    the earliest ``later`` after it; with ``later`` 0 only those strictly before it.
    """
    cut_short = False
    _find(readings, lane, side, anchors, n, earlier, later)
    for k in range(n):
        time, middle = anchors.time[k], readings.middle[k]
        since = time - SPAN if earlier else time + 1
        until = min(as_of, time + SPAN + 1) if later else time
        first = before(side.time, readings.first[lane, k], middle, since)
        end = before(side.time, middle, readings.end[lane, k], until)
        cut_short |= middle - first > earlier or end - middle > later
        first, end = max(first, middle - earlier), min(end, middle + later)
        readings.first[lane, k], readings.end[lane, k] = first, end
        bit = 1 << (anchors.member[k] + ANCHORS * lane)
        for i in range(first, end):
            readings.seen[_slot(side.counterparty[i])] |= bit
    return cut_short


@kernel
def forget(meetings: Meetings) -> None:
    """Remove all third parties."""
    for party in range(meetings.size[0]):
        meetings.table[meetings.slot[party]] = 0
    meetings.size[:] = 0


@kernel
def gather(
    meetings: Meetings, readings: Readings, lane: int, side: Side, amounts: Float64s, code: int,
    anchors: Anchors, n: int, backward: bool,
) -> None:  # fmt: skip
    """Add what was read in a lane to the meetings of third parties, which are in order of time.

    ``backward`` puts the latest first.
    """
    start = size = meetings.size[1]
    for step in range(n):
        k = step if backward else n - 1 - step  # a new meeting becomes the first of its party
        first, end = readings.first[lane, k], readings.end[lane, k]
        for reading in range(end - first):
            i = first + reading if backward else end - 1 - reading
            other = side.counterparty[i]
            seen = readings.seen[_slot(other)]
            if seen & (seen - 1) and other != code and other != anchors.counterparty[k]:
                meetings.party_wallet[size], meetings.anchor[size] = other, k
                meetings.time[size], meetings.transfer[size] = side.time[i], side.transfer[i]
                size += 1
    meetings.size[1] = size
    for e in range(start, size):
        meetings.amount[e] = amounts[meetings.transfer[e]]
    for e in range(start, size):
        if meetings.amount[e] > 0.0:
            _meet(meetings, lane, e, anchors.member[meetings.anchor[e]])


@kernel
def clear(readings: Readings, lane: int, side: Side, n: int) -> None:
    """Make ready for the next reading."""
    for k in range(n):
        for i in range(readings.first[lane, k], readings.end[lane, k]):
            readings.seen[_slot(side.counterparty[i])] = 0


@kernel
def _meet(meetings: Meetings, lane: int, e: int, member: int) -> None:
    """Make a meeting the first one of its third party."""
    wallet = meetings.party_wallet[e]
    slot = _slot(wallet)
    while meetings.table[slot] and meetings.wallet[meetings.table[slot] - 1] != wallet:
        slot = (slot + 1) & (_TABLE - 1)
    party = meetings.table[slot] - 1
    if party < 0:
        party = meetings.size[0]
        meetings.size[0] += 1
        meetings.table[slot] = party + 1
        meetings.slot[party], meetings.wallet[party] = slot, wallet
        meetings.members[party, 0] = meetings.members[party, 1] = 0
        meetings.head[party, 0] = meetings.head[party, 1] = -1
    meetings.following[e], meetings.head[party, lane] = meetings.head[party, lane], e
    meetings.members[party, lane] |= 1 << member


@kernel
def bits(members: int) -> int:
    """Bits that are set."""
    n = 0
    while members:
        members &= members - 1
        n += 1
    return n
