"""Scatter-gather: a source pays several intermediaries, each of which later pays one target.

Altman et al. 2023 (arXiv 2306.16424, section 3). A wallet may be the source, the target or one of
the intermediaries. Intermediaries keep or add what they like, so amounts need not match. What is
read, and so how wide an instance can be found, is in :mod:`features.views.patterns.meetings`.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import DAY, Float64s, Int64s, kernel
from features.view import Column
from features.views.patterns.instances import (
    ALTMAN,
    INTERMEDIARY,
    SOURCE,
    TARGET,
    Proofs,
    note_instance,
    note_transfer,
)
from features.views.patterns.legs import Extent, Record, Records, put_value
from features.views.patterns.meetings import ANCHORS, READ, SPAN, Meetings, bits

N_END = 4  # columns of the source, and as many of the target


_CELL = np.dtype([("value", np.float64), ("count", np.int64), ("latest", np.int64)])


class Passages(NamedTuple):
    """Working memory.

    Attributes
    ----------
    meeting : int64 array, shape (ANCHORS,): the nearest of each anchor's with one third party
    grid : records, shape (ANCHORS, ANCHORS), by receipt and sending: the other intermediaries that
        fit, the latest of them, and what they passed on
    """

    meeting: Int64s
    grid: Records


@kernel
def empty_passages() -> Passages:
    """Working memory for one row."""
    return Passages(np.empty(ANCHORS, dtype=np.int64), np.empty((ANCHORS, ANCHORS), dtype=_CELL))


@kernel
def _passages(meetings: Meetings, party: int, lane: int, passages: Passages) -> int:
    """Of each anchor the meeting with a third party that is nearest in time."""
    n, latest, e = 0, -1, meetings.head[party, lane]
    while e >= 0:
        if meetings.met[e].anchor != latest:
            latest = meetings.met[e].anchor
            passages.meeting[n] = e
            n += 1
        e = meetings.met[e].following
    return n


@kernel
def _window(
    meetings: Meetings, passages: Passages, n: int, start: int, anchors: Records, noted: Proofs
) -> tuple[int, float]:
    """Intermediaries from passage ``start`` on within ``SPAN``, and their value."""
    begin = anchors[meetings.met[passages.meeting[start]].anchor].time
    members, value = 0, 0.0
    for j in range(start, n):
        e = passages.meeting[j]
        k = meetings.met[e].anchor
        bit = 1 << anchors[k].member
        if members & bit or abs(meetings.met[e].time - begin) > SPAN:
            continue
        members |= bit
        value += min(anchors[k].amount, meetings.met[e].amount)
        note_transfer(noted, anchors[k])
        note_transfer(noted, meetings.met[e])
    return bits(members), value


@kernel
def _widest_window(
    meetings: Meetings, passages: Passages, n: int, anchors: Records, unnoted: Proofs
) -> tuple[int, float, int]:
    """Most intermediaries within ``SPAN``, the greatest value of so many, and where they begin."""
    widest, moved, begin, latest = 0, 0.0, 0, -1
    for start in range(n):
        k = meetings.met[passages.meeting[start]].anchor
        if latest >= 0 and anchors[k].time == anchors[latest].time:
            continue
        latest = k
        width, value = _window(meetings, passages, n, start, anchors, unnoted)
        if width > widest or (width == widest and value > moved):
            widest, moved, begin = width, value, start
    return widest, moved, begin


@kernel
def end_columns(
    meetings: Meetings, lane: int, anchors: Records, passages: Passages, extent: Extent,
    line: Float64s, noted: Proofs, unnoted: Proofs,
) -> None:  # fmt: skip
    """Columns of the target (lane 0) or of the source (lane 1)."""
    widest, parties, moved = 0, 0, 0.0
    for party in range(meetings.size[0]):
        if bits(meetings.members[party, lane]) < 2:
            continue
        n = _passages(meetings, party, lane, passages)
        width, value, begin = _widest_window(meetings, passages, n, anchors, unnoted)
        if width < 2:
            continue
        parties += 1
        if width > widest or (width == widest and value > moved):
            widest, moved = width, value
        if noted.instance.size:
            note_instance(noted, SOURCE if lane else TARGET, value)
            _window(meetings, passages, n, begin, anchors, noted)
    line[0], line[1] = widest, parties
    put_value(line[2:4], moved, moved, extent)


@kernel
def _fits(own_in: Record, own_out: Record, other_in: Record, other_out: Record) -> bool:
    """Whether both intermediaries received before they paid, all of it within ``SPAN``."""
    first, end = min(own_in.time, other_in.time), max(own_out.time, other_out.time)
    in_order = own_in.time < own_out.time and other_in.time < other_out.time
    return bool(in_order and end - first <= SPAN)


@kernel
def _add_other(
    meetings: Meetings, party: int, receipts: Records, sendings: Records, passages: Passages
) -> None:
    """Count one other intermediary for every receipt and sending of the wallet that it fits."""
    e = meetings.head[party, 0]
    while e >= 0:
        a = meetings.met[e].anchor
        f = meetings.head[party, 1]
        while f >= 0:
            b = meetings.met[f].anchor
            if (
                passages.grid[a, b].latest != party
                and receipts[a].counterparty != sendings[b].counterparty
                and _fits(receipts[a], sendings[b], meetings.met[e], meetings.met[f])
            ):
                passages.grid[a, b].latest = party
                passages.grid[a, b].count += 1
                passages.grid[a, b].value += min(meetings.met[e].amount, meetings.met[f].amount)
            f = meetings.met[f].following
        e = meetings.met[e].following


@kernel
def _note_other(
    meetings: Meetings, party: int, receipts: Records, sendings: Records, a: int, b: int,
    noted: Proofs,
) -> None:  # fmt: skip
    """Note the transfers by which :func:`_add_other` counts a third party, if it does."""
    e = meetings.head[party, 0]
    while e >= 0:
        f = meetings.head[party, 1] if meetings.met[e].anchor == a else -1
        while f >= 0:
            if meetings.met[f].anchor == b and _fits(
                receipts[a], sendings[b], meetings.met[e], meetings.met[f]
            ):
                note_transfer(noted, meetings.met[e])
                note_transfer(noted, meetings.met[f])
                return
            f = meetings.met[f].following
        e = meetings.met[e].following


@kernel
def _note_intermediaries(
    meetings: Meetings, receipts: Records, sendings: Records, a: int, b: int, value: float,
    noted: Proofs,
) -> None:  # fmt: skip
    note_instance(noted, INTERMEDIARY, value)
    note_transfer(noted, receipts[a])
    note_transfer(noted, sendings[b])
    for party in range(meetings.size[0]):
        _note_other(meetings, party, receipts, sendings, a, b, noted)


@kernel
def intermediary_columns(
    meetings: Meetings, receipts: Records, extent_in: Extent, sendings: Records,
    extent_out: Extent, passages: Passages, line: Float64s, noted: Proofs,
) -> None:  # fmt: skip
    """Columns of the intermediary.

    Lane 0 holds whom the senders pay, lane 1 who pays the recipients.
    """
    n_in, n_out = min(extent_in.n, ANCHORS), min(extent_out.n, ANCHORS)
    for a in range(n_in):
        for b in range(n_out):
            cell = passages.grid[a, b]
            cell.value, cell.count, cell.latest = 0.0, 0, -1
    for party in range(meetings.size[0]):
        if meetings.members[party, 0] and meetings.members[party, 1]:
            _add_other(meetings, party, receipts, sendings, passages)
    widest, moved, own, best_a, best_b = 0, 0.0, 0.0, -1, -1
    for a in range(n_in):
        for b in range(n_out):
            width = passages.grid[a, b].count + 1
            if width < max(widest, 2):
                continue
            part = min(receipts[a].amount, sendings[b].amount)
            value = passages.grid[a, b].value + part
            if width > widest or value > moved:
                moved, best_a, best_b = value, a, b
            own = max(own, part) if width == widest else part
            widest = width
    line[0] = widest
    put_value(line[1:3], moved, own, extent_in)
    if widest and noted.instance.size:
        _note_intermediaries(meetings, receipts, sendings, best_a, best_b, moved, noted)


_WITHIN = f"within {SPAN // DAY} days"
_READ = (
    f"seen are the wallet's latest {ANCHORS} transfers {{}}, and of each counterparty the nearest "
    f"{READ}"
)
_VALUE = (
    "value of the scatter-gather with most intermediaries, the sum over them of the lesser of what "
    "each received and sent"
)


def _end_columns(role: str, other: str, whole: str, sum_of: str) -> tuple[Column, ...]:
    name = f"patterns_scatter_gather_{role}"
    return (
        Column(
            f"{name}_count",
            f"scatter-gather as {role}: most intermediaries, two or more, between the wallet and "
            f"one {other}: {whole} {_WITHIN}; {_READ.format(sum_of)}",
            source=ALTMAN,
        ),
        Column(
            f"{name}_{other}s_count",
            f"scatter-gather as {role}: different {other}s, each over two or more intermediaries",
            source=ALTMAN,
        ),
        Column(
            f"{name}_amount",
            f"{_VALUE}, where the wallet is the {role}",
            scale_free=False,
            source=ALTMAN,
        ),
        Column(
            f"{name}_share",
            f"{_VALUE}, where the wallet is the {role}, over the sum {sum_of}",
            source=ALTMAN,
        ),
    )


_INTERMEDIARY = "patterns_scatter_gather_intermediary"

SCATTER_GATHER_COLUMNS = (
    *_end_columns(
        "source", "target", "the wallet pays each, and each pays the target later, all", "sent"
    ),
    *_end_columns(
        "target", "source", "the source pays each, and each pays the wallet later, all", "received"
    ),
    Column(
        f"{_INTERMEDIARY}_count",
        "scatter-gather as intermediary: most wallets, it and one or more others, that the same "
        "source pays and that later pay the same target, each other one together with it all "
        f"{_WITHIN}; {_READ.format('a side')}",
        source=ALTMAN,
    ),
    Column(
        f"{_INTERMEDIARY}_amount",
        f"{_VALUE}, where the wallet is an intermediary",
        False,
        source=ALTMAN,
    ),
    Column(
        f"{_INTERMEDIARY}_share",
        "own part in the scatter-gather with most intermediaries where the wallet is one of them, "
        "the lesser of what it received and sent there (the largest of equally wide ones), over "
        "the sum received",
        source=ALTMAN,
    ),
)
