"""The 44 quantities that pandas, polars and duckdb compute, as one view of walletrisk's engine.

A view is a plain function; this one is what somebody writes who wants these columns and no others.
"""

import math

import numpy as np
import numpy.typing as npt

from features.kernel import Float64s, Int32s, Int64s, Rows, kernel
from features.ledger.slices import Side, Sides
from features.past.history import HISTORY_CAP, cut
from features.past.known_labels import LabelEvents
from features.past.order_statistics import quantile, sort_values
from features.view import View, per_side
from features.views.windows.moving_fan import moving_fans

NAMES = (
    *("count", "total", "mean", "sd", "cv", "min", "max", "q25", "median", "q75", "q95"),
    *("largest", "entropy", "round", "distinct"),
    *("gap_mean", "gap_sd", "gap_min", "gap_median", "burstiness", "recency", "span"),
)
_N = len(NAMES)
_POWERS = 10.0 ** np.arange(-307, 62)


@kernel
def _spread(values: Float64s, total: float) -> tuple[float, float]:
    """Mean and standard deviation (n - 1)."""
    n, squares = values.size, 0.0
    mean = total / n
    for value in values:
        squares += (value - mean) ** 2
    return mean, math.sqrt(squares / (n - 1)) if n > 1 else np.nan


@kernel
def _amounts(values: Float64s, logs: Float64s, out: Float64s) -> None:
    n, total, weighted, rounded = values.size, 0.0, 0.0, 0
    sort_values(values)
    for i in range(n):
        logs[i] = math.log(values[i])
        total += values[i]
    for i in range(n):
        if values[i] > 0.0:
            weighted += values[i] * logs[i]
            exponent = math.floor(logs[i] / math.log(10.0) + 1e-12)
            scaled = values[i] / _POWERS[max(int(exponent) - 1 + 307, 0)]
            rounded += abs(scaled - np.rint(scaled)) < 1e-9 * scaled
    out[0], out[1] = n, total
    out[2], out[3] = _spread(values, total)
    out[4], out[5], out[6] = out[3] / out[2], values[0], values[n - 1]
    for k, share in enumerate((0.25, 0.5, 0.75, 0.95)):
        out[7 + k] = quantile(values, share)
    out[11] = values[n - 1] / total
    out[12] = (math.log(total) - weighted / total) / math.log(n) if n > 1 else np.nan
    out[13] = rounded / n


@kernel
def _gaps(gaps: Float64s, out: Float64s) -> None:
    total = 0.0
    for gap in gaps:
        total += gap
    out[0], out[1] = _spread(gaps, total)
    sort_values(gaps)
    out[2], out[3] = gaps[0], quantile(gaps, 0.5)
    if out[0] + out[1] > 0.0:
        out[4] = (out[1] - out[0]) / (out[1] + out[0])


@kernel
def _side(side: Side, codes: Int32s, as_of: Int64s, first_column: int, out: Rows) -> None:
    places = np.empty((codes.size, 4), dtype=np.int64)
    fans = np.empty(codes.size, dtype=np.int64)
    scratch = np.empty((2, HISTORY_CAP))
    time = side.time
    for row in range(codes.size):
        first, end, _ = cut(side, codes[row], as_of[row])
        places[row, 0], places[row, 1] = first, end
        line = out[row, first_column : first_column + _N]
        line[:] = np.nan
        n = end - first
        if n == 0:
            continue
        scratch[0, :n] = side.amount[first:end]
        _amounts(scratch[0, :n], scratch[1, :n], line)
        for i in range(n - 1):
            scratch[0, i] = (time[first + i + 1] - time[first + i]) / 1e6
        if n > 1:
            _gaps(scratch[0, : n - 1], line[15:])
        line[20] = (as_of[row] - time[end - 1]) / 1e6
        line[21] = (time[end - 1] - time[first]) / 1e6
    moving_fans(side.counterparty, places, fans)
    for row in range(codes.size):
        out[row, first_column + 14] = fans[row]


@kernel
def _aggregates(sides: Sides, codes: Int32s, as_of: Int64s, out: Rows) -> None:
    _side(sides.incoming, codes, as_of, 0, out)
    _side(sides.outgoing, codes, as_of, _N, out)


def _compute(
    sides: Sides, _labels: LabelEvents, codes: Int32s, as_of: Int64s
) -> npt.NDArray[np.float64]:
    out = np.empty((codes.size, 2 * _N))
    _aggregates(sides, codes, as_of, out)
    return out


AGGREGATES = View(
    "aggregates", 1, per_side("aggregates", *((f"{{d}}_{name}", name) for name in NAMES)), _compute
)
