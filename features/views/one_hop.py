"""One hop: what the wallet's counterparties look like at the same instant.

Of each side the ``_CAP_FAN`` latest counterparties among the last ``_CAP_SEEN`` transfers are
looked at, the wallet itself left out, and of each of them counts of its whole history and amounts
of its latest ``_CAP_READ`` transfers a side.
"""

import math

import numpy as np

from features.kernel import Float64s, Int32s, Int64s, Rows, kernel
from features.ledger.slices import Side, Sides
from features.past.history import cut
from features.past.known_labels import LabelEvents
from features.view import View, per_side, unconverted

_CAP_FAN, _CAP_SEEN, _CAP_READ, _HUB, _N_SIDE = 32, 256, 64, 1000, 8


@kernel
def _recent_counterparties(side: Side, first: int, end: int, code: int, found: Int32s) -> int:
    """Up to ``_CAP_FAN`` different counterparties, the latest first, the wallet itself left out."""
    n = 0
    for i in range(end - 1, max(first, end - _CAP_SEEN) - 1, -1):
        other = side.counterparty[i]
        known = other == code
        for k in range(n):
            known |= found[k] == other
        if not known:
            found[n] = other
            n += 1
            if n == _CAP_FAN:
                break
    return n


@kernel
def _latest_total(side: Side, end: int, n: int) -> float:
    total = 0.0
    for i in range(end - min(n, _CAP_READ), end):
        total += side.amount[i]
    return total


@kernel
def _side(sides: Sides, found: Int32s, n: int, as_of: int, out: Float64s) -> None:
    out[:] = np.nan
    if n == 0:
        return
    sums = np.zeros(_N_SIDE)
    for k in range(n):
        _, end_in, n_in = cut(sides.incoming, found[k], as_of)
        _, end_out, n_out = cut(sides.outgoing, found[k], as_of)
        oldest = as_of
        if n_in:
            oldest = min(oldest, sides.incoming.time[end_in - n_in])
        if n_out:
            oldest = min(oldest, sides.outgoing.time[end_out - n_out])
        received = _latest_total(sides.incoming, end_in, n_in)
        sent = _latest_total(sides.outgoing, end_out, n_out)
        sums[0] += math.log(1.0 + n_in)
        sums[1] += math.log(1.0 + n_out)
        sums[2] += n_in / (n_in + n_out)
        sums[3] += (as_of - oldest) / 1e6
        sums[4] += n_in + n_out == 1
        sums[5] += n_in + n_out >= _HUB
        sums[6] += n_out == 0
        sums[7] += min(received, sent) / max(received, sent) if max(received, sent) > 0.0 else 0.0
    out[0], out[1] = math.exp(sums[0] / n) - 1.0, math.exp(sums[1] / n) - 1.0
    for k in range(2, _N_SIDE):
        out[k] = sums[k] / n


@kernel
def _one_hop(sides: Sides, codes: Int32s, as_of: Int64s, out: Rows) -> None:
    found = np.empty(_CAP_FAN, dtype=np.int32)
    for row in range(codes.size):
        for k, side in enumerate((sides.incoming, sides.outgoing)):
            first, end, _ = cut(side, codes[row], as_of[row])
            n = _recent_counterparties(side, first, end, codes[row], found)
            _side(sides, found, n, as_of[row], out[row, k * _N_SIDE : (k + 1) * _N_SIDE])


def _compute(sides: Sides, _labels: LabelEvents, codes: Int32s, as_of: Int64s) -> Rows:
    out = np.empty((codes.size, len(ONE_HOP.columns)))
    _one_hop(sides, codes, as_of, out)
    return out


_WHOM = f"the wallet's latest {_CAP_FAN} {{whose}} (in its latest {_CAP_SEEN} transfers {{did}})"

ONE_HOP = View(
    "one_hop",
    1,
    per_side(
        "one_hop",
        (
            "{whose}_received_count",
            f"transfers that one of {_WHOM} received, geometric mean of 1 + n, less 1",
        ),
        (
            "{whose}_sent_count",
            f"transfers that one of {_WHOM} sent, geometric mean of 1 + n, less 1",
        ),
        (
            "{whose}_received_share",
            f"transfers received over all transfers, mean over {_WHOM}",
        ),
        ("{whose}_age_s", f"age, from the first transfer to as_of, mean over {_WHOM}"),
        ("{whose}_fresh_share", f"share of {_WHOM} that have one transfer in all"),
        ("{whose}_hub_share", f"share of {_WHOM} that have {_HUB:,} transfers or more"),
        ("{whose}_never_sent_share", f"share of {_WHOM} that have sent nothing"),
        (
            "{whose}_pass_through_ratio",
            f"lesser over greater of the sums received and sent (latest {_CAP_READ} transfers a "
            f"side; 0 if both are 0), mean over {_WHOM}",
        ),
    ),
    unconverted(_compute),
)
