"""What a model says of rows, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from features.clusters.entity import Entity

Float64 = NDArray[np.float64]

COUNTS = ("coverage_in_count", "coverage_out_count")
SAID = {
    "probability": "probability",
    "probability_low": "low",
    "probability_high": "high",
    "status": "status",
}
STATUSES = ("scored", "unknown_wallet", "insufficient_data")


class Scores(NamedTuple):
    """Scores of n rows as arrays.

    Parameters
    ----------
    probability
        float64 (n,), calibrated P(illicit); the base rate where a row is not scored.
    log_odds
        float64 (n,), of the probability.
    status
        n texts out of ``STATUSES``.
    low, high
        float64 (n,), ends of the interval of the probability (see
        :meth:`training.calibration.Calibration.interval`); nan where a row is not scored.
    contributions
        float64 (n, len(reasons) + 1), the base last; rows sum to ``log_odds``. None unless asked.
    by_category
        float64 (n, c), probabilities of the categories that the model tells; rows sum to
        ``probability``. None where it tells none.
    entities
        n, whose each score is; None where wallets were scored.
    changes
        n float64 arrays: what the log-odds lose without each of the wallet's transfers that
        ``inputs.told`` names, 0 where a row is not scored. None of a kind that reads no single
        transfers, and unless reasons were asked for.
    """

    probability: Float64
    log_odds: Float64
    status: list[str]
    low: Float64
    high: Float64
    contributions: Float64 | None
    by_category: Float64 | None = None
    entities: list[Entity] | None = None
    changes: list[Float64] | None = None

    @classmethod
    def joined(cls, parts: Sequence[Scores]) -> Self:
        """Return the scores of one model, at least one part, as one."""
        told: list[Any] = []
        for values in zip(*parts, strict=True):
            if isinstance(values[0], list):
                told.append([*chain.from_iterable(values)])
            else:
                told.append(None if values[0] is None else np.concatenate(values))
        return cls(*told)

    def row(self, at: int) -> Scores:
        """Return one of them."""
        return self.rows(at, at + 1)

    def rows(self, start: int, stop: int) -> Scores:
        """Return those of some rows."""
        told: list[Any] = [None if values is None else values[start:stop] for values in self]
        return Scores(*told)


def scores_frame(scores: Scores, index: pd.Index, kinds: tuple[str, ...]) -> pd.DataFrame:
    """Return what is said of rows as a table; ``kinds`` name the columns of the categories."""
    told = {name: getattr(scores, said) for name, said in SAID.items()}
    if scores.by_category is not None:
        told |= dict(zip(kinds, scores.by_category.T, strict=True))
    if scores.entities is not None:
        told["entity_wallets"] = [entity.wallets for entity in scores.entities]
        told["entity_whole"] = [entity.whole for entity in scores.entities]
    return pd.DataFrame(told, index=index)


def statuses(counts: Float64, min_transfers: int) -> list[str]:
    """Return the status of each of n histories, by its number of transfers.

    Examples
    --------
    >>> statuses(np.array([5.0, 0.0, 1.0]), 2)
    ['scored', 'unknown_wallet', 'insufficient_data']
    """
    return [
        "scored" if count >= min_transfers else STATUSES[1 if count == 0 else 2]
        for count in counts.tolist()
    ]
