"""Chains of near-equal forwarding, searched level by level from one wallet.

A chain is a series of transfers of positive amount between different wallets, in which every next
one leaves the wallet that the one before reached, strictly later, at most ``_DWELL`` later, and
with 0.9 to 1 times its amount. The level sets of a breadth-first search hold the transfers that
end a chain of so many hops, so the last level that is not empty gives the depth, and all levels
are kept, so that the chains behind it can be told. Chance matches at
busy wallets make long chains out of nothing, so a wallet with more than ``HUB`` transfers to
choose from (sendings in the ``_DWELL`` after a transfer, or receipts in the ``_DWELL`` before it)
is not passed through. That bounds the cost, so the whole history of a wallet is searched.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.kernel import DAY, Int64s, before, kernel
from features.kernel.hash_table import first_slot
from features.ledger.slices import Side
from features.past.history import cut
from features.view import Trail

HOP_CAP = 8
HUB, WIDTH = 100, 128
_DWELL, _NEAR = DAY, 0.9
_TABLE = 8 * WIDTH
_TRAILS = 3  # a column


# records, not columns side by side: a kernel that is called with many arrays spends its time on
# counting references to them
ENTRY = np.dtype(
    [
        ("time", np.int64),
        ("amount", np.float64),
        ("wallet", np.int32),
        ("transfer", np.int32),
        ("parent", np.int32),  # entry of the level before from which this one was reached
    ],
    align=True,
)
Entries = npt.NDArray[np.void]


class Levels(NamedTuple):
    """Transfers of each level.

    Attributes
    ----------
    entries : records, shape (levels, width)
    held : int64 array, shape (levels,), entries of each level
    seen : int64 array, shape (_TABLE + 1,)
        Hash table of the transfers of the level that is filled, each with the number of that level
        since the table was new, so that it need not be emptied; that number is the last element.
    """

    entries: Entries
    held: Int64s
    seen: Int64s


@kernel
def empty_levels() -> Levels:
    """Working memory for :func:`chain_depth`."""
    return Levels(
        np.empty((HOP_CAP + 1, WIDTH), dtype=ENTRY),
        np.empty(HOP_CAP + 1, dtype=np.int64),
        np.zeros(_TABLE + 1, dtype=np.int64),
    )


@kernel
def _put(
    level: Entries, seen: Int64s, n: int, wallet: int, time: int, amount: float, transfer: int,
    parent: int,
) -> int:  # fmt: skip
    """Add a transfer to a level unless it is there; returns the new size."""
    if n == 0:
        seen[_TABLE] += 1
    mark = seen[_TABLE] << 32 | transfer
    slot = first_slot(transfer, _TABLE - 1)
    while seen[slot] >> 32 == seen[_TABLE]:
        if seen[slot] == mark:
            return n
        slot = (slot + 1) & (_TABLE - 1)
    if n < WIDTH:
        seen[slot] = mark
        entry = level[n]
        entry.wallet, entry.time, entry.amount = wallet, time, amount
        entry.transfer, entry.parent = transfer, parent
    return n + 1


@kernel
def _expand(
    side: Side, as_of: int, forward: bool, levels: Levels, level: int, k: int, n: int
) -> int:
    """Put the transfers that continue the chain of entry ``k`` into the next level."""
    entry, following, seen = levels.entries[level, k], levels.entries[level + 1], levels.seen
    wallet, time, amount = entry.wallet, entry.time, entry.amount
    _, end, n_all = cut(side, wallet, as_of)
    first = end - n_all
    times, counterparty, amounts, transfer = (
        side.time, side.counterparty, side.amount, side.transfer,
    )  # fmt: skip
    if forward:
        first = before(times, first, end, time + 1)
        end = before(times, first, end, time + _DWELL + 1)
    else:
        end = before(times, first, end, time)
        first = before(times, first, end, time - _DWELL)
    if end - first > HUB:
        return n
    for i in range(end - 1, first - 1, -1):
        other = counterparty[i]
        if other == wallet:
            continue
        earlier, later = (amount, amounts[i]) if forward else (amounts[i], amount)
        if later <= earlier and later >= _NEAR * earlier:
            n = _put(following, seen, n, other, times[i], amounts[i], transfer[i], k)
            if n > WIDTH:
                return n
    return n


@kernel
def chain_depth(
    side: Side, code: int, as_of: int, forward: bool, levels: Levels
) -> tuple[int, bool]:
    """Hops of the longest chain that starts (``forward``) or ends at a wallet, and if it was cut.

    ``side`` is the outgoing side for ``forward``, else the incoming one. The chain's hop at the
    wallet is one of its ``WIDTH`` latest that qualify.
    """
    first, end, _ = cut(side, code, as_of)
    times, counterparty, amounts, transfer = (
        side.time, side.counterparty, side.amount, side.transfer,
    )  # fmt: skip
    n, cut_short, roots, seen = 0, False, levels.entries[0], levels.seen
    for i in range(end - 1, first - 1, -1):
        if counterparty[i] != code and amounts[i] > 0.0:
            if n == WIDTH:
                cut_short = True
                break
            n = _put(roots, seen, n, counterparty[i], times[i], amounts[i], transfer[i], -1)
    depth = 0
    levels.held[0] = n
    while n and depth < HOP_CAP:
        following = 0
        for k in range(n):
            following = _expand(side, as_of, forward, levels, depth, k, following)
            if following > WIDTH:
                cut_short, following = True, WIDTH
                break
        n = following
        depth += 1
        levels.held[depth] = n
    return depth, cut_short or (depth == HOP_CAP and n > 0)


def chain_trails(column: str, side: Side, code: int, as_of: int, *, forward: bool) -> list[Trail]:
    """Prove :func:`chain_depth` by chains of that many hops, those that end in most value first."""
    levels = empty_levels()
    depth, _ = chain_depth(side, code, as_of, forward, levels)
    if depth == 0:
        return []
    held = levels.held[depth - 1]
    amounts = levels.entries["amount"][depth - 1, :held]
    largest = np.argsort(-amounts, kind="stable")[:_TRAILS]
    return [_trail(column, levels, depth, entry, forward) for entry in largest.tolist()]


def _trail(column: str, levels: Levels, depth: int, entry: int, forward: bool) -> Trail:
    rows, amounts = np.empty(depth, dtype=np.int64), np.empty(depth)
    for level in range(depth - 1, -1, -1):
        # the first level is at the wallet: a chain that starts there is in the order of levels
        hop = level if forward else depth - 1 - level
        at = levels.entries[level, entry]
        rows[hop], amounts[hop], entry = at["transfer"], at["amount"], int(at["parent"])
    return Trail((column,), rows, amounts)
