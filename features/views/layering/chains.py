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

from features.kernel import Int64s, Records, first_slot
from features.past import DAY, Past, PastSide, Question, ask, few_between, inner_kernel, kernel
from features.view import Trail

HOP_CAP = 8
HUB, WIDTH = 100, 128
_DWELL = DAY
FORWARDED = 0.9  # least part of an amount that forwards it
_SLOTS = 8 * WIDTH
_TRAILS = 3  # a column


class Link(NamedTuple):
    """One transfer of a level: the wallet that a chain reached by it, and how.

    Attributes
    ----------
    wallet : int, code of the wallet
    time : int, microseconds since 1970 UTC
    amount : float, whole units of the asset
    transfer : int, row in the ledger's log
    parent : int, entry of the level before from which this one was reached; -1 in the first
    """

    wallet: int
    time: int
    amount: float
    transfer: int
    parent: int


# records, not columns side by side: a kernel that is called with many arrays spends its time on
# counting references to them
LINK = np.dtype(
    [
        ("time", np.int64),
        ("amount", np.float64),
        ("wallet", np.int32),
        ("transfer", np.int32),
        ("parent", np.int32),
    ],
    align=True,
)


class Levels(NamedTuple):
    """Transfers of each level; working memory of :func:`chain_depth`.

    Attributes
    ----------
    links : records of type ``LINK``, shape (HOP_CAP + 1, WIDTH)
    held : int64 array, shape (HOP_CAP + 1,), how many of each level
    seen : int64 array, shape (_SLOTS + 1,)
        Hash table of the transfers of the level that is filled, each with the number of that level
        since the table was new, so that it need not be emptied; that number is the last element.
    """

    links: Records
    held: Int64s
    seen: Int64s


class Depth(NamedTuple):
    """Hops of the longest chain, and whether a cap cut the search short."""

    hops: int
    cut_short: bool


@kernel
def empty_levels() -> Levels:
    """Working memory for :func:`chain_depth`."""
    return Levels(
        np.empty((HOP_CAP + 1, WIDTH), dtype=LINK),
        np.empty(HOP_CAP + 1, dtype=np.int64),
        np.zeros(_SLOTS + 1, dtype=np.int64),
    )


@inner_kernel
def _put(level: Records, seen: Int64s, n: int, link: Link) -> int:
    """Add a transfer to a level of ``n`` unless it is there; returns the new size.

    A size of ``WIDTH + 1`` says that there was no room.
    """
    if n == 0:
        seen[_SLOTS] += 1
    mark = seen[_SLOTS] << 32 | link.transfer
    slot = first_slot(link.transfer, _SLOTS - 1)
    while seen[slot] >> 32 == seen[_SLOTS]:
        if seen[slot] == mark:
            return n
        slot = (slot + 1) & (_SLOTS - 1)
    if n < WIDTH:
        seen[slot] = mark
        entry = level[n]
        entry["wallet"], entry["time"], entry["amount"] = link.wallet, link.time, link.amount
        entry["transfer"], entry["parent"] = link.transfer, link.parent
    return n + 1


@inner_kernel
def _start(side: PastSide, asked: Question, forward: bool, levels: Levels) -> int:
    """Fill the first level with the wallet's own transfers, the latest first; returns its size."""
    counterparty, time, amount, transfer = (
        side.counterparty, side.time, side.amount, side.transfer,
    )  # fmt: skip
    own = asked.sent if forward else asked.received
    roots, seen, n = levels.links[0], levels.seen, 0
    for i in range(own.end - 1, own.first - 1, -1):
        if counterparty[i] != asked.wallet and amount[i] > 0.0:
            n = _put(roots, seen, n, Link(counterparty[i], time[i], amount[i], transfer[i], -1))
            if n > WIDTH:
                break
    return n


@inner_kernel
def _expand(side: PastSide, forward: bool, levels: Levels, level: int, k: int, n: int) -> int:
    """Put the transfers that continue the chain of entry ``k`` into the next level, of ``n``."""
    entry, following, seen = levels.links[level, k], levels.links[level + 1], levels.seen
    wallet, reached, amount = entry["wallet"] + 0, entry["time"], entry["amount"]  # an int64
    since, until = (reached + 1, reached + _DWELL + 1) if forward else (reached - _DWELL, reached)
    first, end = few_between(side, wallet, since, until, HUB)
    if first == end:
        return n
    counterparty, time, amounts, transfer = (
        side.counterparty, side.time, side.amount, side.transfer,
    )  # fmt: skip
    for i in range(end - 1, first - 1, -1):
        other = counterparty[i]
        if other == wallet:
            continue
        earlier, later = (amount, amounts[i]) if forward else (amounts[i], amount)
        if later <= earlier and later >= FORWARDED * earlier:
            n = _put(following, seen, n, Link(other, time[i], amounts[i], transfer[i], k))
            if n > WIDTH:
                return n
    return n


@inner_kernel
def chain_depth(side: PastSide, asked: Question, forward: bool, levels: Levels) -> Depth:
    """Follow the chains that start (``forward``) or end at a wallet; fills ``levels``.

    ``side`` is the outgoing side for ``forward``, else the incoming one. The chain's hop at the
    wallet is one of its ``WIDTH`` latest that qualify.
    """
    held, depth = levels.held, 0
    n = _start(side, asked, forward, levels)
    cut_short = n > WIDTH
    n = min(n, WIDTH)
    held[0] = n
    while n and depth < HOP_CAP:
        following = 0
        for k in range(n):
            following = _expand(side, forward, levels, depth, k, following)
            if following > WIDTH:
                cut_short, following = True, WIDTH
                break
        n = following
        depth += 1
        held[depth] = n
    return Depth(depth, cut_short or (depth == HOP_CAP and n > 0))


def chain_trails(past: Past, column: str, *, forward: bool) -> list[Trail]:
    """Prove :func:`chain_depth` by chains of that many hops, those that end in most value first.

    ``past`` asks one question, and ``column`` is the name of the column that holds the depth.
    """
    levels = empty_levels()
    side = past.outgoing if forward else past.incoming
    depth = chain_depth(side, ask(past, 0), forward, levels).hops
    if depth == 0:
        return []
    held = levels.held[depth - 1]
    amounts = levels.links["amount"][depth - 1, :held]
    largest = np.argsort(-amounts, kind="stable")[:_TRAILS]
    return [_trail(column, levels, depth, link, forward) for link in largest.tolist()]


def _trail(column: str, levels: Levels, depth: int, link: int, forward: bool) -> Trail:
    rows, amounts = np.empty(depth, dtype=np.int64), np.empty(depth)
    for level in range(depth - 1, -1, -1):
        # the first level is at the wallet: a chain that starts there is in the order of levels
        hop = level if forward else depth - 1 - level
        at = levels.links[level, link]
        rows[hop], amounts[hop], link = at["transfer"], at["amount"], int(at["parent"])
    return Trail((column,), rows, amounts)
