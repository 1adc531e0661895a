"""Trails: the transfers that prove the values of columns."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

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
        Rows of the ledger's log, in the order in which the money moved; those of bursts and
        groups in order of time.
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


def distinct(trails: Iterable[Trail]) -> list[Trail]:
    """Trails of the same transfers, amounts and category as one, at the place of the first.

    Examples
    --------
    >>> row, part = np.array([5]), np.array([1.0])
    >>> [trail.columns for trail in distinct(
    ...     [Trail(("a", "b"), row, part), Trail(("c",), row, part / 2), Trail(("d",), row, part)])]
    [('a', 'b', 'd'), ('c',)]
    """
    found: dict[tuple[bytes, bytes, str], Trail] = {}
    for trail in trails:
        key = trail.transfers.tobytes(), trail.amounts.tobytes(), trail.category
        columns = found[key].columns if key in found else ()
        found[key] = replace(trail, columns=tuple(dict.fromkeys(columns + trail.columns)))
    return list(found.values())
