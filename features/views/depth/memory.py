"""Working memory of the search behind the depth view: flows, pieces of value, sums.

A **flow** is the same value looked at with one rule of what passing on means: within an hour, a
day, seven or thirty days; and within thirty days through fresh wallets only, which had no transfer
before those. One search follows all flows side by side.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import Float64s, Int64s, Records, Rows, first_slot
from features.past import HISTORY_CAP, WINDOWS, inner_kernel, kernel

FLOWS = (*WINDOWS, "fresh")
WIDEST, FRESH = len(WINDOWS) - 1, len(WINDOWS)
HOP_CAP = 16
PIECES = 16_384
FLOOR = 3e-4  # of the side's sum
_SLOTS = 2 * PIECES

PIECE = np.dtype(
    [
        ("time", np.int64),
        ("elapsed", np.float64),  # value of the widest flow times seconds since its own transfer
        ("most", np.float64),  # value that came from the parent
        ("wallet", np.int32),  # at the far end
        ("transfer", np.int32),  # row in the ledger's log
        ("parent", np.int32),  # piece of one hop less that gave most, -1 for own transfers
    ],
    align=True,
)
SUMS = np.dtype(
    [
        ("total", np.float64),  # value of the side
        ("unsearched", np.float64),  # of it, of the widest flow, where a cap ended the search
        (
            "services",
            np.float64,
        ),  # of it that ended at wallets with many transfers, or at pseudo-wallets
        ("elapsed", np.float64),  # value times seconds from entry to the wallet
        ("squares", np.float64),  # of the values that entered with one transfer
        ("paths", np.float64),  # greatest effective number of transfers at one hop
        ("work", np.int64),  # see WORK of the search
        ("pieces", np.int64),
        ("generation", np.int64),  # of the table
    ],
    align=True,
)


class Memory(NamedTuple):
    """Of one search; the next one writes over it.

    Attributes
    ----------
    pieces : records of type ``PIECE``, shape (PIECES,)
        Transfers that carry value, hop after hop, each once a hop.
    value : float64 array, shape (PIECES, flows), what they carry of each flow
    ended : float64 array, shape (flows, HOP_CAP + 1)
        Value by the number of transfers on its way, the wallet's own included.
    table : int64 array, shape (_SLOTS,)
        Which piece of the hop that is filled a transfer is: generation << 32 | piece.
    taken, given, mix : float64 array, shape (windows,)
        Sums of one wallet, see :mod:`features.views.depth.passing`.
    kept : float64 array, shape (HISTORY_CAP,)
        What of the transfers of one wallet is no conversion.
    rate, share : float64 array, shape (flows,)
        What of a piece's value a unit of its wallet's transfers gets, and what one of them gets.
    levels : int64 array, shape (HOP_CAP + 2,)
        Pieces of so many hops are those from one entry, of their number, to the next.
    sums : records of type ``SUMS``, shape (1,)
    """

    pieces: Records
    value: Rows
    ended: Rows
    table: Int64s
    taken: Float64s
    given: Float64s
    mix: Float64s
    kept: Float64s
    rate: Float64s
    share: Float64s
    levels: Int64s
    sums: Records


@kernel
def empty_memory() -> Memory:
    """Working memory for the widest search."""
    n_windows, n_flows = WIDEST + 1, FRESH + 1
    return Memory(
        np.empty(PIECES, dtype=PIECE),
        np.empty((PIECES, n_flows)),
        np.empty((n_flows, HOP_CAP + 1)),
        np.zeros(_SLOTS, dtype=np.int64),
        np.empty(n_windows),
        np.empty(n_windows),
        np.empty(n_windows),
        np.empty(HISTORY_CAP),
        np.empty(n_flows),
        np.empty(n_flows),
        np.empty(HOP_CAP + 2, dtype=np.int64),
        np.zeros(1, dtype=SUMS),
    )


@inner_kernel
def forget(memory: Memory) -> None:
    """Make ready for another search."""
    memory.ended[:] = 0.0
    sums = memory.sums[0]
    sums.total = sums.unsearched = sums.services = sums.elapsed = sums.squares = sums.paths = 0.0
    sums.work = sums.pieces = 0


@inner_kernel
def piece_of(memory: Memory, transfer: int, wallet: int, time: int) -> int:
    """Piece of the hop that is filled for a transfer, a new one if need be; -1 without room."""
    pieces, table, sums = memory.pieces, memory.table, memory.sums[0]
    generation = sums.generation
    slot = first_slot(transfer, _SLOTS - 1)
    while table[slot] >> 32 == generation:
        known = table[slot] & 0xFFFFFFFF
        if pieces[known].transfer == transfer:
            return int(known)
        slot = (slot + 1) & (_SLOTS - 1)
    new = sums.pieces
    if new == PIECES:
        return -1
    table[slot] = generation << 32 | new
    piece = pieces[new]
    piece.time, piece.wallet, piece.transfer, piece.parent = time, wallet, transfer, -1
    piece.elapsed = piece.most = 0.0
    memory.value[new] = 0.0
    sums.pieces = new + 1
    return int(new)
