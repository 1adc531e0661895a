"""Folds in time for scikit-learn's ``cross_val_score``: learn from what was before, always."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import RiskError
from training.splits import NO_GAP, as_of_times

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TimeFolds:
    """Rolling origin: each fold tests on a stretch of time and trains on all before it.

    A cross-validator of scikit-learn, for ``cv=`` of ``cross_val_score`` and the searches.

    Parameters
    ----------
    n_splits
        Number of folds; time is cut into one stretch more, of about equally many rows.
    gap
        Time before each test stretch that is not learnt from.

    Raises
    ------
    RiskError
        If there is no fold, or the gap is negative.

    Notes
    -----
    No wallet is on both sides of a fold: rows of the test stretch whose wallet is learnt from are
    left out. ``y`` should come from labels known by the time of training (see
    :func:`training.labels_to_y`); a splitter cannot see to that.

    References
    ----------
    Tashman, "Out-of-sample tests of forecasting accuracy" (2000), rolling origin.
    """

    n_splits: int = 5
    gap: pd.Timedelta = NO_GAP

    def __post_init__(self) -> None:
        if self.n_splits < 1 or self.gap < NO_GAP:
            raise RiskError(
                f"folds: n_splits must be 1 or more and gap 0 or more, got {self.n_splits} "
                f"and {self.gap}"
            )

    def get_n_splits(self, X: object = None, y: object = None, groups: object = None) -> int:  # noqa: N803
        """Return the number of folds."""
        return self.n_splits

    def split(
        self,
        X: pd.DataFrame,  # noqa: N803  scikit-learn's name
        y: object = None,
        groups: object = None,
    ) -> Iterator[tuple[Int64, Int64]]:
        """Give the positions of the training and the test rows of each fold.

        Parameters
        ----------
        X
            Feature table, indexed by (wallet, as_of).
        y, groups
            Not read; scikit-learn passes them.

        Raises
        ------
        RiskError
            If the rows have no wallet and as_of, or a side of a fold is left empty.
        """
        if "wallet" not in X.index.names:
            raise RiskError(f"folds need rows indexed by (wallet, as_of), got {X.index.names}")
        times = as_of_times(X)
        wallets = X.index.get_level_values("wallet")
        ranked = times.sort_values()
        cuts = [len(ranked) * fold // (self.n_splits + 1) for fold in range(self.n_splits + 1)]
        starts = [ranked[cut] for cut in cuts[1:]]
        ends = [*starts[1:], ranked[-1] + pd.Timedelta(1, "us")]
        for start, end in zip(starts, ends, strict=True):
            train = np.flatnonzero(times < start - self.gap)
            inside = np.asarray((times >= start) & (times < end))
            test = np.flatnonzero(inside & ~wallets.isin(wallets[train]))
            if not len(train) or not len(test):
                raise RiskError(
                    f"the fold that tests from {start} to {end} has {len(train)} rows to learn "
                    f"from and {len(test)} to test: take fewer folds or a shorter gap"
                )
            yield train, test
