"""What a search for labelled wallets keeps: the pieces of value to follow, and what it found."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.contracts.categories import CATEGORIES
from features.kernel import Float64s, Int64s, kernel
from features.ledger.slices import Side
from features.past.history import HISTORY_CAP
from features.past.known_labels import ILLICIT, LabelEvents, event_at
from features.taint.reading import Reading, empty_reading

GROUPS = ("illicit", "licit", *CATEGORIES)
TOTAL, SEARCHED, DROPPED = range(3)
PIECES, FOUND = range(2)


class Caps(NamedTuple):
    """Bounds of a search.

    Attributes
    ----------
    followed : int
        Pieces of value that are followed on each side.
    read : int
        Transfers of a wallet that are read before (and, to follow value onward, after) a transfer,
        see :mod:`features.taint.reading`.
    hops : int
        Largest number of transfers between the wallet and a labelled one.
    floor : float
        Pieces of less than this part of the side's sum are dropped; dust that sums to no more than
        this part of a transfer is not read.
    """

    followed: int
    read: int
    hops: int
    floor: float


Records = npt.NDArray[np.void]
# record arrays and not arrays of records' fields: kernels are passed each array in seven words
_PIECE = np.dtype(
    [
        ("value", np.float64),
        ("offset", np.float64),
        ("time", np.int64),
        ("wallet", np.int32),  # the far end
        ("transfer", np.int32),
        ("amount", np.float64),  # of that transfer, of which the piece is a part
        ("parent", np.int32),  # place of the piece it came from, -1 for the wallet's own transfers
        ("hops", np.int32),
        ("sure", np.bool_),  # once followed: no wallet up to its own has transfers left unread
    ],
    align=True,
)
_END = np.dtype(
    [
        ("value", np.float64),
        ("event", np.int64),  # the label event of the wallet that was reached
        ("transfer", np.int32),
        ("parent", np.int32),  # as in _PIECE
        ("hops", np.int32),
    ],
    align=True,
)


class Memory(NamedTuple):
    """Working memory, and the result, of the search on one side.

    Attributes
    ----------
    pieces : record array, shape (followed,)
        Pieces of value in the order in which they are followed.
    found : record array, shape (ends,)
        Value that reached labelled wallets; of size 0 where only sums are wanted.
    amount : float64 array, shape (2, groups)
        Exposure to each of ``GROUPS``: direct, indirect.
    hops : float64 array, shape (groups,)
        Least hops, nan where there is none.
    sums : float64 array, shape (3,)
        Value of the side in all, of it followed to an end, of it made unsure by a cap: dropped, or
        followed through a wallet whose earlier transfers were not all read.
    n : int64 array, shape (2,)
        Pieces kept, and labelled ends found.
    """

    reading: Reading
    pieces: Records
    found: Records
    amount: Float64s
    hops: Float64s
    sums: Float64s
    n: Int64s


def empty_memory(caps: Caps, *, record: bool) -> Memory:
    """Working memory for one side; with ``record`` every labelled end is kept."""
    size = caps.followed
    ends = HISTORY_CAP + size * caps.read if record else 0
    return Memory(
        empty_reading(caps.read),
        np.empty(size, dtype=_PIECE),
        np.empty(ends, dtype=_END),
        np.empty((2, len(GROUPS))),
        np.empty(len(GROUPS)),
        np.empty(3),
        np.empty(2, dtype=np.int64),
    )


@kernel
def count(
    memory: Memory, labels: LabelEvents, event: int, hops: int, value: float, transfer: int,
    parent: int,
) -> None:  # fmt: skip
    """Add value that reached a labelled wallet."""
    illicit = labels.label[event] == ILLICIT
    for group in (0 if illicit else 1, 2 + labels.category[event]):
        memory.amount[min(hops, 2) - 1, group] += value
        if not memory.hops[group] <= hops:  # nan at first
            memory.hops[group] = hops
    if memory.n[FOUND] < memory.found.size:
        end = memory.found[memory.n[FOUND]]
        end.value, end.transfer, end.parent = value, transfer, parent
        end.event, end.hops = event, hops
        memory.n[FOUND] += 1


@kernel
def keep(
    pieces: Records, n: Int64s, sums: Float64s, followed: int, value: float, offset: float,
    time: int, wallet: int, transfer: int, amount: float, parent: int, hops: int,
) -> None:  # fmt: skip
    """Put a piece where it belongs among those not ``followed``, or drop the smallest.

    The arrays are those of :class:`Memory`, which is dear to pass on for every transfer.
    """
    at = n[PIECES]
    if at == pieces.size:
        if at == followed or value <= pieces[at - 1].value:
            sums[DROPPED] += value
            return
        at -= 1
        sums[DROPPED] += pieces[at].value
    n[PIECES] = at + 1
    while at > followed and pieces[at - 1].value < value:
        pieces[at] = pieces[at - 1]
        at -= 1
    piece = pieces[at]
    piece.value, piece.offset, piece.time = value, offset, time
    piece.wallet, piece.transfer, piece.amount = wallet, transfer, amount
    piece.parent, piece.hops = parent, hops


@kernel
def begin(
    side: Side, labels: LabelEvents, code: int, as_of: int, first: int,
    end: int, memory: Memory,
) -> None:  # fmt: skip
    """Forget the last search; start from transfers ``[first, end)`` of the wallet, latest first."""
    memory.amount[:] = 0.0
    memory.hops[:] = np.nan
    memory.sums[:] = 0.0
    memory.n[:] = 0
    time, counterparty, transfers = side.time, side.counterparty, side.transfer
    pieces, n, sums = memory.pieces, memory.n, memory.sums
    total = own = 0.0
    for i in range(end - 1, first - 1, -1):
        value, other = side.amount[i], counterparty[i]
        total += value
        if value == 0.0:
            continue
        if other == code:
            own += value
            continue
        event = event_at(labels, other, as_of)
        if event >= 0:
            sums[SEARCHED] += value
            count(memory, labels, event, 1, value, transfers[i], -1)
        else:
            keep(pieces, n, sums, 0, value, 0.0, time[i], other, transfers[i], value, -1, 1)
    sums[TOTAL] = total
    sums[SEARCHED] += own
