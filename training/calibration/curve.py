"""What every method of calibration is: a monotone curve from raw to calibrated log-odds."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError

Float64 = NDArray[np.float64]

# A model without signal has slope zero or below; this keeps the ranking and says (nearly) the
# prevalence for everybody, which the promotion gate then refuses.
MIN_SLOPE = 1e-3


class Rows(NamedTuple):
    """Scores that a curve is fitted to, of wallets that the scoring model did not learn from.

    Attributes
    ----------
    raw
        float64 (n,) raw log-odds.
    y_true
        int8 (n,), 1 = illicit; both classes occur.
    weights
        float64 (n,) of mean 1, what each row counts.
    """

    raw: Float64
    y_true: NDArray[np.int8]
    weights: Float64

    def at(self, positions: NDArray[np.int64]) -> Rows:
        """Return the rows at positions (m,)."""
        return Rows(self.raw[positions], self.y_true[positions], self.weights[positions])

    @property
    def prevalence(self) -> float:
        """Share of illicit rows."""
        return float(np.average(self.y_true, weights=self.weights))

    @property
    def targets(self) -> Float64:
        """What the curve aims at, float64 (n,): (N1 + 1) / (N1 + 2) and 1 / (N0 + 2).

        References
        ----------
        Platt, "Probabilistic outputs for support vector machines" (1999), section 2.2: they keep a
        fit finite where a threshold separates the classes.
        """
        illicit = float(self.weights @ self.y_true)
        licit = float(self.weights.sum()) - illicit
        return np.where(self.y_true == 1, (illicit + 1) / (illicit + 2), 1 / (licit + 2))


class Curve(Protocol):
    """A method of calibration, fitted."""

    method: ClassVar[str]

    @classmethod
    def fit(cls, rows: Rows) -> Self:
        """Fit to rows."""
        ...

    def __call__(self, raw: Float64) -> Float64:
        """Return finite log-odds at the prevalence of the rows, never falling in ``raw``."""
        ...

    def to_data(self) -> dict[str, Any]:
        """Return what :meth:`from_data` reads: numbers and lists of them."""
        ...

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Read what was saved.

        Raises
        ------
        RiskError
            If a number is not finite, or the curve would fall somewhere.
        """
        ...


def numbers(data: dict[str, Any], name: str) -> Float64:
    """Return a list of finite numbers out of saved data, float64 (n,)."""
    values = data[name]
    if not isinstance(values, list) or any(type(one) not in (int, float) for one in values):
        raise RiskError(f"a calibration needs a list of numbers as {name}")
    try:
        found = np.array(values, np.float64)
    except OverflowError:
        found = np.array([np.inf])
    if not np.isfinite(found).all():
        raise RiskError(f"a calibration needs finite numbers as {name}")
    return found


def number(data: dict[str, Any], name: str) -> float:
    """Return a finite number out of saved data."""
    return float(numbers({name: [data[name]]}, name)[0])
