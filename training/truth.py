"""From labels to the ``y`` that classifiers learn, and how sure it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.contracts.labels import check_labels, labels_as_of
from features.errors import RiskError


class Truth(NamedTuple):
    """What labels say of n rows.

    Attributes
    ----------
    y_true
        int8 (n,): 1 illicit, 0 licit, -1 no label.
    confidence
        float64 (n,) in [0, 1]: of the label that holds, less what speaks for the other one.
    """

    y_true: NDArray[np.int8]
    confidence: NDArray[np.float64]


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
        index of one.
    at
        Only labels with ``known_at < at`` count: the instant at which the model is built, which no
        label that came later may reach. None: all count, as when a model is judged.

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
    chosen = labels_as_of(checked, as_of=at)
    known = checked if at is None else checked[checked["known_at"] < at]
    best = known.groupby(["wallet", "label"])["confidence"].max()
    illicit = (chosen["label"] == "illicit").to_numpy()
    other = pd.MultiIndex.from_arrays(
        [chosen["wallet"], np.where(illicit, "licit", "illicit")], names=["wallet", "label"]
    )
    against = best.reindex(other).fillna(0.0).to_numpy()
    sure = chosen["confidence"].to_numpy() * (1 - against)
    at_row = pd.Index(chosen["wallet"]).get_indexer(pd.Index(_wallets(rows)))
    found = at_row >= 0
    y_true = np.full(len(at_row), -1, np.int8)
    confidence = np.zeros(len(at_row))
    y_true[found] = illicit[at_row[found]]
    confidence[found] = sure[at_row[found]]
    return Truth(y_true, confidence)


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
