"""Meetings: which wallets a wallet's counterparties deal with around its transfers with them.

Such a wallet, two transfers away, is called *far* here. A pattern of three layers shows as far
wallets that are met through several counterparties. A wallet's ``ANCHORS`` latest legs of a side
are looked at. Around each of them at most ``TRANSFERS_READ`` transfers of the counterparty are
read, the nearest in time, and none more than ``SPAN`` away: a counterparty with many is a service,
which ties nobody to anybody. Nor does a pseudo-wallet: it is no far wallet, and nobody is met
through it. Transfers of zero amount take a place among those but are part of no pattern; their
amounts are read only where it matters.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import DAY, Int8s, Int32s, Int64s, Records, inner_kernel, kernel
from features.kernel.hash_table import empty_table, first_slot, secret_of, secret_slot
from features.past import PSEUDO, PastSide
from features.past.nearby import PART, Reach
from features.views.patterns.legs import Legs

# planted patterns have at most 16 members; twice that, among other transfers
ANCHORS, TRANSFERS_READ = 32, 32
SPAN = 4 * DAY  # the longest planted pattern of Altman et al. 2023
BEFORE, AFTER = Reach(TRANSFERS_READ, 0, SPAN), Reach(0, TRANSFERS_READ, SPAN)
AROUND = Reach(TRANSFERS_READ // 2, TRANSFERS_READ // 2, SPAN)
MEETINGS = 2 * ANCHORS * TRANSFERS_READ  # of a row, the most there can be
_TABLE = 4096


_ANCHOR = np.dtype(
    [
        ("time", np.int64),  # microseconds since 1970 UTC
        ("amount", np.float64),  # whole units of the asset
        ("member", np.int64),  # number of the counterparty among the different ones
        ("counterparty", np.int32),
        ("transfer", np.int32),
    ],
    align=True,
)  # a wallet's leg of one side
_FAR = np.dtype([("code", np.int32), ("slot", np.int32)])  # its place in the table
_MEETING = np.dtype(
    [
        ("time", np.int64),
        ("amount", np.float64),
        ("transfer", np.int32),  # these three of the counterparty's transfer
        ("far_code", np.int32),
        ("anchor", np.int32),
        ("following", np.int32),  # the far wallet's next meeting, -1 for none
    ],
    align=True,
)


class Lane(NamedTuple):
    """One search, through the counterparties of one side of a wallet; two run side by side.

    Attributes
    ----------
    number : int
        0 through those that pay the wallet, 1 through those that it pays.
    anchor : records, shape (n,), the wallet's latest legs of that side, the oldest first
    part : records, shape (n,) or longer
        The places around each anchor, as :func:`features.past.nearby.nearby` finds them.
    wallet : int
        Its code; no far wallet of its own.
    backward : bool
        Whether the latest meetings come first.
    """

    number: int
    anchor: Records
    part: Records
    wallet: int
    backward: bool


class Meetings(NamedTuple):
    """Far wallets that were met twice, and by whom, of two lanes.

    Wallets that share a slot may be here with one meeting.

    Attributes
    ----------
    table : int32 array, open-addressing hash table of far wallets plus 1, 0 where free
    far : records, one a far wallet
    members : int64 array, shape (far wallets, 2)
        Bits of the counterparties that met it, by lane.
    head : int32 array, shape (far wallets, 2)
        Its first meeting, by lane, -1 for none.
    met : records, one a meeting
    size : int64 array, shape (2,), far wallets and meetings
    """

    table: Int32s
    far: Records
    members: Int64s
    head: Int32s
    met: Records
    size: Int64s


@kernel
def empty_anchors() -> Records:
    """Room for the anchors of one side."""
    return np.empty(ANCHORS, dtype=_ANCHOR)


@kernel
def empty_parts() -> Records:
    """Room for the places around the anchors of one side."""
    return np.empty(ANCHORS, dtype=PART)


@kernel
def empty_seen() -> Int64s:
    """By slot of a hash table, bits of the counterparties of either lane that met its wallets.

    Only what was met twice is gathered: most wallets do not matter. Whoever chooses wallets of one
    slot has more gathered, within ``MEETINGS``, but no search made longer.
    """
    return np.zeros(_TABLE, dtype=np.int64)


@kernel
def empty_meetings() -> Meetings:
    """Room for two lanes."""
    table = empty_table(_TABLE)
    table[:_TABLE] = 0
    return Meetings(
        table,
        np.empty(MEETINGS, dtype=_FAR),
        np.empty((MEETINGS, 2), dtype=np.int64),
        np.empty((MEETINGS, 2), dtype=np.int32),
        np.empty(MEETINGS, dtype=_MEETING),
        np.zeros(2, dtype=np.int64),
    )


@kernel
def take_anchors(room: Records, legs: Legs) -> Records:
    """Fill ``room`` with the latest legs, at most ``ANCHORS``; what is filled is returned."""
    leg = legs.leg
    count = min(leg.size, ANCHORS)
    members = 0
    for k in range(count):
        i = leg.size - count + k
        other = leg[i].counterparty
        room[k].counterparty, room[k].time = other, leg[i].time
        room[k].amount, room[k].transfer = leg[i].amount, leg[i].transfer
        room[k].member = members
        for j in range(k):
            if room[j].counterparty == other:
                room[k].member = room[j].member
                break
        members += room[k].member == members
    return room[:count]


@inner_kernel
def _slot(wallet: int) -> int:
    return first_slot(wallet, _TABLE - 1)


@inner_kernel
def mark(seen: Int64s, lane: Lane, counterparty: Int32s) -> None:
    """Mark whom the anchors' counterparties met; ``counterparty`` is that of the side they read."""
    for k in range(lane.anchor.size):
        bit = 1 << (lane.anchor[k].member + ANCHORS * lane.number)
        for i in range(lane.part[k].first, lane.part[k].end):
            seen[_slot(counterparty[i])] |= bit


@inner_kernel
def unmark(seen: Int64s, lane: Lane, counterparty: Int32s) -> None:
    """Make ready for the next search."""
    for k in range(lane.anchor.size):
        for i in range(lane.part[k].first, lane.part[k].end):
            seen[_slot(counterparty[i])] = 0


@inner_kernel
def forget(meetings: Meetings) -> None:
    """Remove all far wallets."""
    for far in range(meetings.size[0]):
        meetings.table[meetings.far[far].slot] = 0
    meetings.size[0] = meetings.size[1] = 0


@inner_kernel
def gather(meetings: Meetings, seen: Int64s, lane: Lane, side: PastSide, kind: Int8s) -> None:
    """Add what is marked in a lane to the meetings of far wallets, which are in order of time."""
    time, transfer, amount = side.time, side.transfer, side.amount
    counterparty, met = side.counterparty, meetings.met
    start = size = meetings.size[1]
    for step in range(lane.anchor.size):
        # a new meeting becomes the first of its wallet
        k = step if lane.backward else lane.anchor.size - 1 - step
        first, end = lane.part[k].first, lane.part[k].end
        for reading in range(end - first):
            i = first + reading if lane.backward else end - 1 - reading
            other = counterparty[i]
            by = seen[_slot(other)]
            if kind[other] == PSEUDO:
                continue
            if by & (by - 1) and other != lane.wallet and other != lane.anchor[k].counterparty:
                met[size].far_code, met[size].anchor = other, k
                met[size].time, met[size].transfer = time[i], transfer[i]
                met[size].amount = amount[i]
                size += 1
    meetings.size[1] = size
    for e in range(start, size):
        if met[e].amount > 0.0:
            _meet(meetings, lane.number, e, lane.anchor[met[e].anchor].member)


@inner_kernel
def _meet(meetings: Meetings, lane: int, e: int, member: int) -> None:
    """Make a meeting the first one of its far wallet."""
    code = meetings.met[e].far_code
    slot = secret_slot(secret_of(meetings.table), _TABLE - 1, code)
    while meetings.table[slot] and meetings.far[meetings.table[slot] - 1].code != code:
        slot = (slot + 1) & (_TABLE - 1)
    far = meetings.table[slot] - 1
    if far < 0:
        far = meetings.size[0]
        meetings.size[0] += 1
        meetings.table[slot] = far + 1
        meetings.far[far].slot, meetings.far[far].code = slot, code
        meetings.members[far, 0] = meetings.members[far, 1] = 0
        meetings.head[far, 0] = meetings.head[far, 1] = -1
    meetings.met[e].following, meetings.head[far, lane] = meetings.head[far, lane], e
    meetings.members[far, lane] |= 1 << member


@inner_kernel
def bits(members: int) -> int:
    """Bits that are set."""
    n = 0
    while members:
        members &= members - 1
        n += 1
    return n
