"""The main directions of a network's states, and how another network's states map onto them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError
from training.models.finite import require_finite

Float64 = NDArray[np.float64]
PENALTY = 1e-3  # of the map, in units of the states' mean variance
FLAT = 1e-12  # share of the largest variance, below which a direction is rounding


@dataclass(frozen=True, slots=True, eq=False)
class Directions:
    """Numbers made of a state: ``offset + state @ vectors``.

    Parameters
    ----------
    vectors
        float64 (width, count).
    offset
        float64 (count,).
    """

    vectors: Float64
    offset: Float64

    @property
    def width(self) -> int:
        """Of a state."""
        return len(self.vectors)

    @property
    def count(self) -> int:
        """Number of directions."""
        return len(self.offset)

    def __call__(self, states: Float64) -> Float64:
        """Return float64 (..., count) of states (..., width)."""
        return self.offset + states @ self.vectors

    @classmethod
    def fit(cls, states: Float64, count: int) -> Self:
        """Find the principal axes of states (n, width): ``count``, or as many as there are.

        References
        ----------
        Pearson, "On lines and planes of closest fit to systems of points in space" (1901).
        """
        mean = states.mean(axis=0)
        _, sizes, axes = np.linalg.svd(states - mean, full_matrices=False)
        kept = int((sizes[:count] ** 2 > FLAT * max(float(sizes[0]) ** 2, FLAT)).sum())
        vectors = axes[:kept].T.copy()
        return cls(vectors, -mean @ vectors)

    def mapped(self, others: Float64, states: Float64) -> Directions:
        """Return what gives of another network's states the numbers nearest to these.

        Parameters
        ----------
        others, states
            float64 (n, width): of the same rows, by the other network and by this one.

        Notes
        -----
        Ridge regression of these numbers on the other's states: networks that were taught apart
        agree in what they tell of rows, and not in their axes.
        """
        mean, wanted = others.mean(axis=0), self(states)
        centred = others - mean
        squares = centred.T @ centred
        mean_square = float(np.trace(squares)) / len(squares)
        squares[np.diag_indices_from(squares)] += PENALTY * max(mean_square, FLAT)
        vectors = np.linalg.solve(squares, centred.T @ wanted)
        return Directions(vectors, wanted.mean(axis=0) - mean @ vectors)

    def to_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {"vectors": self.vectors.tolist(), "offset": self.offset.tolist()}

    @classmethod
    def from_json(cls, content: dict[str, Any], file: str) -> Self:
        """Read what :meth:`to_json` gave from a file of this name.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is no such content.
        RiskError
            If a number is none, or their counts differ.
        """
        vectors = np.array(content["vectors"], np.float64)
        offset = np.array(content["offset"], np.float64)
        require_finite(file, {"vectors": vectors, "offset": offset})
        if vectors.ndim != 2 or offset.shape != vectors.shape[1:]:
            raise RiskError(
                f"{file}: vectors of shape {vectors.shape} with {offset.shape} offsets are no "
                "directions"
            )
        return cls(vectors, offset)
