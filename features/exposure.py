"""Exposure: value received from and sent to wallets that were labelled before ``as_of``.

Direct exposure, one hop. The wallet's own label never counts: transfers to itself add to the sum
only.
Without labels every column is nan.
"""

import numpy as np

from features._numba import kernel
from features.columns import Rows, View, per_side
from features.history import cut
from features.label_events import ILLICIT, LICIT, LabelEvents, label_at
from features.slices import Int32s, Int64s, Sides

_N_SIDE = 4


@kernel
def _exposure(sides: Sides, labels: LabelEvents, codes: Int32s, as_of: Int64s, out: Rows) -> None:
    for row in range(codes.size):
        code, instant = codes[row], as_of[row]
        for k, side in enumerate((sides.incoming, sides.outgoing)):
            line = out[row, k * _N_SIDE : (k + 1) * _N_SIDE]
            line[:] = 0.0
            first, end, _ = cut(side, code, instant)
            total = 0.0
            for i in range(first, end):
                other = side.counterparty[i]
                amount = sides.amount[side.transfer[i]]
                total += amount
                label = label_at(labels, other, instant) if other != code else 0
                if label == ILLICIT:
                    line[0] += amount
                    line[2] += 1.0
                elif label == LICIT:
                    line[1] += amount
                    line[3] += 1.0
            line[0] = line[0] / total if total > 0.0 else np.nan
            line[1] = line[1] / total if total > 0.0 else np.nan


def _compute(sides: Sides, labels: LabelEvents, codes: Int32s, as_of: Int64s) -> Rows:
    out = np.full((codes.size, len(EXPOSURE.columns)), np.nan)
    if labels.start.size:
        _exposure(sides, labels, codes, as_of, out)
    return out


EXPOSURE = View(
    "exposure",
    1,
    per_side(
        "exposure",
        (
            "illicit_direct_{d}_share",
            "value {did} whose {who} was labelled illicit, over the sum {did}",
        ),
        (
            "licit_direct_{d}_share",
            "value {did} whose {who} was labelled licit, over the sum {did}",
        ),
        ("illicit_direct_{d}_count", "transfers {did} whose {who} was labelled illicit"),
        ("licit_direct_{d}_count", "transfers {did} whose {who} was labelled licit"),
    ),
    _compute,
)

EXPOSURES = frozenset(column.name for column in EXPOSURE.columns)
