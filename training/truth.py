"""From labels to the ``y`` that classifiers learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.contracts.labels import check_labels, labels_as_of
from features.errors import RiskError


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
    chosen = labels_as_of(check_labels(labels), as_of=at)
    illicit = pd.Series((chosen["label"] == "illicit").to_numpy(np.int8), index=chosen["wallet"])
    return _wallets(rows).map(illicit).fillna(-1).to_numpy(np.int8)


def _wallets(rows: pd.DataFrame | pd.Index) -> pd.Series:
    if isinstance(rows, pd.DataFrame) and "wallet" in rows.columns:
        return rows["wallet"]
    index = rows.index if isinstance(rows, pd.DataFrame) else rows
    if "wallet" not in index.names:
        raise RiskError(f"rows to label need a wallet, got {list(index.names)}")
    return pd.Series(index.get_level_values("wallet"))
