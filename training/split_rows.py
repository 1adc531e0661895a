"""Which rows of a table each slice of a split has, with their labels, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.contracts.labels import check_labels
from features.errors import RiskError
from training.splits import OutOfTime
from training.truth import first_known, truth_of

Bools = NDArray[np.bool_]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SplitRows:
    """Which rows of a table an origin uses.

    Parameters
    ----------
    train, calibrate, test
        Row numbers, int64, rising and disjoint.
    y_true
        int8 (n,) for all rows of the table: 1 illicit, 0 licit, -1 not used.
    confidence
        float64 (n,) in [0, 1], of the label that is learnt from; see
        :class:`training.truth.Truth`.
    unlabelled
        Row numbers, int64, of histories that are long enough, before the test, and of wallets of
        which no label was known at the origin.
    seen
        bool (n,): the row's wallet, or entity, is learnt from.
    listed
        bool (n,): a label of the row's wallet was known before its ``as_of``.
    dropped
        Rows left out, by reason.
    """

    train: Int64
    calibrate: Int64
    test: Int64
    y_true: NDArray[np.int8]
    confidence: NDArray[np.float64]
    unlabelled: Int64
    seen: Bools
    listed: Bools
    dropped: dict[str, int]

    @property
    def learnt(self) -> Int64:
        """Rows that are learnt from: train and calibrate."""
        return np.union1d(self.train, self.calibrate)


def assign_rows(
    index: pd.Index,
    labels: pd.DataFrame,
    split: OutOfTime,
    *,
    enough: Bools | None = None,
    groups: Int64 | None = None,
) -> SplitRows:
    """Give every row its slice and label, and count the rows that get none.

    Parameters
    ----------
    index
        (wallet, as_of) of the feature table, n rows.
    labels
        Label contract.
    split
        Borders in time.
    enough
        bool (n,), False where a wallet's history is too thin to be scored; None: all are enough.
    groups
        int64 (n,): rows of one number are kept on one side, such as those of one entity; None: by
        wallet.

    Returns
    -------
    SplitRows
        Slices, labels, counts of what was dropped.

    Raises
    ------
    RiskError
        If there is nothing of one class to learn from, or to test.
    """
    labels = check_labels(labels)
    codes = wallet_codes(index) if groups is None else groups
    masks = split.slices(pd.DatetimeIndex(index.get_level_values("as_of")))
    known = truth_of(labels, index, at=split.test_from - split.label_delay)
    final = truth_of(labels, index)
    y_true = np.where(masks["test"], final.y_true, known.y_true).astype(np.int8)
    learnt = masks["train"] | masks["calibrate"]
    left = _Left(len(index))
    left.out(~(learnt | masks["test"]), "outside the split or in a gap")
    if enough is not None:
        left.out(~enough, "fewer transfers than min_transfers")
    unlabelled = np.flatnonzero(learnt & left.open & ~known.listed)
    left.out((y_true < 0) & (final.y_true >= 0), "label not known before test_from")
    listed = np.where(masks["test"], final.listed, known.listed)
    left.out((y_true < 0) & listed, "label without a verdict, or ended before as_of")
    left.out(y_true < 0, "no label")
    left.out(learnt & (known.confidence == 0), "label of no confidence")
    seen = np.isin(codes, codes[learnt & left.open])
    if split.wallets == "apart":
        left.out(masks["test"] & seen, "test: wallet is learnt from")
    y_true[~left.open] = -1
    slices = {name: np.flatnonzero(mask & left.open) for name, mask in masks.items()}
    before = first_known(labels, index).to_numpy() < index.get_level_values("as_of").to_numpy()
    rows = SplitRows(
        **slices, y_true=y_true, confidence=known.confidence, unlabelled=unlabelled, seen=seen,
        listed=before, dropped=left.reasons,
    )  # fmt: skip
    _require_both_classes(rows, split)
    return rows


def wallet_codes(index: pd.Index) -> Int64:
    """Return the number (n,) of each row's wallet."""
    return pd.factorize(index.get_level_values("wallet"))[0].astype(np.int64)


class _Left:
    """Rows that are still open, and why others are not: each is counted under its first reason."""

    def __init__(self, size: int) -> None:
        self.open = np.ones(size, bool)
        self.reasons: dict[str, int] = {}

    def out(self, rows: Bools, reason: str) -> None:
        rows = rows & self.open
        if rows.any():
            self.reasons[reason] = int(rows.sum())
        self.open &= ~rows


def _require_both_classes(rows: SplitRows, split: OutOfTime) -> None:
    for name, chosen in (("train and calibrate", rows.learnt), ("test", rows.test)):
        illicit = int((rows.y_true[chosen] == 1).sum())
        if illicit in (0, len(chosen)):
            slices = "slices need" if name != "test" else "slice needs"
            hint = ""
            if name == "test" and any("learnt from" in reason for reason in rows.dropped):
                hint = '; wallets = "together" keeps the rows of wallets that are learnt from'
            raise RiskError(
                f"the {name} {slices} illicit and licit rows, got {illicit} illicit and "
                f"{len(chosen) - illicit} licit; rows left out: {rows.dropped or 'none'}{hint} "
                f"({split})"
            )
