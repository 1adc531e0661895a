"""Coverage: how much history stands behind a row."""

import numpy as np

from features.kernel import DAY, Int32s, Int64s, Rows, kernel
from features.ledger.slices import Sides
from features.past.history import HISTORY_CAP, cut
from features.past.known_labels import LabelEvents
from features.view import Column, View, per_side


@kernel
def _coverage(sides: Sides, codes: Int32s, as_of: Int64s, out: Rows) -> None:
    for row in range(codes.size):
        incoming, outgoing = sides.incoming, sides.outgoing
        first_in, end_in, n_in = cut(incoming, codes[row], as_of[row])
        first_out, end_out, n_out = cut(outgoing, codes[row], as_of[row])
        out[row, 0], out[row, 1] = n_in, n_out
        if n_in + n_out == 0:
            out[row, 2], out[row, 3], out[row, 4] = np.nan, 0.0, 0.0
            continue
        oldest = as_of[row]
        if n_in:
            oldest = min(oldest, incoming.time[end_in - n_in])
        if n_out:
            oldest = min(oldest, outgoing.time[end_out - n_out])
        out[row, 2] = (as_of[row] - oldest) / 1e6
        days = 0
        last_day = np.int64(-1)
        i, j = end_in - 1, end_out - 1
        while i >= first_in or j >= first_out:  # both sides, the latest first
            if j < first_out or (i >= first_in and incoming.time[i] >= outgoing.time[j]):
                time = incoming.time[i]
                i -= 1
            else:
                time = outgoing.time[j]
                j -= 1
            day = (as_of[row] - 1 - time) // DAY
            if day != last_day:
                days += 1
                last_day = day
        out[row, 3] = days
        read = (end_in - first_in) + (end_out - first_out)
        out[row, 4] = 1.0 - read / (n_in + n_out)


def _compute(sides: Sides, _labels: LabelEvents, codes: Int32s, as_of: Int64s) -> Rows:
    out = np.empty((codes.size, len(COVERAGE.columns)))
    _coverage(sides, codes, as_of, out)
    return out


COVERAGE = View(
    "coverage",
    1,
    (
        *per_side(
            "coverage",
            ("{d}_count", "transfers {did} in the whole history before as_of, read or not"),
        ),
        Column("coverage_age_s", "age of the wallet: from its first transfer to as_of"),
        Column(
            "coverage_active_days_count",
            "24-hour periods, counted back from as_of, with a transfer of either direction",
        ),
        Column(
            "coverage_truncated_share",
            f"share of the transfers left unread: a row reads the latest {HISTORY_CAP:,} received "
            f"and the latest {HISTORY_CAP:,} sent",
        ),
    ),
    _compute,
)
