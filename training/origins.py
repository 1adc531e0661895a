"""Rolling origins: the test slice of a split in stretches, each with a model of its own.

Before every stretch the recipe learns all that is known by then, as it would month by month.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from features.errors import RiskError
from training.splits import OutOfTime, as_of_times


def rolling_origins(spine: pd.DataFrame, split: OutOfTime, origins: int) -> tuple[OutOfTime, ...]:
    """Cut the test slice of a split into stretches of about equally many rows.

    Parameters
    ----------
    spine
        Rows with ``as_of``, as a column or a level of the index.
    split
        The first origin, with the whole test slice.
    origins
        Number of stretches.

    Returns
    -------
    tuple of OutOfTime
        In order of time. The gap, and the length of the calibration slice, are those of ``split``;
        what lies before it trains.

    Raises
    ------
    RiskError
        If there are fewer than one, or fewer different instants than origins.

    References
    ----------
    Tashman, "Out-of-sample tests of forecasting accuracy" (2000), section 3, rolling origin.

    Examples
    --------
    >>> days = pd.date_range("2024-01-01", periods=12, tz="UTC")
    >>> spine = pd.DataFrame({"wallet": [f"w{n}" for n in range(12)], "as_of": days})
    >>> first = OutOfTime(*pd.to_datetime(["2024-01-04", "2024-01-04", "2024-01-07", "2024-01-07",
    ...     "2024-01-13"], utc=True))
    >>> [f"{one.test_from:%d} to {one.test_until:%d}" for one in rolling_origins(spine, first, 3)]
    ['07 to 09', '09 to 11', '11 to 13']
    """
    if origins < 1:
        raise RiskError(f"origins must be 1 or more, got {origins}")
    times = as_of_times(spine)
    inside = times[split.slices(times)["test"]].sort_values()
    if inside.nunique() < origins:
        raise RiskError(
            f"{origins} origins need as many different as_of in the test slice, got "
            f"{inside.nunique()} from {split.test_from} to {split.test_until}: take fewer origins"
        )
    starts = [split.test_from, *_starts(inside, origins)]
    gap = split.test_from - split.calibrate_until
    length = split.calibrate_until - split.calibrate_from
    before = split.calibrate_from - split.train_until
    found = []
    for start, end in zip(starts, [*starts[1:], split.test_until], strict=True):
        until = start - gap
        found.append(
            replace(
                split, train_until=until - length - before, calibrate_from=until - length,
                calibrate_until=until, test_from=start, test_until=end,
            )
        )  # fmt: skip
    return tuple(found)


def _starts(times: pd.DatetimeIndex, origins: int) -> list[pd.Timestamp]:
    """Instants at which stretches after the first begin: nearest to equal numbers of rows."""
    instants, before = np.unique(times, return_index=True)
    starts: list[int] = [0]
    for number in range(1, origins):
        # room for one instant a stretch is kept on both sides
        places = np.arange(starts[-1] + 1, len(instants) - (origins - 1 - number))
        wanted = len(times) * number / origins
        starts.append(int(places[np.abs(before[places] - wanted).argmin()]))
    return [pd.Timestamp(times[before[place]]) for place in starts[1:]]


def origins_text(splits: Sequence[OutOfTime]) -> str:
    """Say the borders of every origin, a line each; all intervals are half-open."""
    lines = ["origin  learns before     tests from        tests before"]
    for at, one in enumerate(splits, 1):
        borders = (one.calibrate_until, one.test_from, one.test_until)
        lines.append(f"{at:>6}  " + "  ".join(f"{border:%Y-%m-%d %H:%M}" for border in borders))
    last = splits[-1]
    return "\n".join(
        [*lines, f"labels enter {last.label_delay} after known_at; wallets {last.wallets}"]
    )
