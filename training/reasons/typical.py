"""What reasons are told against: a typical wallet at the base rate.

A model's own base is an average over whatever rows it learnt from, of which half may be illicit.
Nobody has that wallet in mind. Here reasons are differences from the mean contributions of training
rows, weighed so that such a row scores exactly the base rate: a wallet of which nothing is known.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.json_file import parse_json
from training.calibration import log_odds_of
from training.manifest import ModelError

if TYPE_CHECKING:
    from training.config import TrainConfig
    from training.fitting import Fitted
    from training.models.estimator import Inputs

Float64 = NDArray[np.float64]

TYPICAL = "typical.json"
ROWS = 256  # of each class: reasons cost some hundred scores a row in some kinds
_STEEPEST = 50.0  # of the tilt, in units of 1 / sd of the log-odds


class _File(BaseModel):
    """``typical.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal[1]
    contributions: dict[str, Annotated[float, Field(allow_inf_nan=False)]]


@dataclass(frozen=True, slots=True, eq=False)
class Typical:
    """A typical wallet, by what its columns contribute.

    Parameters
    ----------
    contributions
        Reason to its mean contribution, calibrated log-odds.
    """

    contributions: dict[str, float]

    @classmethod
    def of(cls, contributions: Float64, reasons: tuple[str, ...], prior: float) -> Self:
        """Find the typical wallet of rows.

        Parameters
        ----------
        contributions
            float64 (n, len(reasons) + 1), calibrated, the base last.
        reasons
            Names of the contributions before the base.
        prior
            Log-odds of the base rate.
        """
        weights = tilted(contributions.sum(axis=1), prior)
        mean = (weights @ contributions[:, :-1]).tolist()
        return cls(dict(zip(reasons, mean, strict=True)))

    def to_json(self) -> bytes:
        """Return the content of ``typical.json``: the same bytes for the same rows."""
        content = {"format": 1, "contributions": self.contributions}
        return (json.dumps(content, allow_nan=False) + "\n").encode()

    @classmethod
    def from_json(cls, content: bytes | None, reasons: tuple[str, ...]) -> Self:
        """Read what :meth:`to_json` wrote, for a model of these reasons.

        Raises
        ------
        ModelError
            If there is none, it is no such file, or it is of other reasons.
        """
        if content is None:
            raise ModelError(f"the model folder holds no {TYPICAL}: train the model again")
        try:
            read = _File.model_validate(parse_json(Path(TYPICAL), content))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise ModelError(f"{TYPICAL}: {where}: {first['msg']}") from error
        if set(read.contributions) != set(reasons):
            strange = sorted(set(read.contributions) ^ set(reasons))
            raise ModelError(f"{TYPICAL} is not of the model's reasons: {', '.join(strange[:8])}")
        return cls(read.contributions)


def typical_of(
    fitted: Fitted,
    inputs: Callable[[NDArray[np.int64]], Inputs],
    y_true: NDArray[np.int8],
    config: TrainConfig,
) -> Typical:
    """Return what a fitted recipe's reasons are told against.

    Parameters
    ----------
    fitted
        Estimator and calibration.
    inputs
        From positions in ``y_true`` to what the estimator reads of these rows.
    y_true
        int8 (n,), of rows that it learnt from.
    config
        Base rate and seed.
    """
    some = sample_rows(y_true, config.seed)
    parts = fitted.calibration.contributions(fitted.estimator.contributions(inputs(some)))
    return Typical.of(parts, fitted.estimator.reasons, log_odds_of(config.base_rate))


def tilted(log_odds: Float64, wanted: float) -> Float64:
    """Return weights (n,) of sum 1 under which log-odds (n,) have a wanted mean.

    Of all such weights those nearest to equal ones, in the sense of Kullback and Leibler:
    exponential in the log-odds. Where all rows lie on one side of what is wanted, the nearest
    row has nearly all the weight.

    References
    ----------
    Csiszar, "I-divergence geometry of probability distributions and minimization problems" (1975),
    section 3: the projection on a set of given means is an exponential tilt.

    Examples
    --------
    >>> bool(np.isclose(tilted(np.array([-4.0, -1.0, 3.0]), 0.0) @ [-4.0, -1.0, 3.0], 0.0))
    True
    """
    from scipy.optimize import brentq

    scaled = (log_odds - wanted) / (float(log_odds.std()) or 1.0)

    def weights(steepness: float) -> Float64:
        raised = np.exp(steepness * scaled - (steepness * scaled).max())
        return np.asarray(raised / raised.sum(), np.float64)

    def mean(steepness: float) -> float:
        return float(weights(steepness) @ scaled)

    low, high = mean(-_STEEPEST), mean(_STEEPEST)
    if low >= 0 or high <= 0:
        return weights(-_STEEPEST if low >= 0 else _STEEPEST)
    return weights(float(brentq(mean, -_STEEPEST, _STEEPEST, xtol=1e-14, rtol=1e-14)))


def sample_rows(y_true: NDArray[np.int8], seed: int) -> NDArray[np.int64]:
    """Return positions of at most ``ROWS`` rows of each class, rising, the same for one seed."""
    generator = np.random.default_rng(seed)
    chosen = []
    for value in (0, 1):
        rows = np.flatnonzero(y_true == value)
        chosen.append(generator.choice(rows, min(ROWS, len(rows)), replace=False))
    return np.sort(np.concatenate(chosen)).astype(np.int64)
