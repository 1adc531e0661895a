"""Whether a wallet passes on what it takes in, and among what it shares it.

Around a transfer, a wallet **passes on within a window** if what it received and what it sent, from
one width before the transfer to one width after it, agree: the lesser sum is at least ``MATCH`` of
the greater, in however many pieces. What it sent beyond what it received then did not come through
it, but entered there. What it passes on is a mix of all that it received in the window before (or
goes, forward, to all that it sent in the window after), in proportion to the amounts. A wallet with
more than ``HUB`` transfers on a side, up to thirty days before and after, behaves like a service:
whose money it passes on cannot be told, so it passes nothing on.
"""

from typing import NamedTuple

from features.kernel import Float64s
from features.past import DAY, WIDTHS, Past, PastSide, few_between, inner_kernel
from features.past.cut import held
from features.views.depth.memory import FRESH, WIDEST, Memory

MATCH = 0.5
HUB = 1_000
WIDEST_S = 30 * DAY


class Around(NamedTuple):
    """A wallet's transfers around another, places ``[first, end)`` on two sides.

    ``near`` is the side on which the search goes on: receipts, or (forward) sendings. Without any
    on either side it passes nothing on, and both are empty.
    """

    near_first: int
    near_end: int
    far_first: int
    far_end: int


@inner_kernel
def around(near: PastSide, far: PastSide, wallet: int, time: int) -> Around:
    """Transfers of a wallet up to the widest window before and after a time."""
    since, until = time - WIDEST_S, time + WIDEST_S + 1
    near_first, near_end = few_between(near, wallet, since, until, HUB)
    if near_first == near_end:
        return Around(0, 0, 0, 0)
    far_first, far_end = few_between(far, wallet, since, until, HUB)
    if far_first == far_end:
        return Around(0, 0, 0, 0)
    return Around(near_first, near_end, far_first, far_end)


@inner_kernel
def rest(times: int, time: int, forward: bool) -> int:
    """How long value rested between a transfer and the one followed; below 0 where it did not."""
    return times - time if forward else time - times


@inner_kernel
def _sums(side: PastSide, first: int, end: int, wallet: int, time: int, sums: Float64s) -> None:
    """Sums of a wallet's transfers up to each width before and after a time."""
    times, amount, counterparty = side.time, side.amount, side.counterparty
    sums[:] = 0.0
    for place in range(first, end):
        if counterparty[place] == wallet:
            continue
        apart = abs(times[place] - time)
        for window in range(WIDEST, -1, -1):
            if apart > WIDTHS[window]:
                break
            sums[window] += amount[place]


@inner_kernel
def _mixes(
    near: PastSide, found: Around, wallet: int, time: int, forward: bool, mix: Float64s
) -> None:
    """Sums of the transfers that value may have come by, or (``forward``) gone by, by window."""
    times, amount, counterparty = near.time, near.amount, near.counterparty
    mix[:] = 0.0
    for place in range(found.near_first, found.near_end):
        rested = rest(times[place], time, forward)
        if rested < 0 or counterparty[place] == wallet:
            continue
        for window in range(WIDEST, -1, -1):
            if rested > WIDTHS[window]:
                break
            mix[window] += amount[place]


@inner_kernel
def _is_fresh(past: Past, wallet: int, time: int) -> bool:
    """Whether a wallet has no transfer more than the widest window before a time."""
    for side in (past.incoming, past.outgoing):
        start, stop = held(side, wallet, side.as_of[0])
        if start < stop and side.time[start] < time - WIDEST_S:
            return False
    return True


@inner_kernel
def passed_on(past: Past, memory: Memory, at: int, found: Around, forward: bool) -> bool:
    """Fill ``memory.rate`` for the wallet at the far end of a piece; whether it passes any on.

    A rate is what each unit of a transfer of that wallet gets of the piece's value, by flow.
    """
    near, far = (past.outgoing, past.incoming) if forward else (past.incoming, past.outgoing)
    piece, rate, mix, value = memory.pieces[at], memory.rate, memory.mix, memory.value
    wallet, time = piece.wallet + 0, piece.time
    taken, given = memory.taken, memory.given
    _sums(near, found.near_first, found.near_end, wallet, time, taken)
    _sums(far, found.far_first, found.far_end, wallet, time, given)
    _mixes(near, found, wallet, time, forward, mix)
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
