"""Inputs of linear models and networks: signed logarithms, standardised, missing values marked.

Each column x becomes z = clip((sign(x) log(1 + |x|) - mean) / sd, -6, 6), the median where x is
nan, and a second column says whether it was nan.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError
from training.models.finite import require_finite

Float64 = NDArray[np.float64]

CLIP = 6.0


@dataclass(frozen=True, slots=True)
class Scaler:
    """What is learnt of k columns; every array is float64 (k,).

    Parameters
    ----------
    median, mean, sd
        Of the signed logarithm in training, the last two after the gaps were filled; sd is inf
        for a constant column.
    """

    median: Float64
    mean: Float64
    sd: Float64

    @classmethod
    def fit(cls, values: Float64) -> Self:
        """Learn from (n, k) values, nan where missing; without rows every column is constant."""
        logs = _signed_log(values if len(values) else np.zeros((1, values.shape[1])))
        missing = np.isnan(logs)
        median = np.nanmedian(np.where(missing.all(axis=0), 0.0, logs), axis=0)
        filled = np.where(missing, median, logs)
        mean, sd = filled.mean(axis=0), filled.std(axis=0)
        # rounding leaves a constant column with a tiny sd, and division would make noise of it
        return cls(median, mean, np.where(sd > 1e-9 * np.maximum(1.0, np.abs(mean)), sd, np.inf))

    def scale(self, values: Float64) -> Float64:
        """Return (n, 2 k): standardised values, then 1 where one was missing."""
        logs = _signed_log(values)
        missing = np.isnan(logs)
        filled = np.where(missing, self.median, logs)
        return np.hstack([np.clip((filled - self.mean) / self.sd, -CLIP, CLIP), missing])

    @property
    def typical(self) -> Float64:
        """Scaled row (2 k,) of the medians, with nothing missing."""
        middle = np.clip((self.median - self.mean) / self.sd, -CLIP, CLIP)
        return np.concatenate([middle, np.zeros_like(middle)])

    def to_json(self) -> dict[str, list[float | None]]:
        """Return lists that JSON can hold; None stands for an infinite sd."""
        return {
            name: [value if np.isfinite(value) else None for value in array.tolist()]
            for name, array in asdict(self).items()
        }

    @classmethod
    def from_json(cls, content: dict[str, list[float | None]], columns: int) -> Self:
        """Read what :meth:`to_json` gave.

        Raises
        ------
        RiskError
            If it does not hold three lists of ``columns`` numbers that can scale.
        """
        arrays = {
            name: np.array([np.inf if value is None else value for value in content[name]], float)
            for name in cls.__slots__
        }
        for name, array in arrays.items():
            if array.shape != (columns,):
                raise RiskError(f"scaler: {name} has shape {array.shape}, wanted ({columns},)")
        require_finite("scaler", {"median": arrays["median"], "mean": arrays["mean"]})
        if not (arrays["sd"] > 0).all():
            raise RiskError("scaler: sd must be above 0")
        return cls(**arrays)


def _signed_log(values: Float64) -> Float64:
    logs: Float64 = np.copysign(np.log1p(np.abs(values)), values)
    return logs
