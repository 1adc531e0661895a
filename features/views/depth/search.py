"""The search behind the depth view: value followed hop by hop through wallets that pass it on.

Backward from what a wallet received, forward from what it sent. Value at one hop is held by
transfers, each once, however many ways lead to it, so that money that was split and meets again
is one piece again. A piece's value goes on in proportion (:mod:`features.views.depth.passing`), or
ends: where it entered, at a service, at the wallet itself, or where a cap stops the search. Shares
of the side's sum below ``FLOOR`` are not followed further.
"""

from features.kernel import SECOND
from features.past import WIDTHS, Past, PastSide, Question, inner_kernel
from features.views.depth.memory import (
    FLOOR,
    FRESH,
    HOP_CAP,
    WIDEST,
    Memory,
    forget,
    piece_of,
)
from features.views.depth.passing import Around, around, passed_on, rest

WORK = 500_000  # transfers that are looked at, of one side


@inner_kernel
def _start(side: PastSide, asked: Question, forward: bool, memory: Memory) -> None:
    """Make pieces of the wallet's own transfers, the latest first."""
    counterparty, amount = side.counterparty, side.amount
    own, sums, value = asked.sent if forward else asked.received, memory.sums[0], memory.value
    total = 0.0
    for place in range(own.first, own.end):
        if counterparty[place] != asked.wallet:
            total += amount[place]
    sums.total = total
    sums.generation += 1
    for place in range(own.end - 1, own.first - 1, -1):
        if counterparty[place] == asked.wallet or amount[place] == 0.0:
            continue
        new = -1
        if amount[place] >= FLOOR * total:
            new = piece_of(memory, side.transfer[place], counterparty[place], side.time[place])
        if new >= 0:
            value[new] = amount[place]
        else:
            for flow in range(FRESH + 1):
                memory.ended[flow, 1] += amount[place]
            sums.unsearched += amount[place]


@inner_kernel
def _end(memory: Memory, at: int, hop: int, searched: bool) -> None:
    """End a piece after so many transfers."""
    value, ended, sums = memory.value, memory.ended, memory.sums[0]
    for flow in range(FRESH + 1):
        ended[flow, hop] += value[at, flow]
    left = value[at, WIDEST]
    sums.elapsed += memory.pieces[at].elapsed
    sums.squares += left * left
    if not searched:
        sums.unsearched += left


@inner_kernel
def _end_rest(memory: Memory, at: int, hop: int) -> None:
    """End what a piece did not come through its wallet with; the rest goes on."""
    value, rate, mix, ended = memory.value, memory.rate, memory.mix, memory.ended
    for flow in range(FRESH + 1):
        passed = min(rate[flow] * mix[min(flow, WIDEST)], value[at, flow])
        ended[flow, hop] += value[at, flow] - passed
    whole = value[at, WIDEST]
    left = whole - min(rate[WIDEST] * mix[WIDEST], whole)
    sums = memory.sums[0]
    sums.squares += left * left
    if whole > 0.0:
        sums.elapsed += memory.pieces[at].elapsed * (left / whole)


@inner_kernel
def _share(memory: Memory, amount: float, rested: int) -> float:
    """Fill what a transfer gets of each flow, into ``share``; the largest."""
    rate, share = memory.rate, memory.share
    most = 0.0
    for flow in range(FRESH + 1):
        share[flow] = rate[flow] * amount if rested <= WIDTHS[min(flow, WIDEST)] else 0.0
        most = max(most, share[flow])
    return most


@inner_kernel
def _take(memory: Memory, at: int, new: int, hop: int, elapsed: float) -> None:
    """Add shares to a piece, or where there is none (-1) end them."""
    pieces, value, share, sums = memory.pieces, memory.value, memory.share, memory.sums[0]
    widest = share[WIDEST]
    if new < 0:
        for flow in range(FRESH + 1):
            memory.ended[flow, hop] += share[flow]
        sums.elapsed += elapsed
        sums.squares += widest * widest
        return
    for flow in range(FRESH + 1):
        value[new, flow] += share[flow]
    piece = pieces[new]
    piece.elapsed += elapsed
    if widest > piece.most:
        piece.most, piece.parent = widest, at


@inner_kernel
def _go_on(
    side: PastSide, wallet: int, memory: Memory, at: int, hop: int, found: Around, forward: bool
) -> None:
    """Give what a piece's wallet passes on to its transfers, each of ``hop`` on the way.

    ``wallet`` is whom the search is for: its own money ends there.
    """
    times, counterparty, amount, transfer = (
        side.time, side.counterparty, side.amount, side.transfer,
    )  # fmt: skip
    piece, sums = memory.pieces[at], memory.sums[0]
    through, time, whole = piece.wallet + 0, piece.time, memory.value[at, WIDEST]
    so_far = piece.elapsed / whole if whole > 0.0 else 0.0
    floor = FLOOR * sums.total
    for place in range(found.near_first, found.near_end):
        rested, other = rest(times[place], time, forward), counterparty[place]
        if rested < 0 or other == through:
            continue
        most = _share(memory, amount[place], rested)
        if most == 0.0:
            continue
        new = -1
        if other != wallet:
            if most >= floor:
                new = piece_of(memory, transfer[place], other, times[place])
            if new < 0:
                sums.unsearched += memory.share[WIDEST]
        _take(memory, at, new, hop, (so_far + rested / SECOND) * memory.share[WIDEST])


@inner_kernel
def _effective(memory: Memory, first: int, end: int) -> float:
    """How many equal transfers would spread the value as those of one hop do."""
    value, total, squares = memory.value, 0.0, 0.0
    for at in range(first, end):
        total += value[at, WIDEST]
        squares += value[at, WIDEST] * value[at, WIDEST]
    return total / squares * total if squares > 0.0 else 0.0


@inner_kernel
def follow(past: Past, asked: Question, forward: bool, memory: Memory) -> None:
    """Follow all value of one side; fills the memory.

    Reads the wallet's own transfers and those, up to thirty days before and after, of the wallets
    that its value came through or (``forward``) went through.
    """
    forget(memory)
    near, far = (past.outgoing, past.incoming) if forward else (past.incoming, past.outgoing)
    _start(near, asked, forward, memory)
    sums, levels, pieces = memory.sums[0], memory.levels, memory.pieces
    first, hop = 0, 1
    levels[0] = levels[1] = 0
    while first < sums.pieces:
        end = sums.pieces
        sums.paths = max(sums.paths, _effective(memory, first, end))
        sums.generation += 1
        for at in range(first, end):
            if hop == HOP_CAP or sums.work > WORK:
                _end(memory, at, hop, False)
                continue
            found = around(near, far, pieces[at].wallet, pieces[at].time)
            sums.work += 1 + found.near_end - found.near_first + found.far_end - found.far_first
            if found.near_first < found.near_end and passed_on(past, memory, at, found, forward):
                _end_rest(memory, at, hop)
                _go_on(near, asked.wallet, memory, at, hop + 1, found, forward)
            else:
                _end(memory, at, hop, True)
        hop += 1
        levels[hop] = end
        first = end
    for rest_of in range(hop + 1, levels.size):
        levels[rest_of] = first
