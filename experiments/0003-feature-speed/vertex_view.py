"""What the graph feature preprocessor says of a wallet's windows, as a view of walletrisk's engine.

The numbers of transfers and counterparties beside sum, mean, variance, skewness and kurtosis of the
amounts, in its order; moments and windows are those of :mod:`features.views.windows`.
"""

from collections.abc import Mapping

import numpy as np
from moving_fan import moving_fans

from features.kernel import Float64s, Int64s, Record, Records, Rows
from features.past import DAY, Past, PastSide, kernel
from features.past.moving_window import WINDOW, locate
from features.view import View, blocks, per_side, places
from features.views.windows.moments import MOMENTS, empty_runs, moving_moments, shape

STATISTICS = (
    ("fan_{d}_{window}_count", "different {whose} in the last {window}"),
    ("transfers_{d}_{window}_count", "transfers {did} in the last {window}"),
    ("fan_{d}_{window}_share", "different {whose} over transfers {did} in the last {window}"),
    ("mean_{d}_{window}_amount", "mean amount {did} in the last {window}"),
    ("total_{d}_{window}_amount", "sum {did} in the last {window}"),
    (
        "variance_{d}_{window}_squared_amount",
        "population variance of the amounts {did} in the last {window}",
    ),
    ("skew_{d}_{window}_ratio", "skewness of the amounts {did} in the last {window}"),
    ("kurtosis_{d}_{window}_ratio", "kurtosis of the amounts {did} in the last {window}"),
)
_OF = places(*STATISTICS)  # of one window of one side


@kernel
def _fill(fan: int, moments: Record, out: Float64s) -> None:
    """Fill the columns of one window of one side."""
    n = moments.n
    out[_OF.fan_count], out[_OF.transfers_count], out[_OF.total_amount] = fan, n, 0.0
    if n:
        found = shape(moments)
        out[_OF.fan_share] = fan / n
        out[_OF.mean_amount], out[_OF.total_amount] = moments.total / n, moments.total
        out[_OF.variance_squared_amount] = found.variance
        out[_OF.skew_ratio], out[_OF.kurtosis_ratio] = found.skew, found.kurtosis


@kernel
def _side(past: Past, side: PastSide, widths: Int64s, runs: Records, columns: Rows) -> None:
    """Fill the columns of one side of all rows, shape (windows * len(_OF), rows)."""
    wallets, instants, counterparty = past.wallets, past.instants, side.counterparty
    windows = np.empty(wallets.size, dtype=WINDOW)
    moments = np.empty(wallets.size, dtype=MOMENTS)
    fans = np.empty(wallets.size, dtype=np.int64)
    for k in range(widths.size):
        locate(side, wallets, instants, widths[k], windows)
        moving_moments(side.amount, windows, runs, moments)
        moving_fans(counterparty, windows, fans)
        window = columns[k * len(_OF) : (k + 1) * len(_OF)]
        for row in range(wallets.size):
            _fill(fans[row], moments[row], window[:, row])


@kernel
def _vertex(past: Past, widths: Int64s, out: Rows) -> None:
    runs = empty_runs()
    received, sent, _ = blocks(out.T, widths.size * len(_OF))
    _side(past, past.incoming, widths, runs, received)
    _side(past, past.outgoing, widths, runs, sent)


def vertex_view(name: str, windows: Mapping[str, int]) -> View:
    """Make a view of ``STATISTICS`` over windows ``[as_of - width, as_of)``, of each side.

    Parameters
    ----------
    name : str
        First word of the columns.
    windows : mapping of str to int
        Word in the columns' names, and width in microseconds.
    """
    templates = [
        (text[0].replace("{window}", window), text[1].replace("{window}", window))
        for window in windows
        for text in STATISTICS
    ]
    widths = np.array(list(windows.values()), dtype=np.int64)
    return View(
        name, 1, per_side(name, *templates), lambda past, out: _vertex(past, widths, out)
    )  # fmt: skip


VERTEX = vertex_view("vertex", {"1d": DAY})
