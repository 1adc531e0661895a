"""Whether a wallet passes on what it takes in, and among what it shares it.

Around a transfer, a wallet **passes on within a window** if what it received and what it sent, from
one width before the transfer to one width after it, agree: the lesser sum is at least ``MATCH`` of
the greater, in however many pieces. What it sent beyond what it received then did not come through
it, but entered there. What it passes on is a mix of all that it received in the window before (or
goes, forward, to all that it sent in the window after), in proportion to the amounts, conversions
left out. Inside one transaction a wallet passes on what it takes, whoever it is: a router, or a
contract that gives back at once.
"""

from features.kernel import Float64s, UInt64s
from features.past import WIDTHS, Past, PastSide, inner_kernel
from features.past.cut import held
from features.past.transactions import in_transaction, sum_of
from features.views.depth.around import SPAN, Around
from features.views.depth.conversions import kept_of
from features.views.depth.memory import FRESH, WIDEST, Memory

MATCH = 0.5


@inner_kernel
def rest(time: int, followed: int, forward: bool) -> int:
    """How long value rested between a transfer and the followed one; below 0 where it did not."""
    return time - followed if forward else followed - time


@inner_kernel
def _given(far: PastSide, found: Around, wallet: int, time: int, sums: Float64s) -> None:
    """Sums of the far side up to each width before and after a time."""
    times, amount, counterparty = far.time, far.amount, far.counterparty
    sums[:] = 0.0
    for place in range(found.far_first, found.far_end):
        if counterparty[place] == wallet:
            continue
        apart = abs(times[place] - time)
        for window in range(WIDEST, -1, -1):
            if apart > WIDTHS[window]:
                break
            sums[window] += amount[place]


@inner_kernel
def _taken(
    near: PastSide, found: Around, wallet: int, time: int, forward: bool, memory: Memory
) -> None:
    """The same of the near side, and the mix: what value may have come, or gone, by."""
    times, amount, counterparty = near.time, near.amount, near.counterparty
    kept, sums, mix, first = memory.kept, memory.taken, memory.mix, found.near_first
    sums[:] = 0.0
    mix[:] = 0.0
    for place in range(first, found.near_end):
        if counterparty[place] == wallet:
            continue
        rested = rest(times[place], time, forward)
        apart = abs(rested)
        for window in range(WIDEST, -1, -1):
            if apart > WIDTHS[window]:
                break
            sums[window] += amount[place]
            if rested >= 0:
                mix[window] += kept[place - first]


@inner_kernel
def _is_fresh(past: Past, wallet: int, time: int) -> bool:
    """Whether a wallet has no transfer more than the widest window before a time."""
    for side in (past.incoming, past.outgoing):
        start, stop = held(side, wallet, side.as_of[0])
        if start < stop and side.time[start] < time - SPAN:
            return False
    return True


@inner_kernel
def passed_on(
    past: Past, tx_hash: UInt64s, memory: Memory, at: int, found: Around, forward: bool
) -> bool:
    """Fill ``memory.rate`` for the wallet at the far end of a piece; whether it passes any on.

    A rate is what each unit of a transfer of that wallet gets of the piece's value, by flow; what
    of a transfer counts is in ``memory.kept``.
    """
    near, far = (past.outgoing, past.incoming) if forward else (past.incoming, past.outgoing)
    piece, rate, mix, value = memory.pieces[at], memory.rate, memory.mix, memory.value
    wallet, time = piece.wallet + 0, piece.time
    taken, given = memory.taken, memory.given
    kept_of(near, far, tx_hash, wallet, found, memory.kept)
    _taken(near, found, wallet, time, forward, memory)
    _given(far, found, wallet, time, given)
    any_passed = False
    for window in range(WIDEST + 1):
        least, most = min(taken[window], given[window]), max(taken[window], given[window])
        rate[window] = 0.0
        if mix[window] > 0.0 and least >= MATCH * most and least > 0.0:
            rate[window] = min(1.0, taken[window] / given[window]) / mix[window]
            any_passed = True
    rate[FRESH] = rate[WIDEST] if _is_fresh(past, wallet, time) else 0.0
    for flow in range(FRESH + 1):
        rate[flow] *= value[at, flow]
    return any_passed


@inner_kernel
def passed_inside(
    past: Past, tx_hash: UInt64s, memory: Memory, at: int, forward: bool
) -> tuple[int, int]:
    """Like :func:`passed_on`, within the transaction of a piece; returns those transfers' places.

    They are none where the wallet did not both take and give in it.
    """
    near, far = (past.outgoing, past.incoming) if forward else (past.incoming, past.outgoing)
    piece, kept = memory.pieces[at], memory.kept
    wallet, time, row = piece.wallet + 0, piece.time, piece.transfer
    first, end = in_transaction(near, tx_hash, wallet, time, row)
    whole = sum_of(near, first, end, wallet)
    if whole == 0.0:
        return 0, 0
    given = sum_of(far, *in_transaction(far, tx_hash, wallet, time, row), wallet)
    passed = min(1.0, whole / given) if given > 0.0 else 1.0
    for place in range(first, end):
        kept[place - first] = near.amount[place] if near.counterparty[place] != wallet else 0.0
    for flow in range(FRESH + 1):
        memory.rate[flow] = memory.value[at, flow] * (passed / whole)
    return first, end
