"""Which rows say when to stop: later ones, of wallets that nothing is learnt from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]
FEWEST = 4  # rows of either class that a loss can be told of


class Held(NamedTuple):
    """Positions of the rows to learn from, and of those to stop by; rows in neither are left out.

    Attributes
    ----------
    learn, stop
        int64, ascending; no wallet is in both.
    """

    learn: Int64
    stop: Int64


def held_back(
    as_of: Int64, groups: Int64, y_true: NDArray[np.int8], share: float, seed: int
) -> Held:
    """Hold back the latest rows of wallets that were not seen before.

    Parameters
    ----------
    as_of, groups, y_true
        (n,) instants, wallets and labels of the rows.
    share
        Of the wallets, those whose first row is the latest.
    seed
        Where time cannot part them (all rows bear one instant, or one class would be missing), that
        share of the wallets is drawn instead.
    """
    wallets, member = np.unique(groups, return_inverse=True)
    first = np.full(len(wallets), np.iinfo(np.int64).max)
    np.minimum.at(first, member, as_of)
    border = np.sort(first)[int((1 - share) * (len(wallets) - 1))]
    later = first > border
    learn, stop = as_of <= border, later[member]
    if not (_enough(y_true[learn]) and _enough(y_true[stop])):
        drawn = np.random.default_rng(seed).random(len(wallets)) < share
        learn, stop = ~drawn[member], drawn[member]
    return Held(np.flatnonzero(learn), np.flatnonzero(stop))


def _enough(y_true: NDArray[np.int8]) -> bool:
    illicit = int((y_true == 1).sum())
    return min(illicit, len(y_true) - illicit) >= FEWEST
