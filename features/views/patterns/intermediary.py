"""The wallet as an intermediary of scatter-gather, beside others that pass on money of one source.

Each other intermediary is a far wallet that the wallet's sender pays and that pays the wallet's
recipient. See :mod:`features.views.patterns.scatter_gather`.
"""

from typing import Any, NamedTuple

import numpy as np

from features.kernel import Records, inner_kernel, kernel
from features.view import Template
from features.views.patterns.instances import KIND, Instances, note_instance, note_transfer
from features.views.patterns.meetings import ANCHORS, SPAN, Meetings
from features.views.patterns.scatter_gather import SEEN, VALUE, WITHIN

INTERMEDIARY: tuple[Template, ...] = (
    (
        "scatter_gather_intermediary_count",
        "scatter-gather as intermediary: most wallets, it and one or more others, that the same "
        "source pays and that later pay the same target, each other one together with it all "
        f"{WITHIN}; {SEEN.format(did='a side')}",
    ),
    ("scatter_gather_intermediary_amount", f"{VALUE}, where the wallet is an intermediary"),
    (
        "scatter_gather_intermediary_share",
        "own part in the scatter-gather with most intermediaries where the wallet is one of them, "
        "the lesser of what it received and sent there (the largest of equally wide ones), over "
        "the sum received",
    ),
)
_CELL = np.dtype(
    [
        ("value", np.float64),  # what the others passed on, whole units of the asset
        ("count", np.int64),  # other intermediaries
        ("latest", np.int64),  # the one that was counted last
    ]
)


class Pair(NamedTuple):
    """What the wallet received and what it passed on of it, as an intermediary.

    Attributes
    ----------
    receipt, sending : record, anchors of the wallet
    a, b : int, their places
    """

    receipt: Any
    sending: Any
    a: int
    b: int


class Middle(NamedTuple):
    """The scatter-gather with most intermediaries, of which the wallet is one.

    Attributes
    ----------
    width : int, the intermediaries; 0 where there are not two or more
    value : float, what went through all of them, whole units of the asset
    own : float, the part of the wallet
    """

    width: int
    value: float
    own: float


@kernel
def empty_grid() -> Records:
    """Room for the other intermediaries, shape (ANCHORS, ANCHORS), by receipt and sending."""
    return np.empty((ANCHORS, ANCHORS), dtype=_CELL)


@inner_kernel
def _fits(own_in: Any, own_out: Any, other_in: Any, other_out: Any) -> bool:
    """Whether both intermediaries received before they paid, all of it within ``SPAN``."""
    first, end = min(own_in.time, other_in.time), max(own_out.time, other_out.time)
    in_order = own_in.time < own_out.time and other_in.time < other_out.time
    return bool(in_order and end - first <= SPAN)


@inner_kernel
def _add_other(
    meetings: Meetings, far: int, receipts: Records, sendings: Records, grid: Records
) -> None:
    """Count one other intermediary for every receipt and sending of the wallet that it fits."""
    met = meetings.met
    e = meetings.head[far, 0]
    while e >= 0:
        a = met[e].anchor
        f = meetings.head[far, 1]
        while f >= 0:
            b = met[f].anchor
            if (
                grid[a, b].latest != far
                and receipts[a].counterparty != sendings[b].counterparty
                and _fits(receipts[a], sendings[b], met[e], met[f])
            ):
                grid[a, b].latest = far
                grid[a, b].count += 1
                grid[a, b].value += min(met[e].amount, met[f].amount)
            f = met[f].following
        e = met[e].following


@inner_kernel
def _note_other(meetings: Meetings, far: int, own: Pair, noted: Instances) -> None:
    """Note the transfers by which :func:`_add_other` counts a far wallet, if it does."""
    met = meetings.met
    e = meetings.head[far, 0]
    while e >= 0:
        f = meetings.head[far, 1] if met[e].anchor == own.a else -1
        while f >= 0:
            if met[f].anchor == own.b and _fits(own.receipt, own.sending, met[e], met[f]):
                note_transfer(noted, met[e])
                note_transfer(noted, met[f])
                return
            f = met[f].following
        e = met[e].following


@inner_kernel
def _note(meetings: Meetings, own: Pair, value: float, noted: Instances) -> None:
    """Note the transfers of all intermediaries, those of the wallet first."""
    note_instance(noted, KIND.scatter_gather_intermediary, value)
    note_transfer(noted, own.receipt)
    note_transfer(noted, own.sending)
    for far in range(meetings.size[0]):
        _note_other(meetings, far, own, noted)


@inner_kernel
def widest_middle(
    meetings: Meetings, receipts: Records, sendings: Records, grid: Records, noted: Instances
) -> Middle:
    """The widest scatter-gather around the wallet; ``receipts`` and ``sendings`` are its anchors.

    Lane 0 of the meetings holds whom the senders pay, lane 1 who pays the recipients.
    """
    for a in range(receipts.size):
        for b in range(sendings.size):
            cell = grid[a, b]
            cell.value, cell.count, cell.latest = 0.0, 0, -1
    for far in range(meetings.size[0]):
        if meetings.members[far, 0] and meetings.members[far, 1]:
            _add_other(meetings, far, receipts, sendings, grid)
    widest, moved, own, best_a, best_b = 0, 0.0, 0.0, -1, -1
    for a in range(receipts.size):
        for b in range(sendings.size):
            width = grid[a, b].count + 1
            if width < max(widest, 2):
                continue
            part = min(receipts[a].amount, sendings[b].amount)
            value = grid[a, b].value + part
            if width > widest or value > moved:
                moved, best_a, best_b = value, a, b
            own = max(own, part) if width == widest else part
            widest = width
    if widest and noted.instance.size:
        pair = Pair(receipts[best_a], sendings[best_b], best_a, best_b)
        _note(meetings, pair, moved, noted)
    return Middle(widest, moved, own)
