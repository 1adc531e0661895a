"""Bipartite groups and stacks: wallets that share counterparties with the wallet.

Two wallets share a recipient if both pay it within ``SPAN`` of each other; payers that share two or
more recipients, with their recipients, are the two layers of a bipartite group. The same holds of
senders. A stack is two groups that follow each other: wallets of its middle layer share senders,
and later share recipients (Altman et al. 2023, arXiv 2306.16424, section 3). What is read is in
:mod:`features.views.patterns.meetings`.
"""

from typing import NamedTuple

from features.kernel import DAY, Float64s, kernel
from features.view import Column
from features.views.patterns.instances import (
    ALTMAN,
    BIPARTITE_IN,
    BIPARTITE_OUT,
    STACK,
    Proofs,
    note_instance,
    note_transfer,
)
from features.views.patterns.legs import Extent, Records, put_value
from features.views.patterns.meetings import ANCHORS, READ, SPAN, Meetings, bits


class Shared(NamedTuple):
    """The transfers with counterparties that the wallet has in common with one third party.

    Attributes
    ----------
    own : int, bits of the wallet's transfers
    own_first, their_first : int, time of the first transfer of either
    """

    own: int
    own_first: int
    their_first: int


@kernel
def _shared(meetings: Meetings, party: int, lane: int, anchors: Records) -> Shared:
    e = meetings.head[party, lane]
    own, own_first, their_first = 0, anchors[meetings.met[e].anchor].time, meetings.met[e].time
    while e >= 0:
        own |= 1 << meetings.met[e].anchor
        their_first = min(their_first, meetings.met[e].time)
        e = meetings.met[e].following
    return Shared(own, own_first, their_first)


@kernel
def _value(anchors: Records, own: int) -> float:
    value = 0.0
    for k in range(ANCHORS):
        if own >> k & 1:
            value += anchors[k].amount
    return value


@kernel
def _note_shared(
    meetings: Meetings, party: int, lane: int, anchors: Records, noted: Proofs
) -> None:
    """Note the first transfer of both wallets with every counterparty in common."""
    members, e = 0, meetings.head[party, lane]
    while e >= 0:
        k = meetings.met[e].anchor
        bit = 1 << anchors[k].member
        if not members & bit:
            members |= bit
            note_transfer(noted, anchors[k])
            note_transfer(noted, meetings.met[e])
        e = meetings.met[e].following


@kernel
def _group_columns(
    meetings: Meetings, lane: int, anchors: Records, extent: Extent, line: Float64s, noted: Proofs
) -> None:
    """Columns of one direction."""
    others, widest, own = 0, 0, 0
    for party in range(meetings.size[0]):
        width = bits(meetings.members[party, lane])
        if width < 2:
            continue
        others += 1
        widest = max(widest, width)
        own |= _shared(meetings, party, lane, anchors).own
        if noted.instance.size:
            note_instance(noted, BIPARTITE_OUT if lane else BIPARTITE_IN, 0.0)
            _note_shared(meetings, party, lane, anchors, noted)
    line[0], line[1] = others, widest
    value = _value(anchors, own)
    put_value(line[2:4], value, value, extent)


@kernel
def _stack_columns(
    meetings: Meetings, receipts: Records, sendings: Records, extent_in: Extent, line: Float64s,
    noted: Proofs,
) -> None:  # fmt: skip
    peers, own_in, own_out = 0, 0, 0
    for party in range(meetings.size[0]):
        if bits(meetings.members[party, 0]) < 2 or bits(meetings.members[party, 1]) < 2:
            continue
        above = _shared(meetings, party, 0, receipts)
        below = _shared(meetings, party, 1, sendings)
        if above.own_first >= below.own_first or above.their_first >= below.their_first:
            continue
        peers += 1
        own_in, own_out = own_in | above.own, own_out | below.own
        if noted.instance.size:
            note_instance(noted, STACK, 0.0)
            _note_shared(meetings, party, 0, receipts, noted)
            _note_shared(meetings, party, 1, sendings, noted)
    line[0] = peers
    value = min(_value(receipts, own_in), _value(sendings, own_out))
    put_value(line[1:3], value, value, extent_in)


@kernel
def bipartite_columns(
    meetings: Meetings, receipts: Records, extent_in: Extent, sendings: Records,
    extent_out: Extent, line: Float64s, noted: Proofs,
) -> None:  # fmt: skip
    """Fill ``BIPARTITE_COLUMNS`` of one row.

    Lane 0 holds whom the senders pay, lane 1 who pays the recipients.
    """
    _group_columns(meetings, 0, receipts, extent_in, line[0:4], noted)
    _group_columns(meetings, 1, sendings, extent_out, line[4:8], noted)
    _stack_columns(meetings, receipts, sendings, extent_in, line[8:11], noted)


_DAYS = f"{SPAN // DAY} days"


def _direction(
    d: str, whose: str, did: str, both: str, same: str, value: str
) -> tuple[Column, ...]:
    name = f"patterns_bipartite_{d}"
    return (
        Column(
            f"{name}_count",
            f"bipartite group: other wallets that have two or more {whose} in common with the "
            f"wallet, {whose} {both} within {_DAYS}; seen are the wallet's latest {ANCHORS} "
            f"transfers {did}, and of each counterparty the nearest {READ}",
            source=ALTMAN,
        ),
        Column(
            f"{name}_shared_count",
            f"most {whose}, two or more, {same} within {_DAYS}",
            source=ALTMAN,
        ),
        Column(
            f"{name}_amount",
            f"{value} {same} within {_DAYS}, two or more in common",
            scale_free=False,
            source=ALTMAN,
        ),
        Column(
            f"{name}_share",
            f"{value} {same} within {_DAYS}, two or more in common, over the sum {did}",
            source=ALTMAN,
        ),
    )


_STACK = (
    "lesser of the values received from the senders and sent to the recipients that the wallet "
    "has in common with the other wallets of stacks"
)

BIPARTITE_COLUMNS = (
    *_direction(
        "in",
        "senders",
        "received",
        "that paid both",
        "that paid the same other wallet",
        "value received from senders",
    ),
    *_direction(
        "out",
        "recipients",
        "sent",
        "that both paid",
        "that the same other wallet paid",
        "value sent to recipients",
    ),
    Column(
        "patterns_stack_count",
        "stack: other wallets that have two or more senders and two or more recipients in common "
        f"with the wallet, each dealt with by both within {_DAYS}; both received the first "
        "transfer in common before they sent the first one",
        source=ALTMAN,
    ),
    Column("patterns_stack_amount", _STACK, scale_free=False, source=ALTMAN),
    Column("patterns_stack_share", f"{_STACK}, over the sum received", source=ALTMAN),
)
