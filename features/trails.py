"""Trails: the transfers that prove the value of a column."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.label_events import LabelEvents
from features.slices import Sides


@dataclass(frozen=True, slots=True)
class Trail:
    """One series of transfers behind columns: a chain, a cycle, the path from a labelled wallet.

    Attributes
    ----------
    columns : tuple of str
        Names of the columns that it proves.
    transfers : int64 array, shape (k,)
        Rows of the ledger's log, in the order in which the money moved.
    amounts : float64 array, shape (k,), whole units of the asset
        What of each transfer's amount belongs to the trail.
    category : str
        Category of the labelled wallet at the far end; empty where labels play no part.
    """

    columns: tuple[str, ...]
    transfers: npt.NDArray[np.int64]
    amounts: npt.NDArray[np.float64]
    category: str = ""


FindTrails = Callable[[Sides, LabelEvents, int, int], list[Trail]]
