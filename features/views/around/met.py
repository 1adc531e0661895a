"""Working memory of a row, and who was met on the way."""

from typing import NamedTuple

import numpy as np

from features.kernel import Float64s, Int32s, empty_table, slot_of
from features.past import (
    Past,
    PastLabels,
    Question,
    inner_kernel,
    kernel,
    place_across,
    verdict_at,
)
from features.views.around.columns import COUNT, GROUP_OF, KNOWN, SEEN, WIDTH, WORK

BACK, AHEAD = 1, 2  # the second step: to who paid a wallet in between, to whom it paid
_MASK = 2 * WORK - 1  # of the table, whose size is a power of two


class Way(NamedTuple):
    """The wallet asked about, and the second step, ``BACK`` or ``AHEAD``."""

    wallet: int
    step: int


class Memory(NamedTuple):
    """Working memory; the next row writes over it.

    Attributes
    ----------
    found : int32 array, shape (WIDTH,)
        Counterparties of a side, the latest first.
    table, met : int32 arrays
        Hash table of places in ``met``, which holds the labelled wallets that were met one way.
    hits : float64 array, shape (2,)
        Transfers of one wallet with illicit ones, and with licit ones.
    """

    found: Int32s
    table: Int32s
    met: Int32s
    hits: Float64s


@kernel
def empty_memory() -> Memory:
    """Working memory for the most that a row may read."""
    found, met = np.empty(WIDTH, dtype=np.int32), np.empty(WORK, dtype=np.int32)
    return Memory(found, empty_table(_MASK + 1), met, np.empty(len(KNOWN)))


@inner_kernel
def latest(past: Past, forward: bool, asked: Question, memory: Memory) -> tuple[int, bool]:
    """Fill ``memory.found`` with those whom the wallet paid (``forward``) or who paid it.

    Returns
    -------
    n, whole : int, bool
        How many there are, and whether all transfers were looked at.
    """
    side, found = past.outgoing if forward else past.incoming, memory.found
    own, counterparty, n = asked.sent if forward else asked.received, side.counterparty, 0
    for place in range(own.end - 1, own.end - min(own.total, SEEN) - 1, -1):
        other = counterparty[place]
        known = other == asked.wallet
        for k in range(n):
            known |= found[k] == other
        if known or (forward and place_across(side, place, past.incoming) < 0):
            continue
        if n == WIDTH:
            return n, False
        found[n] = other
        n += 1
    return n, own.total <= SEEN


@inner_kernel
def count(labels: PastLabels, event: int, step: int, line: Float64s) -> None:
    """Count a labelled wallet that was met."""
    known = verdict_at(labels, event)
    if known >= 0:
        line[COUNT[step, known]] += 1.0
    group = GROUP_OF[labels.category[event]]
    if group >= 0:
        line[COUNT[step, len(KNOWN) + group]] += 1.0


@inner_kernel
def forget(memory: Memory) -> None:
    """Nobody was met."""
    table = memory.table
    for slot in range(_MASK + 1):
        table[slot] = 0


@inner_kernel
def meet(memory: Memory, n: int, wallet: int) -> bool:
    """Keep a wallet as the n-th of those met; whether it is new there."""
    slot = slot_of(memory.table, memory.met, _MASK, wallet)
    if memory.table[slot]:
        return False
    memory.met[n] = wallet
    memory.table[slot] = n + 1
    return True
