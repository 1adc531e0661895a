"""Statistics of the amounts of a moving window, of each side.

Consecutive rows of one wallet with ascending as_of, as in a table with a row for every transfer,
cost the same whatever the window holds, and have the bits of rows computed alone: see
:mod:`features.views.windows.moments`. A window reads at most the latest ``HISTORY_CAP`` transfers
of a side.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from features.errors import RiskError
from features.kernel import Float64s, Int32s, Int64s, Rows, kernel
from features.ledger.slices import Sides
from features.past.known_labels import LabelEvents
from features.past.moving_window import END, FIRST, ONE, TWO, Places, locate
from features.past.windows import WINDOWS
from features.view import View, per_side, unconverted
from features.views.windows.moments import empty_runs, entry, extend, merged, shape
from features.views.windows.moving_fan import moving_fans

# what a window may be asked for: the fan and its share first, then what _of_amounts fills
_FAN, _FAN_SHARE, _COUNT, _SUM, _MEAN, _VARIANCE, _CV, _SKEW, _KURTOSIS = range(9)
STATISTICS = {
    "fan": ("fan_{d}_WINDOW_count", "different {whose} in the last WINDOW"),
    "fan_share": (
        "fan_{d}_WINDOW_share",
        "different {whose} over transfers {did} in the last WINDOW",
    ),
    "transfers": ("transfers_{d}_WINDOW_count", "transfers {did} in the last WINDOW"),
    "total": ("total_{d}_WINDOW_amount", "sum {did} in the last WINDOW"),
    "mean": ("mean_{d}_WINDOW_amount", "mean amount {did} in the last WINDOW"),
    "variance": (
        "variance_{d}_WINDOW_squared_amount",
        "population variance of the amounts {did} in the last WINDOW",
    ),
    "cv": (
        "cv_{d}_WINDOW_ratio",
        "population standard deviation over mean of the amounts {did} in the last WINDOW",
    ),
    "skew": (
        "skew_{d}_WINDOW_ratio",
        "skewness (third central moment over sd cubed) of the amounts {did} in the last WINDOW; "
        "nan where the sd is below 1e-9 of the mean",
    ),
    "kurtosis": (
        "kurtosis_{d}_WINDOW_ratio",
        "kurtosis (fourth central moment over squared variance, 3 for a normal law) of the amounts "
        "{did} in the last WINDOW; nan where the sd is below 1e-9 of the mean",
    ),
}


@kernel
def _of_amounts(
    runs: npt.NDArray[np.float64], amounts: Float64s, codes: Int32s,
    places: Places, wanted: Int64s, column: int, out: Rows,
) -> None:  # fmt: skip
    before, between, after = runs[0], runs[1], runs[2]
    n_before, n_between, n_after = 0, 0, 0  # accumulated beside the boundaries one and two
    found = np.empty(_KURTOSIS + 1)
    one, two = -1, -1
    for row in range(codes.size):
        first, end = places[row, FIRST], places[row, END]
        found[:] = np.nan
        found[_COUNT], found[_SUM] = end - first, 0.0
        if end > first:
            if places[row, ONE] != one or places[row, TWO] != two:
                n_before, n_between, n_after = 0, 0, 0
                one, two = places[row, ONE], places[row, TWO]
            if one - first > n_before:
                extend(before, n_before, one - first, amounts, one - 1, -1)
                n_before = one - first
            if two - one > n_between:
                extend(between, n_between, two - one, amounts, one, 1)
                n_between = two - one
            if end - two > n_after:
                extend(after, n_after, end - two, amounts, two, 1)
                n_after = end - two
            earlier = merged(entry(before, one - first), entry(between, two - one))
            moments = merged(earlier, entry(after, end - two))
            found[_SUM], found[_MEAN] = moments[1], moments[1] / moments[0]
            found[_VARIANCE], found[_CV], found[_SKEW], found[_KURTOSIS] = shape(moments)
        for k in range(wanted.size):
            if wanted[k] > _FAN_SHARE:
                out[row, column + k] = found[wanted[k]]


@kernel
def _of_counterparties(
    fans: Int64s, places: Places, wanted: Int64s, column: int, out: Rows
) -> None:
    for row in range(fans.size):
        n = places[row, END] - places[row, FIRST]
        for k in range(wanted.size):
            if wanted[k] == _FAN:
                out[row, column + k] = fans[row]
            elif wanted[k] == _FAN_SHARE:
                out[row, column + k] = fans[row] / n if n else np.nan


@kernel
def _windows(
    sides: Sides, codes: Int32s, as_of: Int64s, widths: Int64s, wanted: Int64s, out: Rows
) -> None:
    places = np.empty((codes.size, 4), dtype=np.int64)
    fans = np.empty(codes.size, dtype=np.int64)
    runs = empty_runs()
    column = 0
    for incoming in (True, False):
        side = sides.incoming if incoming else sides.outgoing
        for width in widths:
            locate(side, codes, as_of, width, places)
            if wanted.max() > _FAN_SHARE:
                _of_amounts(runs, side.amount, codes, places, wanted, column, out)
            if wanted.min() <= _FAN_SHARE:
                moving_fans(side.counterparty, places, fans)
                _of_counterparties(fans, places, wanted, column, out)
            column += wanted.size


def window_view(name: str, windows: Mapping[str, int], statistics: tuple[str, ...]) -> View:
    """Make a view of statistics over windows ``[as_of - width, as_of)``, of each side.

    Parameters
    ----------
    name : str
        First word of the columns.
    windows : mapping of str to int
        Word in the columns' names, and width in microseconds.
    statistics : tuple of str
        Keys of ``STATISTICS``, in the order of the columns.

    Raises
    ------
    RiskError
        A statistic is unknown, a width is not positive, or there is none of either.
    """
    unknown = [word for word in statistics if word not in STATISTICS]
    if unknown or not statistics:
        raise RiskError(f"statistics must be some of {list(STATISTICS)}, received {statistics}")
    if not windows or min(windows.values()) <= 0:
        raise RiskError(f"windows must have positive widths (microseconds), received {windows}")
    templates = [
        tuple(text.replace("WINDOW", window) for text in STATISTICS[word])
        for window in windows
        for word in statistics
    ]
    columns = per_side(name, *[(name, meaning) for name, meaning in templates])
    places = np.array([list(STATISTICS).index(word) for word in statistics], dtype=np.int64)
    widths = np.array(list(windows.values()), dtype=np.int64)

    def compute(sides: Sides, _labels: LabelEvents, codes: Int32s, as_of: Int64s) -> Rows:
        out = np.empty((codes.size, len(columns)))
        _windows(sides, codes, as_of, widths, places, out)
        return out

    return View(name, 1, columns, unconverted(compute))


# sums, counts and fans of windows are columns of other views
WINDOWED = window_view(
    "windows",
    {window: WINDOWS[window] for window in ("1d", "7d", "30d")},
    ("mean", "cv", "skew", "kurtosis"),
)
