"""From labels to the ``y`` that classifiers learn, and how sure it is.

A label speaks of all rows of its wallet, those before it was known too, up to its end: of a wallet
whose sanction was lifted, rows up to then are illicit, and later ones are not labelled.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.contracts.labels import NONE, check_labels, ranked
from features.errors import RiskError


class Truth(NamedTuple):
    """What labels say of n rows.

    Attributes
    ----------
    y_true
        int8 (n,): 1 illicit, 0 licit, -1 no label.
    confidence
        float64 (n,) in [0, 1]: of the label that holds, less what speaks for the other one.
    listed
        bool (n,): a label of the wallet was known, whether or not it has ended or has a verdict, so
        that the wallet is no ordinary one of which nothing was ever said.
    """

    y_true: NDArray[np.int8]
    confidence: NDArray[np.float64]
    listed: NDArray[np.bool_]


def labels_to_y(
    labels: pd.DataFrame,
    rows: pd.DataFrame | pd.Index,
    *,
    at: pd.Timestamp | None = None,
) -> NDArray[np.int8]:
    """Return what the labels say of the wallet of each row.

    Parameters
    ----------
    labels
        Label contract.
    rows
        n rows with ``wallet`` as a column or a level of the index: a spine, a feature table or the
        index of one. With an ``as_of``, labels that ended before it do not count; without one,
        those that ended before ``at``.
    at
        Only labels with ``known_at < at`` count, and ends before it: the instant at which the model
        is built, which nothing that came later may reach. None: all count, as when a model is
        judged.

    Returns
    -------
    ndarray
        int8 (n,): 1 illicit, 0 licit, -1 no label.

    Raises
    ------
    RiskError
        If the rows have no wallet or the labels break their contract.

    Examples
    --------
    >>> labels = pd.DataFrame({"wallet": ["w1", "w2"], "label": ["illicit", "licit"],
    ...     "known_at": pd.to_datetime(["2024-03-01T00:00Z", "2024-01-01T00:00Z"])})
    >>> spine = pd.DataFrame({"wallet": ["w1", "w2", "w3"]})
    >>> labels_to_y(labels, spine).tolist()
    [1, 0, -1]
    >>> labels_to_y(labels, spine, at=pd.Timestamp("2024-02-01", tz="UTC")).tolist()
    [-1, 0, -1]
    """
    return truth_of(labels, rows, at=at).y_true


def truth_of(
    labels: pd.DataFrame, rows: pd.DataFrame | pd.Index, *, at: pd.Timestamp | None = None
) -> Truth:
    """Return labels of rows as :func:`labels_to_y` does, with their confidence.

    Notes
    -----
    Where lists disagree, the label of highest confidence c holds, then the newer; the best label
    of the other class, of confidence d, takes c d away: c (1 - d) is left.

    Examples
    --------
    >>> labels = pd.DataFrame({"wallet": ["w1", "w1", "w2"], "label": ["illicit", "licit", "licit"],
    ...     "known_at": pd.Timestamp("2024-01-01", tz="UTC"), "confidence": [0.8, 0.5, 0.3]})
    >>> truth_of(labels, pd.DataFrame({"wallet": ["w1", "w2", "w3"]})).confidence.tolist()
    [0.4, 0.3, 0.0]
    """
    checked = check_labels(labels)
    known = checked if at is None else checked[checked["known_at"] < at]
    listed = _wallets(rows).isin(known["wallet"]).to_numpy()
    found = deciding(known, rows, at=at)
    best = found.best
    against = found.confidence(np.where(best == found.illicit, found.licit, found.illicit))
    y_true = np.where(best < 0, -1, best == found.illicit).astype(np.int8)
    return Truth(y_true, found.confidence(best) * (1 - against), listed)


class Deciding(NamedTuple):
    """Which labels decide n rows.

    Attributes
    ----------
    labels
        Those with a verdict, best first in each wallet; see :func:`features.labels_as_of`.
    illicit, licit
        int64 (n,): place there of the best label of either kind, -1 where there is none.
    """

    labels: pd.DataFrame
    illicit: NDArray[np.int64]
    licit: NDArray[np.int64]

    @property
    def best(self) -> NDArray[np.int64]:
        """Place (n,) of the better one of both; -1 where there is none."""
        wins = (self.illicit >= 0) & ((self.licit < 0) | (self.illicit < self.licit))
        places: NDArray[np.int64] = np.where(wins, self.illicit, self.licit)
        return places

    def confidence(self, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """Confidence (n,) of labels at places; 0 where there is none."""
        with_none = np.append(self.labels["confidence"].to_numpy(np.float64), 0.0)
        confidence: NDArray[np.float64] = with_none[places]
        return confidence


def deciding(
    labels: pd.DataFrame, rows: pd.DataFrame | pd.Index, *, at: pd.Timestamp | None = None
) -> Deciding:
    """Find the best illicit and the best licit label of each row that had not ended before it.

    Parameters
    ----------
    labels
        As :func:`features.check_labels` returns them, or rows of it: those that count.
    rows, at
        See :func:`labels_to_y`.
    """
    judged = ranked(labels[labels["label"] != NONE]).reset_index(drop=True)
    code, wallets = pd.factorize(judged["wallet"])
    start = np.searchsorted(code, np.arange(len(wallets) + 1))
    until = judged["until"].to_numpy("datetime64[us]").astype(np.int64)
    until[judged["until"].isna().to_numpy()] = _NEVER
    illicit = (judged["label"] == "illicit").to_numpy()
    wallet = pd.Index(wallets).get_indexer(pd.Index(_wallets(rows)))
    instants = _instants(rows, at)
    best = np.full((2, len(wallet)), -1)
    row = np.flatnonzero(wallet >= 0)
    place = start[wallet[row]]
    while row.size:  # one label of each wallet, from its best on
        kind = illicit[place].astype(np.int64)
        holds = (until[place] >= instants[row]) & (best[kind, row] < 0)
        best[kind[holds], row[holds]] = place[holds]
        place = place + 1
        left = place < start[wallet[row] + 1]
        row, place = row[left], place[left]
    return Deciding(judged, best[1], best[0])


def first_known(labels: pd.DataFrame, rows: pd.DataFrame | pd.Index) -> pd.Series:
    """Return when the first label of each row's wallet was known, NaT where there is none."""
    checked = check_labels(labels)
    return _wallets(rows).map(checked.groupby("wallet")["known_at"].min())


def _wallets(rows: pd.DataFrame | pd.Index) -> pd.Series:
    if isinstance(rows, pd.DataFrame) and "wallet" in rows.columns:
        return rows["wallet"]
    index = rows.index if isinstance(rows, pd.DataFrame) else rows
    if "wallet" not in index.names:
        raise RiskError(f"rows to label need a wallet, got {list(index.names)}")
    return pd.Series(index.get_level_values("wallet"))


_NEVER = np.iinfo(np.int64).max


def _instants(rows: pd.DataFrame | pd.Index, at: pd.Timestamp | None) -> NDArray[np.int64]:
    """Instant (n,), in microseconds since 1970, before which an end takes a label from a row."""
    latest = _NEVER if at is None else at.value // 1_000
    if isinstance(rows, pd.DataFrame) and "as_of" in rows.columns:
        of = pd.DatetimeIndex(rows["as_of"])
    else:
        index = rows.index if isinstance(rows, pd.DataFrame) else rows
        if "as_of" not in index.names:
            return np.full(len(rows), latest)
        of = pd.DatetimeIndex(index.get_level_values("as_of"))
    return np.minimum(of.as_unit("us").asi8, latest)
