"""Rows of the table as they would be if nobody's label were known.

Labels may be hidden from a network in training, so that it can do without: wallets to learn from
often have neighbours who are known today, and new ones have none. Columns of the row itself tell of
the same labels, so they are hidden with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from features.past import LabelEvents
from features.table import compute_rows
from features.views import LABEL_COLUMNS, LABEL_VIEWS

if TYPE_CHECKING:
    from training.networks.reading.source import GraphInputs

Float64 = NDArray[np.float64]


def untold(inputs: GraphInputs, names: Sequence[str]) -> Float64 | None:
    """Return (n, k): the rows of the table, and in columns that read labels what they say without.

    None where no column of ``names`` tells of labels.
    """
    at = [place for place, name in enumerate(names) if name in LABEL_COLUMNS]
    if not np.isfinite(inputs.features[:, at]).any():
        return None
    asked = {names[place] for place in at}
    views = tuple(
        view for view in LABEL_VIEWS if asked.intersection(one.name for one in view.columns)
    )
    order = [column.name for view in views for column in view.columns]
    rows = compute_rows(
        inputs.ledger, inputs.codes, inputs.as_of, labels=_of_nobody(inputs), views=views
    )
    found = np.array(inputs.features)
    found[:, at] = rows[:, [order.index(names[place]) for place in at]]
    return found


def _of_nobody(inputs: GraphInputs) -> LabelEvents:
    """Labels that were given, and are of nobody in the ledger."""
    start, none = np.zeros(inputs.ledger.n_wallets + 1, np.int64), np.empty(0, np.int8)
    return LabelEvents(start, np.empty(0, np.int64), none, none)
