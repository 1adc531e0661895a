"""Temporal cycles: money that comes back to the wallet it left, with the wallet on its way.

A temporal cycle is 2 to 6 transfers, each sent by the wallet that received the one before, the
first by the one that received the last; every wallet occurs once. Their times rise strictly from
some origin on, at most seven days from first to last: the wallet in question may be the origin or
any other wallet, so read around from it the times go down exactly once. Amounts are near-equal, the
smallest positive and at least half the largest: without that rule most cycles at busy wallets are
chance. What goes round is the smallest amount. Parallel transfers make different cycles. A transfer
of a swap is part of none: in its transaction its sender took back, or its recipient gave on, most
of it. Else whoever swaps there and back is in a cycle with each pool.

Searched are the cycles in which the wallet's own two transfers are among its latest 64 a side with
another wallet and of positive amount. A wallet is not passed through that has more than 256
transfers to choose from (128 where a third transfer is added), but a cycle of three is lost only if
both others are so busy. Shorter cycles come first: nothing else takes those of two and three but
the 1,000 at which the count of a length ends.
"""

import numpy as np

from features.kernel import SECOND, Float64s, Records, Rows, inner_kernel, kernel
from features.past import TracedPast, ask
from features.view import Template, Trail, places
from features.views.patterns.cycle_arcs import STARTS, Way, start
from features.views.patterns.cycle_search import (
    ARCS_KEPT,
    BUSY,
    CYCLES_COUNTED,
    LENGTHS,
    LONGEST,
    Found,
    close_all,
    cycles_in_all,
    empty_arcs,
    empty_buckets,
    empty_cycles,
    empty_found,
    forget_found,
    grow,
)

_NO_CYCLES = empty_cycles(0)
_TRAILS = 10  # most trails of a column
_RULE = (
    "each later than the one before, from some wallet on, all within 7 days, none given back in "
    "its own transaction; smallest amount at least half the largest"
)
_CYCLES = f"cycles of 2 to {LONGEST} transfers through the wallet ({_RULE})"
CYCLES_SOURCE = (
    "simple temporal cycles within a time window: Kumar and Calders 2018, PVLDB 11(11); "
    "the rule on amounts, the window and caps are our own"
)

CYCLES: tuple[Template, ...] = (
    *(
        (f"cycles_{length}_count", f"cycles of {length} transfers through the wallet ({_RULE})")
        for length in LENGTHS
    ),
    (
        "cycles_amount",
        f"sum of the smallest amounts of the {_CYCLES}; nan without transfers with others",
    ),
    (
        "cycles_share",
        f"value of the receipts that close {_CYCLES}, over that of the latest {STARTS} receipts "
        "from others",
    ),
    (
        "cycle_fastest_s",
        f"least time from first to last transfer of the {_CYCLES}; nan if there are none",
    ),
    (
        "cycles_truncated_ratio",
        f"1 if a cap cut the search for cycles short (the latest {STARTS} own transfers a side, "
        f"wallets with more than {BUSY[0]} transfers to choose from, or {BUSY[1]} at the third "
        f"hop, {ARCS_KEPT} paths, {CYCLES_COUNTED:,} cycles of a length), else 0",
    ),
)
_AT = places(*CYCLES)
_COUNTS = tuple((length, getattr(_AT, f"cycles_{length}_count")) for length in LENGTHS)


@inner_kernel
def _fill(line: Float64s, found: Found, receipts: Records) -> None:
    """Fill the columns of a row that has transfers with others, or not; ``receipts`` are arcs."""
    summary = found.summary[0]
    for length, at in _COUNTS:
        line[at] = found.n[length]
    received, returned = 0.0, 0.0
    for k in range(receipts.size):
        amount = receipts[k]["least"]
        received += amount
        returned += amount if found.closing[k] else 0.0
    if receipts.size:
        line[_AT.cycles_share] = returned / received
    if cycles_in_all(found):
        line[_AT.cycle_fastest_s] = summary.fastest / SECOND
    line[_AT.cycles_truncated_ratio] = summary.cut_short


@kernel
def _cycles(given: TracedPast, out: Rows, first: int, cycle: Records) -> None:
    """Fill the columns ``CYCLES`` of each row; ``cycle`` gets the cycles of the last one.

    They begin at the column ``first`` of ``out``, which stays whole: a part of it would be an array
    of another type, and the kernel be compiled twice.
    """
    past = given.past
    incoming, outgoing = past.incoming, past.outgoing
    ahead_1, ahead_2, ahead_3 = empty_arcs(STARTS), empty_arcs(ARCS_KEPT), empty_arcs(ARCS_KEPT)
    back_1, back_2, back_3 = empty_arcs(STARTS), empty_arcs(ARCS_KEPT), empty_arcs(0)
    # forward arcs of one hop to a wallet that is not passed through
    busy, buckets, found = empty_arcs(STARTS), empty_buckets(), empty_found(cycle)
    none = busy[:0]
    for row in range(out.shape[0]):
        asked, line = ask(past, row), out[row, first:]
        forth = Way(given, outgoing, asked.wallet, 1)
        back = Way(given, incoming, asked.wallet, -1)
        forget_found(found)
        # n forward arcs and m backward ones
        n, more_out = start(forth, asked.sent, ahead_1)
        m, more_in = start(back, asked.received, back_1)
        sendings, receipts = ahead_1[:n], back_1[:m]
        if n > 0 and m > 0:  # all lengths in turn, as long as both sides have arcs
            found.summary[0].cut_short = more_out or more_in
            close_all(sendings, receipts, buckets, forth, found)
            n, n_busy = grow(forth, sendings, receipts, ahead_2, busy, buckets, found)
            if n_busy > 0:  # cycles of three past these wallets can be met from the other side
                grow(back, receipts, busy[:n_busy], back_3, none, buckets, found)
            if n > 0:
                m, _ = grow(back, receipts, ahead_2[:n], back_2, none, buckets, found)
            if n > 0 and m > 0:
                n, _ = grow(forth, ahead_2[:n], back_2[:m], ahead_3, none, buckets, found)
            if n > 0 and m > 0:
                grow(back, back_2[:m], ahead_3[:n], back_3, none, buckets, found)
        _fill(line, found, receipts)
        if sendings.size + receipts.size:
            line[_AT.cycles_amount] = found.summary[0].value


def cycle_columns(given: TracedPast, out: Rows, first: int = 0) -> None:
    """Fill the columns ``CYCLES`` of each past.

    Parameters
    ----------
    given : TracedPast
    out : float64 array, shape (given.size, columns)
        nan at first.
    first : int
        Column at which they begin.
    """
    _cycles(given, out, first, _NO_CYCLES)


def cycle_trails(given: TracedPast) -> list[Trail]:
    """The cycles behind the row of a past of one question, each in order of time from its origin.

    Those of most money come first, at most 10 a column. ``amounts`` holds what goes round: the
    smallest.
    """
    line = np.full((1, len(CYCLES)), np.nan)
    cycle_columns(given, line)
    cycle = empty_cycles(int(sum(line[0, at] for _, at in _COUNTS)))
    _cycles(given, line, 0, cycle)
    widest = np.argsort(-cycle["money"], kind="stable").tolist()
    chosen = {
        f"cycles_{n}_count": [at for at in widest if cycle["length"][at] == n] for n in LENGTHS
    }
    chosen |= {"cycles_amount": widest, "cycles_share": widest}
    chosen["cycle_fastest_s"] = sorted(widest, key=lambda at: cycle["lasts"][at])[:1]
    proven: dict[int, list[str]] = {at: [] for at in widest}
    for name, shown in chosen.items():
        for at in shown[:_TRAILS]:
            proven[at].append(f"patterns_{name}")
    return [
        Trail(
            tuple(columns),
            cycle["transfer"][at][: cycle["length"][at]].copy(),
            np.full(cycle["length"][at], cycle["money"][at]),
        )
        for at, columns in proven.items()
        if columns
    ]
