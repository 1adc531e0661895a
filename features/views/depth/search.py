"""The search behind the depth view: value followed hop by hop through wallets that pass it on.

Backward from what a wallet received, forward from what it sent. Value at one hop is held by
transfers, each once, however many ways lead to it, so that money that was split and meets again
is one piece again. A piece's value goes on in proportion (:mod:`features.views.depth.passing`), or
ends: where it entered, at a service, at a pseudo-wallet, at the wallet itself, or where a cap stops
the search. Shares of the side's sum below ``FLOOR`` are not followed further.
"""

from features.kernel import SECOND
from features.past import PSEUDO, WIDTHS, History, PastSide, Question, TracedPast, inner_kernel
from features.views.depth.around import Around, around
from features.views.depth.conversions import kept_of
from features.views.depth.memory import FLOOR, FRESH, HOP_CAP, WIDEST, Memory, forget, piece_of
from features.views.depth.passing import passed_inside, passed_on, rest

WORK = 200_000  # of one side: transfers that are looked at, and each wallet as WALLET of them
WALLET = 32  # finding a wallet's transfers costs as much as reading so many


@inner_kernel
def _start(given: TracedPast, asked: Question, forward: bool, memory: Memory) -> None:
    """Make pieces of what the wallet moved, conversions left out, the latest first."""
    past, wallet = given.past, asked.wallet
    received, sent = asked.received, asked.sent
    near, far = (past.outgoing, past.incoming) if forward else (past.incoming, past.outgoing)
    own, across = (sent, received) if forward else (received, sent)
    found = Around(own.first, own.end, across.first, across.end, False)
    kept, sums, value = memory.kept, memory.sums[0], memory.value
    kept_of(near, far, given.tx_hash, wallet, found, kept)
    total = 0.0
    for place in range(own.first, own.end):
        total += kept[place - own.first]
    sums.total = total
    sums.generation += 1
    for place in range(own.end - 1, own.first - 1, -1):
        amount, new = kept[place - own.first], -1
        if amount == 0.0:
            continue
        if amount >= FLOOR * total:
            new = piece_of(memory, near.transfer[place], near.counterparty[place], near.time[place])
        if new < 0:
            sums.unsearched += amount
            sums.squares += amount * amount
        for flow in range(FRESH + 1):
            if new >= 0:
                value[new, flow] = amount
            else:
                memory.ended[flow, 1] += amount


@inner_kernel
def _end(memory: Memory, at: int, hop: int, searched: bool) -> None:
    """End what a piece has left, after so many transfers."""
    value, ended, sums = memory.value, memory.ended, memory.sums[0]
    for flow in range(FRESH + 1):
        ended[flow, hop] += value[at, flow]
    left = value[at, WIDEST]
    sums.elapsed += memory.pieces[at].elapsed
    sums.squares += left * left
    if not searched:
        sums.unsearched += left


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
    """Add shares of a piece to another, or where there is none (-1) end them."""
    value, share, sums = memory.value, memory.share, memory.sums[0]
    widest = share[WIDEST]
    if new < 0:
        for flow in range(FRESH + 1):
            memory.ended[flow, hop] += share[flow]
        sums.elapsed += elapsed
        sums.squares += widest * widest
        return
    for flow in range(FRESH + 1):
        value[new, flow] += share[flow]
    piece = memory.pieces[new]
    piece.elapsed += elapsed
    if widest > piece.most:
        piece.most, piece.parent = widest, at


@inner_kernel
def _go_on(
    side: PastSide, wallet: int, memory: Memory, at: int, hop: int, ways: History, forward: bool
) -> None:
    """Give what a piece's wallet passes on to its transfers, of one hop more; the piece has less.

    ``wallet`` is whom the search is for: its own money ends there.
    """
    times, counterparty, transfer, kept = (
        side.time, side.counterparty, side.transfer, memory.kept,
    )  # fmt: skip
    piece, sums, value, share = memory.pieces[at], memory.sums[0], memory.value, memory.share
    time, whole, floor = piece.time, value[at, WIDEST], FLOOR * sums.total
    so_far = piece.elapsed / whole if whole > 0.0 else 0.0
    for place in range(ways.first, ways.end):
        rested, amount = rest(times[place], time, forward), kept[place - ways.first]
        if rested < 0 or amount == 0.0:
            continue
        most, new = _share(memory, amount, rested), -1
        if most == 0.0:
            continue
        if counterparty[place] != wallet:
            if most >= floor:
                new = piece_of(memory, transfer[place], counterparty[place], times[place])
            if new < 0:
                sums.unsearched += share[WIDEST]
        _take(memory, at, new, hop + 1, (so_far + rested / SECOND) * share[WIDEST])
        for flow in range(FRESH + 1):
            value[at, flow] = max(value[at, flow] - share[flow], 0.0)
    piece.elapsed = so_far * value[at, WIDEST]


@inner_kernel
def _follow_piece(
    given: TracedPast, wallet: int, memory: Memory, at: int, hop: int, forward: bool
) -> None:
    """Follow one piece through the wallet at its far end, and end what does not go on."""
    past, tx_hash, pieces, sums = given.past, given.tx_hash, memory.pieces, memory.sums[0]
    near, far = (past.outgoing, past.incoming) if forward else (past.incoming, past.outgoing)
    if past.kind[pieces[at].wallet] == PSEUDO:
        sums.services += memory.value[at, WIDEST]
        _end(memory, at, hop, True)
        return
    first, end = passed_inside(past, tx_hash, memory, at, forward)
    sums.work += WALLET + end - first
    if first < end:
        _go_on(near, wallet, memory, at, hop, History(first, end, 0), forward)
    else:
        found = around(near, far, pieces[at].wallet, pieces[at].time)
        first, end = found.near_first, found.near_end
        sums.work += end - first + found.far_end - found.far_first
        if found.many:
            sums.services += memory.value[at, WIDEST]
        if first < end and passed_on(past, tx_hash, memory, at, found, forward):
            _go_on(near, wallet, memory, at, hop, History(first, end, 0), forward)
    _end(memory, at, hop, True)


@inner_kernel
def _effective(memory: Memory, first: int, end: int) -> float:
    """How many equal transfers would spread the value as those of one hop do."""
    value, total, squares = memory.value, 0.0, 0.0
    for at in range(first, end):
        total += value[at, WIDEST]
        squares += value[at, WIDEST] * value[at, WIDEST]
    return total / squares * total if squares > 0.0 else 0.0


@inner_kernel
def follow(given: TracedPast, asked: Question, forward: bool, memory: Memory) -> None:
    """Follow all value of one side; fills the memory.

    Reads the wallet's own transfers and those, up to thirty days before and after, of the wallets
    that its value came through or (``forward``) went through.
    """
    forget(memory)
    _start(given, asked, forward, memory)
    sums, levels = memory.sums[0], memory.levels
    first, hop = 0, 1
    levels[0] = levels[1] = 0
    while first < sums.pieces:
        end = sums.pieces
        sums.paths = max(sums.paths, _effective(memory, first, end))
        sums.generation += 1
        for at in range(first, end):
            if hop == HOP_CAP or sums.work > WORK:
                _end(memory, at, hop, False)
            else:
                _follow_piece(given, asked.wallet, memory, at, hop, forward)
        hop += 1
        levels[hop] = first = end
    for more in range(hop + 1, levels.size):
        levels[more] = first
