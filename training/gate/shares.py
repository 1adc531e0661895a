"""How much of a model's scores each column decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from training.risk_model import RiskModel

ROWS = 200


def shares_of(model: RiskModel, table: pd.DataFrame, *, seed: int) -> dict[str, float] | None:
    """Return each column's share of the summed absolute contributions, the largest first.

    Parameters
    ----------
    model
        Any kind.
    table
        Rows with its columns; at most ``ROWS`` of them are explained.
    seed
        Of their choice.

    Returns
    -------
    dict or None
        None for a kind whose reasons are parts of a neighbourhood, not columns.

    References
    ----------
    Lundberg et al., "From local explanations to global understanding with explainable AI for trees"
    (2020), section 2, mean absolute contribution.
    """
    if model.estimator.reads != "table":
        return None
    places = np.random.default_rng(seed).permutation(len(table))[:ROWS]
    moved = model.explain(table.iloc[np.sort(places)]).drop(columns="base").abs().sum()
    whole = float(moved.sum())
    if whole == 0:
        return {str(name): 0.0 for name in moved.index}
    ordered = (moved / whole).sort_values(ascending=False)
    return {str(name): float(share) for name, share in ordered.items()}
