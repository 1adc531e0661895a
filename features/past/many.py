"""The cut of many questions at once, which costs a fraction of as many cuts one by one.

What is read of a wallet lies anywhere in memory. Here the searches of some questions go on
together, so that they wait for it together.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import Int32s, Int64s, before_each, inner_kernel, kernel, prefetch
from features.past.cut import HISTORY_CAP, History, Past, PastSide, Question, held

TOGETHER = 32  # searches


class Cuts(NamedTuple):
    """The history of each of n questions on one side, int64 arrays of shape (n,)."""

    first: Int64s
    end: Int64s
    total: Int64s


@kernel
def cut_each(side: PastSide, wallets: Int32s, instants: Int64s, cuts: Cuts) -> None:
    """Fill ``cuts`` with what :func:`features.past.cut` gives of each wallet at its instant."""
    start, end = np.empty(TOGETHER, np.int64), np.empty(TOGETHER, np.int64)
    left, when = np.empty(TOGETHER, np.int64), np.empty(TOGETHER, np.int64)
    for at in range(0, wallets.size, TOGETHER):
        n = min(TOGETHER, wallets.size - at)
        for i in range(n):
            if wallets[at + i] >= 0:
                prefetch(side.start, wallets[at + i])
                prefetch(side.count, wallets[at + i])
        for i in range(n):
            wallet = wallets[at + i]
            start[i], left[i], when[i] = 0, 0, instants[at + i]
            if 0 <= wallet < side.start.size:
                start[i], stop = held(side, wallet, when[i])
                left[i] = stop - start[i]
            end[i] = start[i]
        before_each(side.time, end, left, when, n)
        for i in range(n):
            cuts.first[at + i] = max(start[i], end[i] - HISTORY_CAP)
            cuts.end[at + i], cuts.total[at + i] = end[i], end[i] - start[i]


@inner_kernel
def ask_cut(past: Past, row: int, received: Cuts, sent: Cuts) -> Question:
    """What :func:`features.past.ask` does, of a row whose histories were cut."""
    past.labels.as_of[0] = past.instants[row]  # the array of both sides, too
    return Question(
        past.wallets[row] + 0,
        past.instants[row],
        History(received.first[row], received.end[row], received.total[row]),
        History(sent.first[row], sent.end[row], sent.total[row]),
    )


@inner_kernel
def prefetch_last(side: PastSide, cuts: Cuts, row: int) -> None:
    """Hint that the latest transfers of a row will soon be read."""
    if cuts.total[row] > 0:
        last = cuts.end[row] - 1
        prefetch(side.counterparty, last)
        prefetch(side.amount, last)
        prefetch(side.transfer, last)
        prefetch(side.time, last)
        prefetch(side.counterparty, max(cuts.first[row], last - 16))


@kernel
def place_across_each(
    side: PastSide, places: Int64s, instants: Int64s, other: PastSide, across: Int64s
) -> None:
    """Fill ``across`` with what :func:`features.past.place_across` gives of each place.

    Parameters
    ----------
    side : PastSide
    places : int64 array, shape (n,), places of that side
    instants : int64 array, shape (n,), of the pasts that they were read in
    other : PastSide
    across : int64 array, shape (n,)
    """
    time, transfer, counterparty = other.time, other.transfer, side.counterparty
    stop, place = np.empty(TOGETHER, np.int64), np.empty(TOGETHER, np.int64)
    left, when = np.empty(TOGETHER, np.int64), np.empty(TOGETHER, np.int64)
    for at in range(0, places.size, TOGETHER):
        n = min(TOGETHER, places.size - at)
        for i in range(n):
            prefetch(other.start, counterparty[places[at + i]])
            prefetch(other.count, counterparty[places[at + i]])
        for i in range(n):
            when[i] = side.time[places[at + i]]
            place[i], stop[i] = held(other, counterparty[places[at + i]], instants[at + i])
            left[i] = stop[i] - place[i]
        before_each(time, place, left, when, n)
        for i in range(n):
            prefetch(transfer, place[i])
        for i in range(n):
            row, found = side.transfer[places[at + i]], place[i]
            while found < stop[i] and time[found] == when[i] and transfer[found] != row:
                found += 1
            is_there = found < stop[i] and time[found] == when[i]
            across[at + i] = found if is_there else -1
