"""Chains of near-equal forwarding, searched level by level from one wallet.

A chain is a series of transfers of positive amount between different wallets, in which every next
one leaves the wallet that the one before reached, strictly later, at most ``_DWELL`` later, and
with 0.9 to 1 times its amount. The level sets of a breadth-first search hold the transfers that
end a chain of so many hops, so the last level that is not empty gives the depth. Chance matches at
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

HOP_CAP = 8
_DWELL, _HUB, _NEAR, _WIDTH = DAY, 100, 0.9, 128


class Frontier(NamedTuple):
    """Transfers of the present and the next level: row 0 and row 1 of each array."""

    wallet: Int32s
    time: Int64s
    amount: Float64s
    transfer: Int32s


@kernel
def empty_frontier() -> Frontier:
    """Working memory for :func:`chain_depth`."""
    return Frontier(
        np.empty((2, _WIDTH), dtype=np.int32),
        np.empty((2, _WIDTH), dtype=np.int64),
        np.empty((2, _WIDTH)),
        np.empty((2, _WIDTH), dtype=np.int32),
    )


@kernel
def _put(frontier: Frontier, level: int, n: int, side: Side, amounts: Float64s, i: int) -> int:
    """Add transfer ``i`` of ``side`` to a level unless it is there; returns the new size."""
    transfer = side.transfer[i]
    for k in range(n):
        if frontier.transfer[level, k] == transfer:
            return n
    if n < _WIDTH:
        frontier.wallet[level, n], frontier.time[level, n] = side.counterparty[i], side.time[i]
        frontier.amount[level, n], frontier.transfer[level, n] = amounts[transfer], transfer
    return n + 1


@kernel
def _expand(
    side: Side, amounts: Float64s, as_of: int, forward: bool, frontier: Frontier,
    now: int, k: int, n: int,
) -> int:  # fmt: skip
    """Put the transfers that continue the chain of entry ``k`` into the other level."""
    wallet, time, amount = frontier.wallet[now, k], frontier.time[now, k], frontier.amount[now, k]
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
        other = amounts[side.transfer[i]]
        earlier, later = (amount, other) if forward else (other, amount)
        if later <= earlier and later >= _NEAR * earlier:
            n = min(_put(frontier, 1 - now, n, side, amounts, i), _WIDTH + 1)
            if n > _WIDTH:
                return n
    return n


@kernel
def chain_depth(
    side: Side, amounts: Float64s, code: int, as_of: int, forward: bool, frontier: Frontier
) -> tuple[int, bool]:
    """Hops of the longest chain that starts (``forward``) or ends at a wallet, and if it was cut.

    ``side`` is the outgoing side for ``forward``, else the incoming one. The chain's hop at the
    wallet is one of its ``_WIDTH`` latest that qualify.
    """
    first, end, _ = cut(side, code, as_of)
    n, now, cut_short = 0, 0, False
    for i in range(end - 1, first - 1, -1):
        if side.counterparty[i] != code and amounts[side.transfer[i]] > 0.0:
            if n == _WIDTH:
                cut_short = True
                break
            n = _put(frontier, now, n, side, amounts, i)
    depth = 0
    while n and depth < HOP_CAP:
        depth += 1
        following = 0
        for k in range(n):
            following = _expand(side, amounts, as_of, forward, frontier, now, k, following)
            if following > _WIDTH:
                cut_short, following = True, _WIDTH
                break
        now, n = 1 - now, following
    return depth, cut_short or (depth == HOP_CAP and n > 0)
