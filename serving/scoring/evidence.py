"""What an answer was computed from, and how long it took."""

import time
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Float64s = npt.NDArray[np.float64]


class Evidence(NamedTuple):
    """What an answer was computed from.

    Attributes
    ----------
    values : float64 array, shape (len(Scorer.columns),)
        Features and context.
    transfers, retractions : int
        How many the ledger held, and transactions that it had ever taken back.
    seconds : dict of str to float
        How long each stage took: ``view`` (the features), ``model`` (the score with what each
        column adds) and ``explain`` (the reasons told).
    """

    values: Float64s
    transfers: int
    retractions: int
    seconds: dict[str, float]


def seconds_of(started: float, viewed: float) -> dict[str, float]:
    """Seconds of the first two stages, of which the second ends now."""
    return {"view": viewed - started, "model": time.perf_counter() - viewed}
