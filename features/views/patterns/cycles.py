"""Temporal cycles: money that comes back to the wallet it left, with the wallet on its way.

A temporal cycle is 2 to 6 transfers, each sent by the wallet that received the one before, the
first by the one that received the last; every wallet occurs once. Their times rise strictly from
some origin on, at most seven days from first to last: the wallet in question may be the origin or
any other wallet, so read around from it the times go down exactly once. Amounts are near-equal, the
smallest positive and at least half the largest: without that rule most cycles at busy wallets are
chance. What goes round is the smallest amount. Parallel transfers make different cycles.

Searched are the cycles in which the wallet's own two transfers are among its latest 64 a side with
another wallet and of positive amount. A wallet is not passed through that has more than 256
transfers to choose from (128 where a third transfer is added), but a cycle of three is lost only if
both others are so busy. Shorter cycles come first: nothing else takes those of two and three but
the 1,000 at which the count of a length ends.
"""

import numpy as np

from features.kernel import Float64s, Int32s, Int64s, Rows
from features.ledger.slices import Sides
from features.view import Column, Trail
from features.views.patterns.cycle_paths import ANCHORS
from features.views.patterns.cycle_search import COUNTS, HUBS, LONGEST, MOST, WIDTH, find_cycles

_TRAILS = 10  # most trails of a column
_RULE = (
    "each later than the one before, from some wallet on, all within 7 days; smallest amount at "
    "least half the largest"
)
_CYCLES = f"cycles of 2 to {LONGEST} transfers through the wallet ({_RULE})"
_SOURCE = (
    "simple temporal cycles within a time window: Kumar and Calders 2018, PVLDB 11(11); "
    "the rule on amounts, the window and caps are our own"
)

CYCLE_COLUMNS: tuple[Column, ...] = (
    *(
        Column(
            f"patterns_cycles_{length}_count",
            f"cycles of {length} transfers through the wallet ({_RULE})",
            source=_SOURCE,
        )
        for length in range(2, LONGEST + 1)
    ),
    Column(
        "patterns_cycles_amount",
        f"sum of the smallest amounts of the {_CYCLES}; nan without transfers with others",
        scale_free=False,
        source=_SOURCE,
    ),
    Column(
        "patterns_cycles_share",
        f"value of the receipts that close {_CYCLES}, over that of the latest {ANCHORS} receipts "
        "from others",
        source=_SOURCE,
    ),
    Column(
        "patterns_cycle_fastest_s",
        f"least time from first to last transfer of the {_CYCLES}; nan if there are none",
        source=_SOURCE,
    ),
    Column(
        "patterns_cycles_truncated_ratio",
        f"1 if a cap cut the search for cycles short (the latest {ANCHORS} own transfers a side, "
        f"wallets with more than {HUBS[0]} transfers to choose from, or {HUBS[1]} at the third "
        f"hop, {WIDTH} paths, {MOST:,} cycles of a length), else 0",
    ),
)


def cycles(sides: Sides, codes: Int32s, as_of: Int64s) -> Rows:
    """Compute the columns ``CYCLE_COLUMNS`` of each wallet as of each instant.

    Parameters
    ----------
    sides : Sides
    codes : int32 array, shape (n,)
        Wallet codes, -1 for an unknown wallet.
    as_of : int64 array, shape (n,), microseconds since 1970 UTC
        Only transfers before it are read, of every wallet.

    Returns
    -------
    float64 array, shape (n, columns)
    """
    out = np.empty((codes.size, len(CYCLE_COLUMNS)))
    find_cycles(sides, codes, as_of, *_proofs(0), out)
    return out


def _proofs(n: int) -> tuple[Int64s, Float64s]:
    return np.empty((n, 1 + LONGEST), dtype=np.int64), np.empty(n)


def cycle_trails(sides: Sides, code: int, as_of: int) -> list[Trail]:
    """The cycles behind a row, each in order of time from its origin.

    Those of most money come first. ``amounts`` holds what goes round: the smallest.

    Parameters
    ----------
    sides : Sides
    code : int
    as_of : int, microseconds since 1970 UTC

    Returns
    -------
    list of Trail
        At most 10 a column.
    """
    row = np.array([code], dtype=np.int32), np.array([as_of], dtype=np.int64)
    out = cycles(sides, *row)
    proof, money = _proofs(int(out[0, COUNTS].sum()))
    find_cycles(sides, *row, proof, money, out)
    widest = np.argsort(-money, kind="stable").tolist()
    found = {at: proof[at, 1:][proof[at, 1:] >= 0] for at in widest}
    chosen = [[at for at in widest if found[at].size == n] for n in range(2, LONGEST + 1)]
    chosen += [widest, widest, sorted(widest, key=lambda at: proof[at, 0])[:1]]
    proven: dict[int, list[str]] = {at: [] for at in widest}
    for column, cycles_of_it in zip(CYCLE_COLUMNS, chosen, strict=False):
        for at in cycles_of_it[:_TRAILS]:
            proven[at].append(column.name)
    return [
        Trail(tuple(columns), found[at], np.full(found[at].size, money[at]))
        for at, columns in proven.items()
        if columns
    ]
