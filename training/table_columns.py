"""The columns of a table that a model reads, by name, or a clear error."""

from __future__ import annotations

from difflib import get_close_matches

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.view import View
from training.manifest import ModelError

SHOWN = 8


def views_holding(names: tuple[str, ...], views: tuple[View, ...]) -> tuple[View, ...]:
    """Return those of the views that have at least one of the named columns, in their order."""
    wanted = set(names)
    return tuple(view for view in views if wanted & {column.name for column in view.columns})


def model_columns(table: pd.DataFrame, names: tuple[str, ...]) -> NDArray[np.float64]:
    """Return the named columns of a feature table.

    Parameters
    ----------
    table
        (n, any) columns in any order; those not named are not read.
    names
        The k columns wanted.

    Returns
    -------
    ndarray
        float64 (n, k), C order.

    Raises
    ------
    ModelError
        If a column is missing (the nearest there is shown), there twice, or not float64.
    """
    missing = [name for name in names if name not in table.columns]
    if missing:
        present = [str(name) for name in table.columns]
        near = {name: get_close_matches(name, present, 1) for name in missing[:SHOWN]}
        shown = [f"{name} (nearest: {to[0]})" if to else name for name, to in near.items()]
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        raise ModelError(
            f"the table lacks {len(missing)} of the model's {len(names)} columns: "
            f"{', '.join(shown)}{more}"
        )
    chosen = table.loc[:, list(names)]
    if chosen.shape[1] != len(names):
        raise ModelError("the table holds a column of the model more than once")
    other = {str(name): str(kind) for name, kind in chosen.dtypes.items() if kind != np.float64}
    if other:
        raise ModelError(f"feature columns must be float64, got {other}")
    return np.ascontiguousarray(chosen.to_numpy())
