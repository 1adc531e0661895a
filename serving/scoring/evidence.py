"""What is asked, what an answer was computed from, and how long it took."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.clusters.entity import Entity
from features.ledger import Transfer
from serving.scoring.arrived import Arrived
from training.risk_model import Scores
from training.spine_scorer import Level

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


class Question(NamedTuple):
    """Whose score as of when: at which level, and with which transfers that are supposed."""

    wallet: str
    as_of: int
    level: Level
    transfers: Sequence[Transfer]


class Wished(NamedTuple):
    """What an answer is to hold beside the score: why, and the exposure that was traced."""

    reasons: bool
    groups: bool
    exposure: dict[str, Any] | None


class Computed(NamedTuple):
    """One row of the model's views, its scores, how far the ledger reached, and whose it is."""

    values: Float64s
    scores: Scores
    arrived: Arrived | None
    last_time: int | None
    entity: Entity | None
    transfers: int
    retractions: int
    seconds: dict[str, float]
