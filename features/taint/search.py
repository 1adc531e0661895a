"""The search for labelled wallets behind a wallet's receipts and beyond its sendings.

It follows pieces of value, one transfer of one path each, the largest first (ties: the one
discovered first, the latest transfer of a wallet first). No piece holds more than the one it came
from, so the pieces form one list in descending order that is followed from its head, and a cap on
its length loses the smallest. A path ends at a labelled wallet, whose funds cannot be told apart
by transfers, and at the wallet the search is for. No hop is later than the one before it (earlier,
for what was sent); at one instant receipts come before sendings, so that money that moves on inside
a block is followed. Haircut is linear in the sources: the value that reaches a labelled
wallet is its exposure, and one search finds all categories.

A wallet whose earlier transfers are not all read may have held anything before. What was read
splits its value all the same, and all that is found through it counts as unsure (``DROPPED``).
"""

from typing import Any

from features.kernel import kernel
from features.ledger.slices import Sides
from features.past.history import cut
from features.past.known_labels import LabelEvents, event_at
from features.taint.pieces import (
    DROPPED,
    PIECES,
    SEARCHED,
    TOTAL,
    Caps,
    Memory,
    Records,
    begin,
    count,
    keep,
)
from features.taint.reading import Reading, Span, read_around
from features.taint.rules import fifo_ahead, fifo_back, haircut_ahead, haircut_back, poison


@kernel
def _worth_following(memory: Memory, at: int, caps: Caps) -> bool:
    """Whether there is another piece and it is no less than the floor."""
    if at == memory.n[PIECES]:
        return False
    return bool(memory.pieces[at].value >= caps.floor * memory.sums[TOTAL])


@kernel
def _read(
    sides: Sides, as_of: int, forward: bool, caps: Caps, memory: Memory, at: int, dust: float
) -> Span:
    """Read the wallet that a piece came from or went to."""
    pieces = memory.pieces
    return read_around(
        sides, pieces[at].wallet, pieces[at].time, pieces[at].transfer, as_of, forward,
        caps.read, dust, memory.reading,
    )  # fmt: skip


@kernel
def _spread(
    labels: LabelEvents, code: int, as_of: int, caps: Caps, memory: Memory, at: int, span: Span,
    forward: bool, rest: float,
) -> None:  # fmt: skip
    """Turn what an allocation rule gave to each transfer into ends found and pieces to follow."""
    reading, pieces, n, sums = memory.reading, memory.pieces, memory.n, memory.sums
    parent = pieces[at].parent
    sure = not span.earlier and (parent < 0 or pieces[parent].sure)
    pieces[at].sure = sure
    ended = SEARCHED if sure else DROPPED
    sums[DROPPED if span.later else ended] += rest
    hops = pieces[at].hops + 1
    first, end = (span.middle, span.end) if forward else (span.first, span.middle)
    for k in range(end - 1, first - 1, -1):
        entry = reading[k]
        value, wallet = entry.value, entry.wallet
        if value == 0.0:
            continue
        if wallet == code:
            sums[ended] += value
            continue
        if value < caps.floor * sums[TOTAL]:
            sums[DROPPED] += value
            continue
        event = event_at(labels, wallet, as_of)
        if event >= 0:
            sums[ended] += value
            count(memory, labels, event, hops, value, entry.transfer, at)
        elif hops == caps.hops:
            sums[DROPPED] += value
        else:
            keep(
                pieces, n, sums, at + 1, value, entry.offset, entry.time, wallet,
                entry.transfer, entry.amount, at, hops,
            )  # fmt: skip


@kernel
def _finish(memory: Memory, at: int) -> None:
    """Count pieces that were not followed as dropped."""
    for k in range(at, memory.n[PIECES]):
        memory.sums[DROPPED] += memory.pieces[k].value


@kernel
def _begin(
    sides: Sides, labels: LabelEvents, code: int, as_of: int, forward: bool, memory: Memory
) -> None:
    """Start from all transfers of one side."""
    side = sides.outgoing if forward else sides.incoming
    first, end, _ = cut(side, code, as_of)
    begin(side, labels, code, as_of, first, end, memory)


@kernel
def _haircut(reading: Reading, span: Span, piece: Any, forward: bool) -> float:
    if forward:
        return haircut_ahead(reading, span, piece.amount, piece.value)
    return haircut_back(reading, span, piece.amount, piece.value)


@kernel
def _fifo(reading: Reading, span: Span, piece: Any, forward: bool) -> float:
    if forward:
        return fifo_ahead(reading, span, piece.value, piece.offset)
    return fifo_back(reading, span, piece.value, piece.offset)


@kernel
def haircut_search(
    sides: Sides, labels: LabelEvents, code: int, as_of: int, forward: bool, caps: Caps,
    memory: Memory,
) -> None:  # fmt: skip
    """Follow a side's value pro rata: receipts backward or (``forward``) sendings onward."""
    _begin(sides, labels, code, as_of, forward, memory)
    at, pieces = 0, memory.pieces
    while _worth_following(memory, at, caps):
        span = _read(sides, as_of, forward, caps, memory, at, caps.floor * pieces[at].amount)
        rest = _haircut(memory.reading, span, pieces[at], forward)
        _spread(labels, code, as_of, caps, memory, at, span, forward, rest)
        at += 1
    _finish(memory, at)


@kernel
def fifo_search(
    sides: Sides, labels: LabelEvents, code: int, as_of: int, forward: bool, caps: Caps,
    memory: Memory,
) -> None:  # fmt: skip
    """Follow a side's value first in, first out."""
    _begin(sides, labels, code, as_of, forward, memory)
    at, pieces = 0, memory.pieces
    while _worth_following(memory, at, caps):
        span = _read(sides, as_of, forward, caps, memory, at, caps.floor * pieces[at].amount)
        rest = _fifo(memory.reading, span, pieces[at], forward)
        _spread(labels, code, as_of, caps, memory, at, span, forward, rest)
        at += 1
    _finish(memory, at)


@kernel
def _was_reached(pieces: Records, at: int, forward: bool) -> bool:
    """Whether what can be reached from a piece was reached from one before it."""
    for k in range(at):
        earlier, later = (k, at) if forward else (at, k)
        same = pieces[k].wallet == pieces[at].wallet
        if same and pieces[earlier].time <= pieces[later].time:
            return True
    return False


@kernel
def poison_search(
    sides: Sides, labels: LabelEvents, code: int, as_of: int, forward: bool, caps: Caps, i: int,
    memory: Memory,
) -> None:  # fmt: skip
    """Find what taints the wallet's transfer at place ``i`` of its side.

    All pieces have one value, so that the list of pieces is the queue of a breadth-first search.
    """
    side = sides.outgoing if forward else sides.incoming
    begin(side, labels, code, as_of, i, i + 1, memory)
    at, pieces = 0, memory.pieces
    while _worth_following(memory, at, caps):
        if not _was_reached(pieces, at, forward):
            span = _read(sides, as_of, forward, caps, memory, at, 0.0)  # dust taints too
            first, end = (span.middle, span.end) if forward else (span.first, span.middle)
            poison(memory.reading, first, end, pieces[at].value, forward)
            _spread(labels, code, as_of, caps, memory, at, span, forward, 0.0)
        at += 1
    _finish(memory, at)
