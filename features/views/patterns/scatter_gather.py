"""Scatter-gather: a source pays several intermediaries, each of which later pays one target.

Altman et al. 2023 (arXiv 2306.16424, section 3). Here the wallet is the source or the target; as
one of the intermediaries it is looked at in :mod:`features.views.patterns.intermediary`, and what
is read, and so how wide an instance can be found, is in :mod:`features.views.patterns.meetings`.
Intermediaries keep or add what they like, so amounts need not match.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import DAY, Int64s, Records, inner_kernel, kernel
from features.view import Template, filled
from features.views.patterns.instances import KIND, Instances, note_instance, note_transfer
from features.views.patterns.meetings import ANCHORS, SPAN, TRANSFERS_READ, Lane, Meetings, bits

WITHIN = f"within {SPAN // DAY} days"
SEEN = (
    f"seen are the wallet's latest {ANCHORS} transfers {{did}}, and of each counterparty the "
    f"nearest {TRANSFERS_READ}"
)
VALUE = (
    "value of the scatter-gather with most intermediaries, the sum over them of the lesser of what "
    "each received and sent"
)
_END = (
    (
        "scatter_gather_{role}_count",
        "scatter-gather as {role}: most intermediaries, two or more, between the wallet and one "
        f"{{other}}: {{whole}} {WITHIN}; {SEEN}",
    ),
    (
        "scatter_gather_{role}_{other}s_count",
        "scatter-gather as {role}: different {other}s, each over two or more intermediaries",
    ),
    ("scatter_gather_{role}_amount", f"{VALUE}, where the wallet is the {{role}}"),
    (
        "scatter_gather_{role}_share",
        f"{VALUE}, where the wallet is the {{role}}, over the sum {{did}}",
    ),
)
_WORDS = (
    {
        "role": "source",
        "other": "target",
        "did": "sent",
        "whole": "the wallet pays each, and each pays the target later, all",
    },
    {
        "role": "target",
        "other": "source",
        "did": "received",
        "whole": "the source pays each, and each pays the wallet later, all",
    },
)
SCATTER_GATHER: tuple[Template, ...] = filled(_WORDS, *_END)


class End(NamedTuple):
    """The scatter-gather with most intermediaries that begins or ends at the wallet.

    Attributes
    ----------
    width : int, its intermediaries; 0 where there is none of two or more
    others : int, far wallets at the other end of any
    value : float, what went through the intermediaries, whole units of the asset
    """

    width: int
    others: int
    value: float


class Run(NamedTuple):
    """Some meetings that are nearest, of one far wallet: places ``[first, end)`` among those."""

    first: int
    end: int


@kernel
def empty_nearest() -> Int64s:
    """Room for one far wallet's meetings that are nearest in time, one an anchor."""
    return np.empty(ANCHORS, dtype=np.int64)


@inner_kernel
def _find_nearest(meetings: Meetings, far: int, lane: Lane, nearest: Int64s) -> int:
    """Fill ``nearest`` with the meeting of each anchor with a far wallet; returns their number."""
    n, latest, e = 0, -1, meetings.head[far, lane.number]
    while e >= 0:
        if meetings.met[e].anchor != latest:
            latest = meetings.met[e].anchor
            nearest[n] = e
            n += 1
        e = meetings.met[e].following
    return n


@inner_kernel
def _window(
    meetings: Meetings, run: Run, nearest: Int64s, anchor: Records, noted: Instances
) -> tuple[int, float]:
    """Intermediaries of a run within ``SPAN`` of its first meeting's anchor, and their value."""
    begin = anchor[meetings.met[nearest[run.first]].anchor].time
    members, value = 0, 0.0
    for j in range(run.first, run.end):
        e = nearest[j]
        k = meetings.met[e].anchor
        bit = 1 << anchor[k].member
        if members & bit or abs(meetings.met[e].time - begin) > SPAN:
            continue
        members |= bit
        value += min(anchor[k].amount, meetings.met[e].amount)
        note_transfer(noted, anchor[k])
        note_transfer(noted, meetings.met[e])
    return bits(members), value


@inner_kernel
def _widest_window(
    meetings: Meetings, n: int, nearest: Int64s, anchor: Records, unnoted: Instances
) -> tuple[int, float, int]:
    """Most intermediaries within ``SPAN``, the greatest value of so many, and where they begin."""
    widest, moved, begin, latest = 0, 0.0, 0, -1
    for start in range(n):
        k = meetings.met[nearest[start]].anchor
        if latest >= 0 and anchor[k].time == anchor[latest].time:
            continue
        latest = k
        width, value = _window(meetings, Run(start, n), nearest, anchor, unnoted)
        if width > widest or (width == widest and value > moved):
            widest, moved, begin = width, value, start
    return widest, moved, begin


@inner_kernel
def widest_end(
    meetings: Meetings, lane: Lane, nearest: Int64s, noted: Instances, unnoted: Instances
) -> End:
    """The widest scatter-gather with the wallet as target (lane 0) or as source (lane 1).

    ``nearest`` is :func:`empty_nearest`; ``unnoted`` has room for nothing.
    """
    kind = KIND.scatter_gather_source if lane.number else KIND.scatter_gather_target
    widest, others, moved = 0, 0, 0.0
    for far in range(meetings.size[0]):
        if bits(meetings.members[far, lane.number]) < 2:
            continue
        n = _find_nearest(meetings, far, lane, nearest)
        width, value, begin = _widest_window(meetings, n, nearest, lane.anchor, unnoted)
        if width < 2:
            continue
        others += 1
        if width > widest or (width == widest and value > moved):
            widest, moved = width, value
        if noted.instance.size:
            note_instance(noted, kind, value)
            _window(meetings, Run(begin, n), nearest, lane.anchor, noted)
    return End(widest, others, moved)
