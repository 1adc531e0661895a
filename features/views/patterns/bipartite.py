"""Bipartite groups and stacks: wallets that share counterparties with the wallet.

Two wallets share a recipient if both pay it within ``SPAN`` of each other; payers that share two or
more recipients, with their recipients, are the two layers of a bipartite group. The same holds of
senders. A stack is two groups that follow each other: wallets of its middle layer share senders,
and later share recipients (Altman et al. 2023, arXiv 2306.16424, section 3). What is read is in
:mod:`features.views.patterns.meetings`.
"""

from typing import NamedTuple

from features.kernel import DAY, Records, inner_kernel
from features.view import Template, filled
from features.views.patterns.instances import KIND, Instances, note_instance, note_transfer
from features.views.patterns.meetings import ANCHORS, SPAN, TRANSFERS_READ, Lane, Meetings, bits

_DAYS = f"{SPAN // DAY} days"
_SAME = f"{{value}} {{same}} within {_DAYS}, two or more in common"
_GROUP = (
    (
        "bipartite_{d}_count",
        "bipartite group: other wallets that have two or more {whose} in common with the wallet, "
        f"{{whose}} {{both}} within {_DAYS}; seen are the wallet's latest {ANCHORS} transfers "
        f"{{did}}, and of each counterparty the nearest {TRANSFERS_READ}",
    ),
    ("bipartite_{d}_shared_count", f"most {{whose}}, two or more, {{same}} within {_DAYS}"),
    ("bipartite_{d}_amount", _SAME),
    ("bipartite_{d}_share", f"{_SAME}, over the sum {{did}}"),
)
_WORDS = (
    {
        "d": "in",
        "did": "received",
        "whose": "senders",
        "both": "that paid both",
        "same": "that paid the same other wallet",
        "value": "value received from senders",
    },
    {
        "d": "out",
        "did": "sent",
        "whose": "recipients",
        "both": "that both paid",
        "same": "that the same other wallet paid",
        "value": "value sent to recipients",
    },
)
_STACK = (
    "lesser of the values received from the senders and sent to the recipients that the wallet "
    "has in common with the other wallets of stacks"
)
BIPARTITE: tuple[Template, ...] = (
    *filled(_WORDS, *_GROUP),
    (
        "stack_count",
        "stack: other wallets that have two or more senders and two or more recipients in common "
        f"with the wallet, each dealt with by both within {_DAYS}; both received the first "
        "transfer in common before they sent the first one",
    ),
    ("stack_amount", _STACK),
    ("stack_share", f"{_STACK}, over the sum received"),
)


class Shared(NamedTuple):
    """The transfers with counterparties that the wallet has in common with one far wallet.

    Attributes
    ----------
    own : int, bits of the wallet's anchors
    own_first, their_first : int, time of the first transfer of either
    """

    own: int
    own_first: int
    their_first: int


class Groups(NamedTuple):
    """The bipartite groups of one side.

    Attributes
    ----------
    others : int, far wallets that share two or more counterparties with the wallet
    widest : int, the most of those that one of them shares
    value : float, what the wallet moved with all of those, whole units of the asset
    """

    others: int
    widest: int
    value: float


class Stacks(NamedTuple):
    """The stacks with the wallet in their middle layer.

    Attributes
    ----------
    others : int, far wallets in that layer
    value : float, what the wallet passed on there, whole units of the asset
    """

    others: int
    value: float


@inner_kernel
def _shared(meetings: Meetings, far: int, lane: Lane) -> Shared:
    """What the wallet and a far wallet have in common in a lane."""
    met, anchor = meetings.met, lane.anchor
    e = meetings.head[far, lane.number]
    own, own_first, their_first = 0, anchor[met[e].anchor].time, met[e].time
    while e >= 0:
        own |= 1 << met[e].anchor
        their_first = min(their_first, met[e].time)
        e = met[e].following
    return Shared(own, own_first, their_first)


@inner_kernel
def _value(anchor: Records, own: int) -> float:
    """Sum of the anchors whose bits are set."""
    value = 0.0
    for k in range(anchor.size):
        if own >> k & 1:
            value += anchor[k].amount
    return value


@inner_kernel
def _note_shared(meetings: Meetings, far: int, lane: Lane, noted: Instances) -> None:
    """Note the first transfer of both wallets with every counterparty in common."""
    met, anchor = meetings.met, lane.anchor
    members, e = 0, meetings.head[far, lane.number]
    while e >= 0:
        k = met[e].anchor
        bit = 1 << anchor[k].member
        if not members & bit:
            members |= bit
            note_transfer(noted, anchor[k])
            note_transfer(noted, met[e])
        e = met[e].following


@inner_kernel
def groups(meetings: Meetings, lane: Lane, noted: Instances) -> Groups:
    """The bipartite groups that share senders (lane 0) or recipients (lane 1)."""
    others, widest, own = 0, 0, 0
    for far in range(meetings.size[0]):
        width = bits(meetings.members[far, lane.number])
        if width < 2:
            continue
        others += 1
        widest = max(widest, width)
        own |= _shared(meetings, far, lane).own
        if noted.instance.size:
            note_instance(noted, KIND.bipartite_out if lane.number else KIND.bipartite_in, 0.0)
            _note_shared(meetings, far, lane, noted)
    return Groups(others, widest, _value(lane.anchor, own))


@inner_kernel
def stacks(meetings: Meetings, paid: Lane, paying: Lane, noted: Instances) -> Stacks:
    """The stacks with the wallet in their middle layer.

    ``paid`` is whom the senders pay, ``paying`` who pays the recipients.
    """
    others, own_in, own_out = 0, 0, 0
    for far in range(meetings.size[0]):
        if bits(meetings.members[far, 0]) < 2 or bits(meetings.members[far, 1]) < 2:
            continue
        above, below = _shared(meetings, far, paid), _shared(meetings, far, paying)
        if above.own_first >= below.own_first or above.their_first >= below.their_first:
            continue
        others += 1
        own_in, own_out = own_in | above.own, own_out | below.own
        if noted.instance.size:
            note_instance(noted, KIND.stack, 0.0)
            _note_shared(meetings, far, paid, noted)
            _note_shared(meetings, far, paying, noted)
    return Stacks(others, min(_value(paid.anchor, own_in), _value(paying.anchor, own_out)))
