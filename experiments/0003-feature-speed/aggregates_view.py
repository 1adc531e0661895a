"""The 44 quantities that pandas, polars and duckdb compute, as one view of walletrisk's engine.

This is what somebody writes who wants these columns and no others.
"""

import math

import numpy as np
from moving_fan import moving_fans

from features.kernel import Float64s, Int64s, Records, Rows
from features.past import (
    HISTORY_CAP,
    SECOND,
    History,
    Past,
    PastSide,
    ask,
    kernel,
    quantile,
    sort_values,
)
from features.past.moving_window import WINDOW
from features.view import View, blocks, per_side, places

# by the name that the libraries' columns have
QUANTITIES = {
    "count": ("{d}_count", "transfers {did}"),
    "total": ("{d}_total_amount", "sum {did}"),
    "mean": ("{d}_mean_amount", "mean amount {did}"),
    "sd": ("{d}_sd_amount", "standard deviation (n - 1) of the amounts {did}"),
    "cv": ("{d}_cv_ratio", "standard deviation over mean of the amounts {did}"),
    "min": ("{d}_min_amount", "least amount {did}"),
    "max": ("{d}_max_amount", "largest amount {did}"),
    "q25": ("{d}_q25_amount", "lower quartile of the amounts {did}"),
    "median": ("{d}_median_amount", "median of the amounts {did}"),
    "q75": ("{d}_q75_amount", "upper quartile of the amounts {did}"),
    "q95": ("{d}_q95_amount", "0.95 quantile of the amounts {did}"),
    "largest": ("{d}_largest_share", "largest amount {did} over the sum"),
    "entropy": ("{d}_entropy_ratio", "entropy of the shares of the sum {did}, over ln of n"),
    "round": ("{d}_round_share", "amounts {did} of at most two significant digits"),
    "distinct": ("{d}_distinct_count", "different {whose}"),
    "gap_mean": ("{d}_gap_mean_s", "mean gap between transfers {did}"),
    "gap_sd": ("{d}_gap_sd_s", "standard deviation (n - 1) of the gaps"),
    "gap_min": ("{d}_gap_min_s", "least gap between transfers {did}"),
    "gap_median": ("{d}_gap_median_s", "median gap between transfers {did}"),
    "burstiness": ("{d}_burstiness_ratio", "(sd - mean) / (sd + mean) of the gaps"),
    "recency": ("{d}_recency_s", "from the latest transfer {did} to as_of"),
    "span": ("{d}_span_s", "from the first to the latest transfer {did}"),
}
_OF = places(*QUANTITIES.values())
_QUANTILES = (
    (0.25, _OF.q25_amount), (0.5, _OF.median_amount), (0.75, _OF.q75_amount), (0.95, _OF.q95_amount)
)  # fmt: skip
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
    """Fill the columns of amounts, which are sorted; ``logs``, of their size, is working memory."""
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
    mean, sd = _spread(values, total)
    out[_OF.count], out[_OF.total_amount], out[_OF.mean_amount] = n, total, mean
    out[_OF.sd_amount], out[_OF.cv_ratio] = sd, sd / mean
    out[_OF.min_amount], out[_OF.max_amount] = values[0], values[n - 1]
    for share, place in _QUANTILES:
        out[place] = quantile(values, share)
    out[_OF.largest_share], out[_OF.round_share] = values[n - 1] / total, rounded / n
    if n > 1:
        out[_OF.entropy_ratio] = (math.log(total) - weighted / total) / math.log(n)


@kernel
def _gaps(gaps: Float64s, out: Float64s) -> None:
    """Fill the columns of gaps in seconds, which are sorted."""
    total = 0.0
    for gap in gaps:
        total += gap
    mean, sd = _spread(gaps, total)
    out[_OF.gap_mean_s], out[_OF.gap_sd_s] = mean, sd
    sort_values(gaps)
    out[_OF.gap_min_s], out[_OF.gap_median_s] = gaps[0], quantile(gaps, 0.5)
    if mean + sd > 0.0:
        out[_OF.burstiness_ratio] = (sd - mean) / (sd + mean)


@kernel
def _side(side: PastSide, history: History, scratch: Rows, out: Float64s) -> None:
    """Fill the columns of one side but the fan; ``scratch``, (2, HISTORY_CAP), is for working."""
    amount, time, first, end = side.amount, side.time, history.first, history.end
    n = end - first
    if n == 0:
        return
    values, logs = scratch[0], scratch[1]
    for i in range(n):
        values[i] = amount[first + i]
    _amounts(values[:n], logs[:n], out)
    for i in range(n - 1):
        values[i] = (time[first + i + 1] - time[first + i]) / SECOND
    if n > 1:
        _gaps(values[: n - 1], out)
    out[_OF.recency_s] = (side.as_of[0] - time[end - 1]) / SECOND
    out[_OF.span_s] = (time[end - 1] - time[first]) / SECOND


@kernel
def _fans(side: PastSide, windows: Records, fans: Int64s, column: Float64s) -> None:
    """Fill the column of different counterparties of all rows; ``fans`` is working memory."""
    moving_fans(side.counterparty, windows, fans)
    for row in range(fans.size):
        column[row] = fans[row]


@kernel
def _aggregates(past: Past, out: Rows) -> None:
    n, scratch = past.wallets.size, np.empty((2, HISTORY_CAP))
    coming, going = np.empty(n, dtype=WINDOW), np.empty(n, dtype=WINDOW)
    for row in range(n):
        asked = ask(past, row)
        received, sent, _ = blocks(out[row], len(_OF))
        _side(past.incoming, asked.received, scratch, received)
        _side(past.outgoing, asked.sent, scratch, sent)
        coming[row].first, coming[row].end = asked.received.first, asked.received.end
        going[row].first, going[row].end = asked.sent.first, asked.sent.end
    fans = np.empty(n, dtype=np.int64)
    received_columns, sent_columns, _ = blocks(out.T, len(_OF))
    _fans(past.incoming, coming, fans, received_columns[_OF.distinct_count])
    _fans(past.outgoing, going, fans, sent_columns[_OF.distinct_count])


AGGREGATES = View(
    "aggregates", 1, per_side("aggregates", *QUANTITIES.values()), _aggregates
)  # fmt: skip
