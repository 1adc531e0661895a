"""Splits by time: train on the past, calibrate on what followed, test on what came after.

All intervals are half-open: train (-inf, train_until), calibrate
[calibrate_from, calibrate_until), test [test_from, test_until). Rows in a gap belong to none.
Train and calibrate are both learnt from; the second is the latest stretch before the test, which
shows how the share of illicit rows moves. The model is taken to be built at ``test_from``, so it
knows only labels with ``known_at + label_delay < test_from``; test rows are judged by all labels.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import RiskError

NO_GAP = pd.Timedelta(0)
Wallets = Literal["apart", "together"]
BORDERS = ("train_until", "calibrate_from", "calibrate_until", "test_from", "test_until")


@dataclass(frozen=True, slots=True, repr=False)
class OutOfTime:
    """Borders of a split by time, all UTC; see the module for which side belongs to what.

    Parameters
    ----------
    train_until, calibrate_from, calibrate_until, test_from, test_until
        Timestamps in this order; only the second may equal the first, the fourth the third.
    label_delay
        How much later than ``known_at`` a label is at hand to learn from.
    wallets
        ``"apart"``: a test row whose wallet was learnt from is left out. ``"together"``: it stays,
        as where a wallet is asked about every month, and is measured apart.

    Raises
    ------
    RiskError
        If a border has no time zone or they are out of order, the delay is negative, or ``wallets``
        is another word.
    """

    train_until: pd.Timestamp
    calibrate_from: pd.Timestamp
    calibrate_until: pd.Timestamp
    test_from: pd.Timestamp
    test_until: pd.Timestamp
    label_delay: pd.Timedelta = NO_GAP
    wallets: Wallets = "apart"

    def __post_init__(self) -> None:
        if self.label_delay < NO_GAP or self.wallets not in get_args(Wallets):
            raise RiskError(
                "a split needs label_delay of 0 or more and wallets out of "
                f"{', '.join(get_args(Wallets))}, got {self.label_delay} and {self.wallets!r}"
            )
        borders = {name: getattr(self, name) for name in BORDERS}
        for name, value in borders.items():
            object.__setattr__(self, name, _utc(value, name))
        ordered = (
            self.train_until <= self.calibrate_from < self.calibrate_until
            and self.calibrate_until <= self.test_from < self.test_until
        )
        if not ordered:
            said = ", ".join(f"{name} {value}" for name, value in borders.items())
            raise RiskError(f"the split's borders must rise in this order, got {said}")

    def __repr__(self) -> str:
        named = [f"{name} {getattr(self, name):%Y-%m-%dT%H:%MZ}" for name in BORDERS]
        if self.label_delay:
            named.append(f"label_delay {self.label_delay}")
        return f"<OutOfTime {', '.join(named)}, wallets {self.wallets}>"

    def slices(self, as_of: pd.Series | pd.DatetimeIndex) -> dict[str, NDArray[np.bool_]]:
        """Return the mask (n,) of each slice, by time alone, under its name."""
        times = pd.DatetimeIndex(as_of)
        return {
            "train": np.asarray(times < self.train_until),
            "calibrate": np.asarray(
                (times >= self.calibrate_from) & (times < self.calibrate_until)
            ),
            "test": np.asarray((times >= self.test_from) & (times < self.test_until)),
        }


def out_of_time(
    spine: pd.DataFrame,
    *,
    train_until: pd.Timestamp,
    calibrate_until: pd.Timestamp,
    gap: pd.Timedelta = NO_GAP,
    test_until: pd.Timestamp | None = None,
    label_delay: pd.Timedelta = NO_GAP,
    wallets: Wallets = "apart",
) -> OutOfTime:
    """Split at stated dates.

    Parameters
    ----------
    spine
        Rows with ``as_of`` (a column or a level of the index, as in a feature table).
    train_until, calibrate_until
        First instants that no longer belong to the slice; with a time zone.
    gap
        Time left out after the training and after the calibration slice.
    test_until
        End of the test slice; None: after the last row.
    label_delay, wallets
        See :class:`OutOfTime`.

    Returns
    -------
    OutOfTime
        With at least one row in every slice.

    Raises
    ------
    RiskError
        If the dates are out of order or a slice holds no row.
    """
    times = as_of_times(spine)
    if gap < NO_GAP:
        raise RiskError(f"the gap of a split must not be negative, got {gap}")
    train_until, calibrate_until = (
        _utc(train_until, "train_until"),
        _utc(calibrate_until, "calibrate_until"),
    )
    split = OutOfTime(
        train_until=train_until,
        calibrate_from=train_until + gap,
        calibrate_until=calibrate_until,
        test_from=calibrate_until + gap,
        test_until=times.max() + pd.Timedelta(1, "us") if test_until is None else test_until,
        label_delay=label_delay,
        wallets=wallets,
    )
    for name, mask in split.slices(times).items():
        if not mask.any():
            raise RiskError(
                f"the {name} slice of the split holds no row: as_of runs from {times.min()} to "
                f"{times.max()}, the split is {split}"
            )
    return split


def out_of_time_shares(
    spine: pd.DataFrame,
    *,
    test_share: float,
    calibrate_share: float,
    gap: pd.Timedelta = NO_GAP,
    label_delay: pd.Timedelta = NO_GAP,
    wallets: Wallets = "apart",
) -> OutOfTime:
    """Split at quantiles of ``as_of``.

    Parameters
    ----------
    spine
        Rows with ``as_of``.
    test_share
        Test begins at the (1 - test_share) quantile.
    calibrate_share
        Share of the rows before the test slice that calibrate.
    gap
        Time left out before calibration and before the test.
    label_delay, wallets
        See :class:`OutOfTime`.

    Returns
    -------
    OutOfTime
        The test slice is fixed by its share; gaps are taken from the slice before them.

    Raises
    ------
    RiskError
        If a share is not inside (0, 1) or a slice is left without rows.
    """
    for name, share in (("test_share", test_share), ("calibrate_share", calibrate_share)):
        if not 0 < share < 1:
            raise RiskError(f"{name} must lie between 0 and 1, got {share}")
    times = as_of_times(spine)
    test_from = _quantile(times, 1 - test_share)
    before = times[times < test_from]
    if before.empty:
        raise RiskError(f"too few different as_of to split by time, all from {times.min()} on")
    calibrate_from = _quantile(before, 1 - calibrate_share)
    return out_of_time(
        spine,
        train_until=calibrate_from - gap,
        calibrate_until=test_from - gap,
        gap=gap,
        label_delay=label_delay,
        wallets=wallets,
    )


def _quantile(times: pd.DatetimeIndex, share: float) -> pd.Timestamp:
    """Return the first time with at least this share of the others at or before it."""
    return times.sort_values()[int(np.ceil(share * (len(times) - 1)))]


def as_of_times(spine: pd.DataFrame) -> pd.DatetimeIndex:
    """Return as_of of the rows of a spine or table, UTC; raises RiskError where there is none."""
    names: list[Hashable] = [*spine.index.names, *spine.columns]
    if "as_of" not in names:
        raise RiskError(f"rows to split need as_of as a column or index level, got {names}")
    if spine.empty:
        raise RiskError("there are no rows to split")
    in_columns = "as_of" in spine.columns
    times = spine["as_of"] if in_columns else spine.index.get_level_values("as_of")
    return pd.DatetimeIndex(times).as_unit("us")


def _utc(value: pd.Timestamp, name: str) -> pd.Timestamp:
    stamp = pd.Timestamp(value)
    if stamp.tzinfo is None:
        raise RiskError(f"{name} of a split needs a time zone, got {value}")
    return stamp.tz_convert("UTC").as_unit("us")
