"""The columns of a table that a model reads, by name, or a clear error."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.view import View
from training.manifest import ModelError
from training.scores import COUNTS

SHOWN = 8

Float64 = NDArray[np.float64]


class Places(NamedTuple):
    """Where, in rows of the columns of a model's views, stands what the model reads.

    Attributes
    ----------
    counts
        int64 (2,), of the transfers received and sent.
    reads
        int64 (k,), of the model's columns; places after the last column are of the context.
    context
        Number of columns of the context.
    """

    counts: NDArray[np.int64]
    reads: NDArray[np.int64]
    context: int

    @classmethod
    def of(cls, columns: Sequence[str], names: Sequence[str], context: Sequence[str]) -> Self:
        """Find them; raises ModelError if a name is neither a column nor of the context."""
        place = {name: at for at, name in enumerate([*columns, *context])}
        lost = [name for name in names if name not in place]
        if lost:
            raise ModelError(f"the manifest names columns of no view that it names: {lost[:8]}")
        counts, reads = ([place[name] for name in some] for some in (COUNTS, names))
        return cls(np.array(counts, np.int64), np.array(reads, np.int64), len(context))

    def features(self, values: Float64, context: Float64 | None) -> Float64:
        """Return what the model reads, (n, k); a context that is None is all nan."""
        if self.context:
            shape = (len(values), self.context)
            given = np.full(shape, np.nan) if context is None else context
            if given.shape != shape:
                raise ModelError(f"context has shape {given.shape}, wanted {shape}")
            values = np.hstack([values, given])
        return values.take(self.reads, axis=1)

    def transfers(self, values: Float64) -> Float64:
        """Return the transfers behind each row (n,), received and sent."""
        received, sent = self.counts
        return values[:, received] + values[:, sent]


def transfers_of(table: pd.DataFrame) -> Float64:
    """Return the transfers behind each row of a table (n,); a count that is nan is none.

    Raises
    ------
    ModelError
        If a count is missing, or not float64.
    """
    counts: Float64 = np.nan_to_num(model_columns(table, COUNTS)).sum(axis=1)
    return counts


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
