"""CoinJoins among the transactions that a pseudo-wallet stands for, and the way to the nearest.

A pseudo-wallet stands for a CoinJoin, for a huge transaction, or for a coinbase
(:mod:`features.sources.bitcoin.flows`). It is a **CoinJoin** here if two or more pay and at least
half of the payees beside one got an amount that another payee got, to the satoshi: that is what all
rules of :mod:`features.sources.bitcoin.coinjoin` have in common, and it needs no label.
"""

from typing import NamedTuple

import numpy as np

from features.contracts.wallet_kinds import PSEUDO
from features.kernel import Float64s, Int32s, Int64s, empty_table, slot_of, table_mask
from features.past import History, PastSide, earlier, inner_kernel, kernel, sort_values
from features.views.utxo.columns import HUB, MIX_HOPS_CAP, NEAR_CAP, RUN_CAP, WALLETS_CAP
from features.views.utxo.transactions import Coins, run_of

_MASK = table_mask(2 * WALLETS_CAP)
_FAR = -1


class Memory(NamedTuple):
    """Working memory: amounts of one transaction, and the wallets of one search.

    Attributes
    ----------
    amount : float64 array, shape (RUN_CAP,)
    table : int32 array, hash table of places in ``code``
    code, time : int32 and int64 arrays, shape (WALLETS_CAP,)
        Who was met, and when, in microseconds since 1970 UTC.
    """

    amount: Float64s
    table: Int32s
    code: Int32s
    time: Int64s


class Mix(NamedTuple):
    """Whether a transaction is a CoinJoin; the most payees of one amount, and those of a given."""

    found: bool
    most: int
    same: int


class Found(NamedTuple):
    """Hops to the nearest CoinJoin, -1 where none was found, and whether a cap was met."""

    hops: int
    cut_short: bool


@kernel
def empty_memory() -> Memory:
    """Working memory for all rows."""
    return Memory(
        np.empty(RUN_CAP),
        empty_table(_MASK + 1),
        np.empty(WALLETS_CAP, dtype=np.int32),
        np.empty(WALLETS_CAP, dtype=np.int64),
    )


@kernel
def mix_of(coins: Coins, node: int, like: PastSide, place: int, values: Float64s) -> Mix:
    """Judge the transaction of a place of a side, for which a pseudo-wallet stands.

    ``Mix.same`` counts the payees of the amount at that place. ``values`` is overwritten.
    """
    outgoing, wanted = coins.outgoing, like.amount[place]
    if run_of(coins.incoming, coins.tx_hash, node, like, place)[2] < 2:
        return Mix(False, 0, 0)
    first, end, _ = run_of(outgoing, coins.tx_hash, node, like, place)
    n = 0
    for i in range(first, end):
        if outgoing.amount[i] > 0.0 and outgoing.counterparty[i] != node:
            values[n] = outgoing.amount[i]
            n += 1
    sort_values(values[:n])
    repeated, most, same, i = 0, 0, 0, 0
    while i < n:
        j = i
        while j < n and values[j] == values[i]:
            j += 1
        most = max(most, j - i)
        repeated += j - i if j - i > 1 else 0
        same = j - i if values[i] == wanted else same
        i = j
    return Mix(repeated > 0 and 2 * repeated >= n - 1, most, same)


@inner_kernel
def _ahead(side: PastSide, wallet: int, time: int, onward: bool) -> History:
    """Transfers of a wallet on the way, the nearest; none where it is too large."""
    until = side.as_of[0] if onward else time + 1
    own = earlier(side, wallet, until)
    if own.total > HUB:
        return History(0, 0, 0)
    if not onward:
        return History(max(own.first, own.end - NEAR_CAP), own.end, own.total)
    first = earlier(side, wallet, time).end
    return History(first, min(own.end, first + NEAR_CAP), own.total)


@inner_kernel
def _remember(memory: Memory, wallet: int, time: int, n: int) -> bool:
    """Add a wallet that was not met; whether it was added."""
    slot = slot_of(memory.table, memory.code, _MASK, wallet)
    if memory.table[slot] or n == WALLETS_CAP:
        return False
    memory.code[n], memory.time[n] = wallet, time
    memory.table[slot] = n + 1
    return True


@kernel
def to_mix(coins: Coins, wallet: int, own: History, onward: bool, memory: Memory) -> Found:
    """Search back, or onward, breadth first, for a CoinJoin."""
    side = coins.outgoing if onward else coins.incoming
    counterparty, amount, time = side.counterparty, side.amount, side.time
    memory.table[:] = 0
    _remember(memory, wallet, 0, 0)
    at, n = 0, 1
    for hops in range(1, MIX_HOPS_CAP + 1):
        level = n
        while at < level:
            here = memory.code[at] + 0
            part = own if at == 0 else _ahead(side, here, memory.time[at], onward)
            backward = at == 0 or not onward
            for k in range(0 if coins.kind[here] == PSEUDO else part.end - part.first):
                i = part.end - 1 - k if backward else part.first + k
                if amount[i] == 0.0 or counterparty[i] == here:
                    continue
                other = counterparty[i] + 0
                if not _remember(memory, other, time[i], n):
                    continue
                n += 1
                if (
                    coins.kind[other] == PSEUDO
                    and mix_of(coins, other, side, i, memory.amount).found
                ):
                    return Found(hops, n == WALLETS_CAP)
            at += 1
    return Found(_FAR, n == WALLETS_CAP)
