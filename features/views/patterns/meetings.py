"""Third parties: with whom a wallet's counterparties deal around its transfers with them.

A pattern of three layers shows as third parties that are met through several counterparties. A
wallet's ``ANCHORS`` latest transfers of a side are looked at. Around each of them at most ``READ``
transfers of the counterparty are read, the nearest in time, and none more than ``SPAN`` away: a
counterparty with many is a service, which ties nobody to anybody. Transfers of zero amount take a
place among those but are part of no pattern; their amounts are read only where it matters.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import DAY, Int32s, Int64s, before, kernel
from features.kernel.hash_table import first_slot
from features.ledger.slices import Side
from features.views.patterns.legs import Records

ANCHORS, READ = (
    32,
    32,
)  # planted patterns have at most 16 members; twice that, among other transfers
SPAN = 4 * DAY  # the longest planted pattern of Altman et al. 2023
_TABLE, MEETINGS = 4096, 2 * ANCHORS * READ


_ANCHOR = np.dtype(
    [
        ("time", np.int64),
        ("amount", np.float64),
        ("member", np.int64),  # number of the counterparty among the different ones
        ("counterparty", np.int32),
        ("transfer", np.int32),
    ],
    align=True,
)  # a wallet's transfer of one side, the oldest first
_WINDOW = np.dtype(
    [("first", np.int64), ("middle", np.int64), ("end", np.int64)]
)  # what of a counterparty's slice is read, and the place of the anchor's instant there
_PARTY = np.dtype([("wallet", np.int32), ("slot", np.int32)])  # its code, its place in the table
_MEETING = np.dtype(
    [
        ("time", np.int64),
        ("amount", np.float64),
        ("transfer", np.int32),  # these three of the counterparty's transfer
        ("party_wallet", np.int32),
        ("anchor", np.int32),
        ("following", np.int32),  # the third party's next meeting, -1 for none
    ],
    align=True,
)


class Readings(NamedTuple):
    """What was read, before it is known which third parties matter: most do not.

    Attributes
    ----------
    window : records, shape (2, ANCHORS), by lane and anchor
    seen : int64 array, by slot of a hash table, bits of the counterparties, of either lane, that
        met a wallet of the slot
    """

    window: Records
    seen: Int64s


class Meetings(NamedTuple):
    """Third parties that were met twice, and by whom; lane 0 and 1 are two searches side by side.

    Wallets that share a slot may be here with one meeting.

    Attributes
    ----------
    table : int32 array, open-addressing hash table of third parties plus 1, 0 where free
    party : records, one a third party
    members : int64 array, shape (third parties, 2): bits of the counterparties that met it
    head : int32 array, shape (third parties, 2): its first meeting, -1 for none
    met : records, one a meeting
    size : int64 array, shape (2,): third parties and meetings
    """

    table: Int32s
    party: Records
    members: Int64s
    head: Int32s
    met: Records
    size: Int64s


@kernel
def empty_anchors() -> Records:
    """Working memory for one side."""
    return np.empty(ANCHORS, dtype=_ANCHOR)


@kernel
def empty_readings() -> Readings:
    """Working memory for two lanes."""
    return Readings(np.empty((2, ANCHORS), dtype=_WINDOW), np.zeros(_TABLE, dtype=np.int64))


@kernel
def empty_meetings() -> Meetings:
    """Working memory for two lanes."""
    return Meetings(
        np.zeros(_TABLE, dtype=np.int32),
        np.empty(MEETINGS, dtype=_PARTY),
        np.empty((MEETINGS, 2), dtype=np.int64),
        np.empty((MEETINGS, 2), dtype=np.int32),
        np.empty(MEETINGS, dtype=_MEETING),
        np.zeros(2, dtype=np.int64),
    )


@kernel
def take_anchors(anchors: Records, own: Records, n: int) -> None:
    """Fill ``anchors`` with the latest of ``n`` transfers, at most ``ANCHORS``."""
    count = min(n, ANCHORS)
    members = 0
    for k in range(count):
        i = n - count + k
        other = own[i].counterparty
        anchors[k].counterparty, anchors[k].time = other, own[i].time
        anchors[k].amount, anchors[k].transfer = own[i].amount, own[i].transfer
        anchors[k].member = members
        for j in range(k):
            if anchors[j].counterparty == other:
                anchors[k].member = anchors[j].member
                break
        members += anchors[k].member == members


@kernel
def _slot(wallet: int) -> int:
    return first_slot(wallet, _TABLE - 1)


@kernel
def _find(
    readings: Readings, lane: int, side: Side, anchors: Records, n: int, earlier: int, later: int
) -> None:
    """Where in its counterparty's slice each anchor's instant is, and the most to read around it.

    One pass an array: loads that do not wait for each other overlap.
    """
    window = readings.window[lane]
    for k in range(n):
        window[k].first = side.start[anchors[k].counterparty]
    for k in range(n):
        window[k].end = window[k].first + side.count[anchors[k].counterparty]
    for k in range(n):
        first, end = window[k].first, window[k].end
        instant = anchors[k].time + 1 if later else anchors[k].time
        middle = before(side.time, first, end, instant)
        window[k].first, window[k].middle = max(first, middle - earlier - 1), middle
        window[k].end = min(end, middle + later + 1)


@kernel
def read(
    readings: Readings, lane: int, side: Side, as_of: int, anchors: Records, n: int,
    earlier: int, later: int,
) -> bool:  # fmt: skip
    """Read ``side`` of the anchors' counterparties; True if there was more than is read.

    Of each counterparty the latest ``earlier`` transfers up to the anchor's instant are read and
    the earliest ``later`` after it; with ``later`` 0 only those strictly before it.
    """
    cut_short = False
    _find(readings, lane, side, anchors, n, earlier, later)
    for k in range(n):
        time, middle = anchors[k].time, readings.window[lane, k].middle
        since = time - SPAN if earlier else time + 1
        until = min(as_of, time + SPAN + 1) if later else time
        first = before(side.time, readings.window[lane, k].first, middle, since)
        end = before(side.time, middle, readings.window[lane, k].end, until)
        cut_short |= middle - first > earlier or end - middle > later
        first, end = max(first, middle - earlier), min(end, middle + later)
        readings.window[lane, k].first, readings.window[lane, k].end = first, end
        bit = 1 << (anchors[k].member + ANCHORS * lane)
        for i in range(first, end):
            readings.seen[_slot(side.counterparty[i])] |= bit
    return cut_short


@kernel
def forget(meetings: Meetings) -> None:
    """Remove all third parties."""
    for party in range(meetings.size[0]):
        meetings.table[meetings.party[party].slot] = 0
    meetings.size[:] = 0


@kernel
def gather(
    meetings: Meetings, readings: Readings, lane: int, side: Side, code: int,
    anchors: Records, n: int, backward: bool,
) -> None:  # fmt: skip
    """Add what was read in a lane to the meetings of third parties, which are in order of time.

    ``backward`` puts the latest first.
    """
    start = size = meetings.size[1]
    for step in range(n):
        k = step if backward else n - 1 - step  # a new meeting becomes the first of its party
        first, end = readings.window[lane, k].first, readings.window[lane, k].end
        for reading in range(end - first):
            i = first + reading if backward else end - 1 - reading
            other = side.counterparty[i]
            seen = readings.seen[_slot(other)]
            if seen & (seen - 1) and other != code and other != anchors[k].counterparty:
                meetings.met[size].party_wallet, meetings.met[size].anchor = other, k
                met = meetings.met[size]
                met.time, met.transfer, met.amount = side.time[i], side.transfer[i], side.amount[i]
                size += 1
    meetings.size[1] = size
    for e in range(start, size):
        if meetings.met[e].amount > 0.0:
            _meet(meetings, lane, e, anchors[meetings.met[e].anchor].member)


@kernel
def clear(readings: Readings, lane: int, side: Side, n: int) -> None:
    """Make ready for the next reading."""
    for k in range(n):
        for i in range(readings.window[lane, k].first, readings.window[lane, k].end):
            readings.seen[_slot(side.counterparty[i])] = 0


@kernel
def _meet(meetings: Meetings, lane: int, e: int, member: int) -> None:
    """Make a meeting the first one of its third party."""
    wallet = meetings.met[e].party_wallet
    slot = _slot(wallet)
    while meetings.table[slot] and meetings.party[meetings.table[slot] - 1].wallet != wallet:
        slot = (slot + 1) & (_TABLE - 1)
    party = meetings.table[slot] - 1
    if party < 0:
        party = meetings.size[0]
        meetings.size[0] += 1
        meetings.table[slot] = party + 1
        meetings.party[party].slot, meetings.party[party].wallet = slot, wallet
        meetings.members[party, 0] = meetings.members[party, 1] = 0
        meetings.head[party, 0] = meetings.head[party, 1] = -1
    meetings.met[e].following, meetings.head[party, lane] = meetings.head[party, lane], e
    meetings.members[party, lane] |= 1 << member


@kernel
def bits(members: int) -> int:
    """Bits that are set."""
    n = 0
    while members:
        members &= members - 1
        n += 1
    return n
