"""Chains of near-equal forwarding, searched level by level from one wallet.

A chain is a series of transfers of positive amount between different wallets, in which every next
one leaves the wallet that the one before reached, strictly later, at most ``_DWELL`` later, and
with 0.9 to 1 times its amount. The level sets of a breadth-first search hold the transfers that
end a chain of so many hops, so the last level that is not empty gives the depth, and all levels
are kept, so that the chains behind it can be told. Chance matches at
busy wallets make long chains out of nothing, so a wallet with more than ``_HUB`` transfers to
choose from (sendings in the ``_DWELL`` after a transfer, or receipts in the ``_DWELL`` before it)
is not passed through. That bounds the cost, so the whole history of a wallet is searched.
"""

from typing import NamedTuple

import numpy as np

from features._numba import kernel
from features.columns import DAY
from features.history import before, cut
from features.slices import Float64s, Int32s, Int64s, Side
from features.trails import Trail

HOP_CAP = 8
_DWELL, _HUB, _NEAR, _WIDTH = DAY, 100, 0.9, 128
_TRAILS = 3  # a column


class Levels(NamedTuple):
    """Transfers of each level, a row of each array.

    ``parent`` is the entry of the level before from which one was reached, ``held`` the number of
    entries of each level.
    """

    wallet: Int32s
    time: Int64s
    amount: Float64s
    transfer: Int32s
    parent: Int32s
    held: Int64s


@kernel
def empty_levels() -> Levels:
    """Working memory for :func:`chain_depth`."""
    shape = (HOP_CAP + 1, _WIDTH)
    return Levels(
        np.empty(shape, dtype=np.int32),
        np.empty(shape, dtype=np.int64),
        np.empty(shape),
        np.empty(shape, dtype=np.int32),
        np.empty(shape, dtype=np.int32),
        np.empty(HOP_CAP + 1, dtype=np.int64),
    )


@kernel
def _put(levels: Levels, level: int, n: int, side: Side, i: int, parent: int) -> int:
    """Add transfer ``i`` of ``side`` to a level unless it is there; returns the new size."""
    transfer = side.transfer[i]
    for k in range(n):
        if levels.transfer[level, k] == transfer:
            return n
    if n < _WIDTH:
        levels.wallet[level, n], levels.time[level, n] = side.counterparty[i], side.time[i]
        levels.amount[level, n], levels.transfer[level, n] = side.amount[i], transfer
        levels.parent[level, n] = parent
    return n + 1


@kernel
def _expand(
    side: Side, as_of: int, forward: bool, levels: Levels, level: int, k: int, n: int
) -> int:
    """Put the transfers that continue the chain of entry ``k`` into the next level."""
    wallet, time, amount = levels.wallet[level, k], levels.time[level, k], levels.amount[level, k]
    _, end, n_all = cut(side, wallet, as_of)
    first = end - n_all
    if forward:
        first = before(side.time, first, end, time + 1)
        end = before(side.time, first, end, time + _DWELL + 1)
    else:
        end = before(side.time, first, end, time)
        first = before(side.time, first, end, time - _DWELL)
    if end - first > _HUB:
        return n
    for i in range(end - 1, first - 1, -1):
        if side.counterparty[i] == wallet:
            continue
        other = side.amount[i]
        earlier, later = (amount, other) if forward else (other, amount)
        if later <= earlier and later >= _NEAR * earlier:
            n = min(_put(levels, level + 1, n, side, i, k), _WIDTH + 1)
            if n > _WIDTH:
                return n
    return n


@kernel
def chain_depth(
    side: Side, code: int, as_of: int, forward: bool, levels: Levels
) -> tuple[int, bool]:
    """Hops of the longest chain that starts (``forward``) or ends at a wallet, and if it was cut.

    ``side`` is the outgoing side for ``forward``, else the incoming one. The chain's hop at the
    wallet is one of its ``_WIDTH`` latest that qualify.
    """
    first, end, _ = cut(side, code, as_of)
    n, cut_short = 0, False
    for i in range(end - 1, first - 1, -1):
        if side.counterparty[i] != code and side.amount[i] > 0.0:
            if n == _WIDTH:
                cut_short = True
                break
            n = _put(levels, 0, n, side, i, -1)
    depth = 0
    levels.held[0] = n
    while n and depth < HOP_CAP:
        following = 0
        for k in range(n):
            following = _expand(side, as_of, forward, levels, depth, k, following)
            if following > _WIDTH:
                cut_short, following = True, _WIDTH
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
    largest = np.argsort(-levels.amount[depth - 1, :held], kind="stable")[:_TRAILS]
    return [_trail(column, levels, depth, entry, forward) for entry in largest.tolist()]


def _trail(column: str, levels: Levels, depth: int, entry: int, forward: bool) -> Trail:
    rows, amounts = np.empty(depth, dtype=np.int64), np.empty(depth)
    for level in range(depth - 1, -1, -1):
        # the first level is at the wallet: a chain that starts there is in the order of levels
        hop = level if forward else depth - 1 - level
        rows[hop], amounts[hop] = levels.transfer[level, entry], levels.amount[level, entry]
        entry = int(levels.parent[level, entry])
    return Trail((column,), rows, amounts)
