"""Where a value lies among those of the training rows."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from training.watch.reference import Reference


class Percentiles:
    """Percentiles of the columns that a model reads.

    Parameters
    ----------
    reference
        What the model's folder keeps of its training rows.
    """

    def __init__(self, reference: Reference) -> None:
        rows = zip(reference.names, reference.quantiles.tolist(), strict=True)
        self._cuts = {name: cuts for name, cuts in rows if not math.isnan(cuts[0])}

    def of(self, column: str, value: float) -> float | None:
        """Return which percent of the training rows with a value have a lower one; ties count half.

        None where the column or the value is not defined.
        """
        cuts = self._cuts.get(column)
        if cuts is None or not math.isfinite(value):
            return None
        kept = float(np.float32(value))  # as the quantiles are kept, so that equal ones are equal
        return (bisect_left(cuts, kept) + bisect_right(cuts, kept)) * 50.0 / len(cuts)
