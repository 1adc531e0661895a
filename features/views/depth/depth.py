"""Depth of the money: through how many wallets that pass it on value came, and how far it went.

Hops are transfers, the wallet's own included: a receipt from a wallet that keeps its money, or
whose money is its own, took one. Value is followed through splits, merges and rests, in five flows
(:mod:`features.views.depth.memory`); an ordinary wallet is paid by wallets that do other business,
or keep what they get, and shows little more than one hop.
"""

import numpy as np

from features.kernel import Float64s, Int64s, Rows
from features.past import History, TracedPast, ask, inner_kernel, kernel, traced_past
from features.view import Trail, View, blocks
from features.views.depth.columns import (
    ALL,
    COLUMNS,
    GREATEST,
    GREATEST_OF,
    MEAN,
    OF,
    SHARES,
)
from features.views.depth.memory import FRESH, HOP_CAP, WIDEST, Memory, empty_memory
from features.views.depth.search import follow

_SHARES = np.array(SHARES)  # of flow, wallets, place
_TRAILS = 3


@inner_kernel
def greatest(ended: Float64s, total: float) -> int:
    """Most hops that a part of the value took; ``ended`` holds value by hops."""
    above, hops = 0.0, HOP_CAP
    while hops > 1:
        above += ended[hops]
        if above >= GREATEST * total:
            break
        hops -= 1
    return hops


@inner_kernel
def _hops(memory: Memory, line: Float64s) -> None:
    """Columns of hops and shares of one side, whose sum is above 0."""
    ended, total = memory.ended, memory.sums[0].total
    for flow in range(FRESH + 1):
        mean = 0.0
        for hops in range(1, HOP_CAP + 1):
            mean += hops * ended[flow, hops]
        line[MEAN[flow]] = mean / total
        line[GREATEST_OF[flow]] = greatest(ended[flow], total)
    for k in range(_SHARES.shape[0]):
        flow, least, place = _SHARES[k]
        through = 0.0
        for hops in range(least + 1, HOP_CAP + 1):
            through += ended[flow, hops]
        line[place] = min(through / total, 1.0)


@inner_kernel
def _ways(memory: Memory, own: History, line: Float64s) -> None:
    """Columns of the ways that value took, of one side, whose sum is above 0."""
    sums = memory.sums[0]
    total, passed = sums.total, 0.0
    for hops in range(2, HOP_CAP + 1):  # not mean less 1, which cancels where little passed
        passed += (hops - 1) * memory.ended[WIDEST, hops]
    line[OF.entered_s] = sums.elapsed / total
    if passed > 0.0:
        line[OF.dwell_s] = sums.elapsed / passed
    line[OF.entries_count] = total / sums.squares * total
    line[OF.paths_count] = sums.paths
    line[OF.services_share] = sums.services / total
    read = (own.end - own.first) / own.total
    line[OF.searched_share] = max(1.0 - sums.unsearched / total, 0.0) * read


@kernel
def _depth(given: TracedPast, out: Rows) -> None:
    memory = empty_memory()
    for row in range(out.shape[0]):
        asked = ask(given.past, row)
        received, sent, both = blocks(out[row], len(OF))
        both[ALL.truncated_ratio] = 0.0
        for forward, own, line in ((False, asked.received, received), (True, asked.sent, sent)):
            if own.first == own.end:
                continue
            follow(given, asked, forward, memory)
            sums = memory.sums[0]
            if sums.total == 0.0:
                continue
            _hops(memory, line)
            _ways(memory, own, line)
            if own.total > own.end - own.first or sums.unsearched > GREATEST * sums.total:
                both[ALL.truncated_ratio] = 1.0


def _trails(given: TracedPast) -> list[Trail]:
    asked, memory, trails = ask(given.past, 0), empty_memory(), []
    for forward, side in ((False, "in"), (True, "out")):
        follow(given, asked, forward, memory)
        total = memory.sums["total"][0]
        if total > 0.0:
            hops = greatest(memory.ended[WIDEST], total)
            trails += _longest(memory, hops, f"depth_greatest_30d_{side}_hops", forward)
    return trails


def _longest(memory: Memory, hops: int, column: str, forward: bool) -> list[Trail]:
    """The ways of the most value at the greatest number of hops."""
    first, end = memory.levels[hops], memory.levels[hops + 1]
    carried = memory.value[first:end, WIDEST]
    largest = first + np.argsort(-carried, kind="stable")[:_TRAILS]
    trails = []
    for far_end in largest.tolist():
        way = _way(memory, far_end)
        places = np.array(way[::-1] if forward else way, dtype=np.int64)
        rows: Int64s = memory.pieces["transfer"][places].astype(np.int64)
        trails.append(Trail((column,), rows, memory.value[places, WIDEST]))
    return trails


def _way(memory: Memory, far_end: int) -> list[int]:
    """Pieces from one back to the wallet's own transfer, each the one that gave most."""
    way, piece = [far_end], int(memory.pieces["parent"][far_end])
    while piece >= 0:
        way.append(piece)
        piece = int(memory.pieces["parent"][piece])
    return way


DEPTH = View("depth", 2, COLUMNS, _depth, _trails, given=traced_past)
