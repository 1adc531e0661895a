"""Rows that are on both sides of a split under two names: learnt by heart, and tested as if new."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.gate.lines import GateLine

Int64 = NDArray[np.int64]

MOST_DUPLICATES = 0.02  # of the test rows


def duplicates(features: pd.DataFrame, learnt: Int64, tested: Int64) -> Int64:
    """Return the tested rows whose columns equal, to the last bit, those of a row learnt from.

    Parameters
    ----------
    features
        Index (wallet, as_of), the columns that the model reads.
    learnt, tested
        Row numbers.

    Returns
    -------
    ndarray
        int64 (m,) row numbers. Rows of one wallet are no duplicates of each other, whatever they
        hold.

    Notes
    -----
    Rows in which no column is defined are alike by having no history, and do not count.
    """
    keys = pd.util.hash_pandas_object(features, index=False).to_numpy()
    wallets = features.index.get_level_values("wallet").to_numpy()
    defined = np.asarray(features.notna().to_numpy().any(axis=1))
    before = pd.DataFrame({"key": keys[learnt], "other": wallets[learnt]})[defined[learnt]]
    after = pd.DataFrame({"key": keys[tested], "wallet": wallets[tested], "row": tested})
    both = after[defined[tested]].merge(before.drop_duplicates(), on="key")
    return np.unique(both.loc[both["wallet"] != both["other"], "row"].to_numpy(np.int64))


def duplicates_line(found: int, tested: int, example: str) -> GateLine:
    """Return whether few enough test rows are copies of rows learnt from."""
    share = found / tested
    said = f"{found} of {tested} test rows equal a row learnt from of another wallet"
    if found:
        said += f", such as that of {example}"
    return GateLine(
        "test rows are no copies",
        share <= MOST_DUPLICATES,
        f"{said}; at most {MOST_DUPLICATES:.0%}",
    )
