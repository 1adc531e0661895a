"""What a search for labelled wallets keeps: the pieces of value to follow, and what it found."""

from typing import NamedTuple

import numpy as np

from features.contracts.categories import CATEGORIES
from features.kernel import Float64s, Records, inner_kernel
from features.past import (
    HISTORY_CAP,
    PSEUDO,
    History,
    Past,
    PastLabels,
    event_at,
    ever_labelled,
    verdict_at,
)
from features.taint.reading import Reading, empty_reading
from features.taint.service import Met, nobody_met

GROUPS = ("illicit", "licit", *CATEGORIES)


class Caps(NamedTuple):
    """Bounds of a search.

    Attributes
    ----------
    followed : int
        Pieces of value that are followed on each side.
    read : int
        Transfers of a wallet that are read before (and, to follow value onward, after) a transfer,
        small ones passed over, see :mod:`features.taint.reading`.
    hops : int
        Largest number of transfers between the wallet and a labelled one.
    floor : float
        Pieces of less than this part of the side's sum are dropped; what is passed over around a
        transfer and sums to no more than this part of it is not missed.
    service : int
        Counterparties that make a service, see :mod:`features.taint.service`.
    """

    followed: int
    read: int
    hops: int
    floor: float
    service: int


class Piece(NamedTuple):
    """A part of a transfer that is worth following, or whose far end is labelled.

    Attributes
    ----------
    value : float, whole units of the asset
    offset : float
        How much of the transfer comes before the part, where the order matters.
    place : int
        Of the transfer, on the side that the search reads.
    parent : int
        Place of the piece it came from, -1 for the wallet's own transfers.
    hops : int
        Transfers from the wallet to its far end.
    """

    value: float
    offset: float
    place: int
    parent: int
    hops: int


# record arrays and not arrays of records' fields: kernels are passed each array in seven words
_PIECE = np.dtype(
    [
        ("value", np.float64),
        ("offset", np.float64),
        ("place", np.int64),
        ("parent", np.int32),
        ("hops", np.int32),
        ("sure", np.bool_),  # once followed: no wallet up to its own has transfers left unread
        ("inside", np.bool_),  # once followed by poison: only inside one transaction
    ],
    align=True,
)
_END = np.dtype(
    [
        ("value", np.float64),
        ("event", np.int64),  # the label event of the wallet that was reached
        ("place", np.int64),  # the others as in Piece
        ("parent", np.int32),
        ("hops", np.int32),
    ],
    align=True,
)
_TALLY = np.dtype(
    [
        ("total", np.float64),  # value of the side
        ("searched", np.float64),  # of it followed to an end
        ("dropped", np.float64),  # of it made unsure by a cap: not followed, or not to be trusted
        ("service", np.float64),  # of it followed to a wallet like a service
        ("hidden", np.float64),  # of it followed to a pseudo-wallet
        ("nearest", np.int64),  # least hops to one, 0: to none
        ("pieces", np.int64),  # kept
        ("ends", np.int64),  # recorded
    ],
    align=True,
)


class Search(NamedTuple):
    """A search on one side: its bounds, its working memory, and its result.

    Attributes
    ----------
    caps : Caps
    reading : Reading
    pieces : record array, shape (followed,)
        Pieces of value in the order in which they are followed, then the largest of the others.
    ends : record array, shape (ends,)
        Value that reached labelled wallets; of size 0 where only sums are wanted.
    tally : record array, shape (1,)
        ``total``, ``searched`` and ``dropped``: value of the side in all, of it followed to an end,
        of it made unsure by a cap (dropped, or followed through a wallet whose earlier transfers
        were not all read); ``pieces`` and ``ends``: how many of each there are.
    amount : float64 array, shape (2, groups)
        Exposure to each of ``GROUPS``: direct, indirect.
    hops : float64 array, shape (groups,)
        Least hops, nan where there is none.
    met : Met
    """

    caps: Caps
    reading: Reading
    pieces: Records
    ends: Records
    tally: Records
    amount: Float64s
    hops: Float64s
    met: Met


def empty_search(caps: Caps, *, record: bool) -> Search:
    """Working memory for one side; with ``record`` every labelled end is kept."""
    size = caps.followed
    ends = HISTORY_CAP + size * caps.read if record else 0
    return Search(
        caps,
        empty_reading(caps.read),
        np.empty(size, dtype=_PIECE),
        np.empty(ends, dtype=_END),
        np.zeros(1, dtype=_TALLY),
        np.empty((2, len(GROUPS))),
        np.empty(len(GROUPS)),
        nobody_met(caps.service),
    )


@inner_kernel
def count(search: Search, labels: PastLabels, event: int, piece: Piece) -> None:
    """Add a piece whose far end is labelled, as ``event`` says."""
    amount, hops, tally = search.amount, search.hops, search.tally[0]
    for place in (verdict_at(labels, event), 2 + labels.category[event]):
        if place < 0:
            continue
        amount[min(piece.hops, 2) - 1, place] += piece.value
        if not hops[place] <= piece.hops:  # nan at first
            hops[place] = piece.hops
    if tally.ends < search.ends.size:
        end = search.ends[tally.ends]
        end.value, end.event, end.place = piece.value, event, piece.place
        end.parent, end.hops = piece.parent, piece.hops
        tally.ends += 1


@inner_kernel
def keep(pieces: Records, tally: Records, followed: int, piece: Piece) -> None:
    """Put a piece where it belongs among those not ``followed``, or drop the smallest.

    The arrays are those of :class:`Search`, which is dear to pass on for every transfer.
    """
    sums, value = tally[0], piece.value
    at = sums.pieces
    if at == pieces.size:
        if at == followed or value <= pieces[at - 1].value:
            sums.dropped += value
            return
        at -= 1
        sums.dropped += pieces[at].value
    sums.pieces = at + 1
    while at > followed and pieces[at - 1].value < value:
        pieces[at] = pieces[at - 1]
        at -= 1
    kept = pieces[at]
    kept.value, kept.offset, kept.place = value, piece.offset, piece.place
    kept.parent, kept.hops = piece.parent, piece.hops


@inner_kernel
def begin(past: Past, wallet: int, own: History, forward: bool, search: Search) -> None:
    """Forget the last search; start from transfers of the wallet, the latest first.

    Reads ``own`` of what the wallet received or (``forward``) sent.
    """
    for group in range(search.hops.size):
        search.amount[0, group] = search.amount[1, group] = 0.0
        search.hops[group] = np.nan
    side, labels = past.outgoing if forward else past.incoming, past.labels
    amount, counterparty, labelled = side.amount, side.counterparty, labels.start
    kind = past.kind
    pieces, tally = search.pieces, search.tally
    sums = tally[0]
    sums.searched, sums.dropped, sums.pieces, sums.ends = 0.0, 0.0, 0, 0
    sums.service, sums.hidden, sums.nearest = 0.0, 0.0, 0
    total = returned = 0.0
    for place in range(own.end - 1, own.first - 1, -1):
        value, other = amount[place], counterparty[place]
        total += value
        if value == 0.0:
            continue
        if other == wallet:
            returned += value
            continue
        piece = Piece(value, 0.0, place, -1, 1)
        event = event_at(labels, other) if ever_labelled(labelled, other) else -1
        if event >= 0:
            sums.searched += value
            count(search, labels, event, piece)
        elif kind[other] == PSEUDO:
            sums.searched += value
            sums.hidden += value
        else:
            keep(pieces, tally, 0, piece)
    sums.total = total
    sums.searched += returned
