"""Statistics of the amounts of a moving window, of each side.

Consecutive rows of one wallet with ascending as_of, as in a table with a row for every transfer,
cost the same whatever the window holds, and have the bits of rows computed alone: see
:mod:`features.views.windows.moments`. A window reads at most the latest ``HISTORY_CAP`` transfers
of a side.
"""

import numpy as np

from features.kernel import Records, Rows
from features.past import DAY, WINDOWS, Past, PastSide, kernel
from features.past.moving_window import WINDOW, locate
from features.view import View, blocks, per_side, places
from features.views.windows.moments import MOMENTS, empty_runs, moving_moments, shape

# sums, counts and fans of windows are columns of other views; an hour holds too little for a shape
_WIDTHS = {window: width for window, width in WINDOWS.items() if width >= DAY}
_SIDE = tuple(
    template
    for window in _WIDTHS
    for template in (
        (f"mean_{{d}}_{window}_amount", f"mean amount {{did}} in the last {window}"),
        (
            f"cv_{{d}}_{window}_ratio",
            "population standard deviation over mean of the amounts {did} in the last " + window,
        ),
        (
            f"skew_{{d}}_{window}_ratio",
            "skewness (third central moment over sd cubed) of the amounts {did} in the last "
            f"{window}; nan where the sd is below 1e-9 of the mean",
        ),
        (
            f"kurtosis_{{d}}_{window}_ratio",
            "kurtosis (fourth central moment over squared variance, 3 for a normal law) of the "
            f"amounts {{did}} in the last {window}; nan where the sd is below 1e-9 of the mean",
        ),
    )
)
_OF = places(*_SIDE)
_COLUMNS = tuple(  # the width of each window, and the places of its four columns
    (
        width,
        getattr(_OF, f"mean_{window}_amount"),
        getattr(_OF, f"cv_{window}_ratio"),
        getattr(_OF, f"skew_{window}_ratio"),
        getattr(_OF, f"kurtosis_{window}_ratio"),
    )
    for window, width in _WIDTHS.items()
)


@kernel
def _side(past: Past, side: PastSide, runs: Records, columns: Rows) -> None:
    """Fill the columns of one side of all rows, shape (len(_OF), rows); ``runs`` is for moments."""
    wallets, instants, amounts = past.wallets, past.instants, side.amount
    windows = np.empty(wallets.size, dtype=WINDOW)
    moments = np.empty(wallets.size, dtype=MOMENTS)
    for width, mean, cv, skew, kurtosis in _COLUMNS:
        locate(side, wallets, instants, width, windows)
        moving_moments(amounts, windows, runs, moments)
        for row in range(wallets.size):
            if moments[row].n:
                found = shape(moments[row])
                columns[mean, row] = moments[row].total / moments[row].n
                columns[cv, row] = found.cv
                columns[skew, row], columns[kurtosis, row] = found.skew, found.kurtosis


@kernel
def _windows(past: Past, out: Rows) -> None:
    runs = empty_runs()
    received, sent, _ = blocks(out.T, len(_OF))
    _side(past, past.incoming, runs, received)
    _side(past, past.outgoing, runs, sent)


WINDOWED = View("windows", 2, per_side("windows", *_SIDE), _windows)
