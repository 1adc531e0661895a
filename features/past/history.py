"""The cut: which part of a wallet's slice a view may read at ``as_of``.

This is the only place that compares a transfer's time with ``as_of``. A row reads at most
``HISTORY_CAP`` transfers a side, the most recent ones, so that its cost is bounded on hubs; the
coverage view says how much was left out.
"""

from features.kernel import before, kernel
from features.ledger.slices import Side

HISTORY_CAP = 10_000


@kernel
def cut(side: Side, code: int, as_of: int) -> tuple[int, int, int]:
    """First and end of what may be read, and the number of all transfers before ``as_of``."""
    if code < 0:
        return 0, 0, 0
    start = side.start[code]
    end = before(side.time, start, start + side.count[code], as_of)
    return max(start, end - HISTORY_CAP), end, end - start
