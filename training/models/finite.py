"""Weights are numbers: a model that was tampered with, or broke in training, is refused at load."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from features.errors import RiskError

# lines of a LightGBM text that are lists of numbers of a tree
_NUMBERS = (
    "threshold", "leaf_value", "leaf_weight", "leaf_count", "internal_value", "internal_weight",
    "internal_count", "shrinkage", "leaf_const", "leaf_coeff",
)  # fmt: skip


def require_finite(file: str, weights: Mapping[str, ArrayLike]) -> None:
    """Raise unless every weight is a finite number.

    Parameters
    ----------
    file
        Whose weights they are, opens the message.
    weights
        Arrays of any shape by name.

    Raises
    ------
    RiskError
        One is nan or infinite.
    """
    for name, array in weights.items():
        wrong = ~np.isfinite(np.asarray(array, np.float64))
        if wrong.any():
            raise RiskError(
                f"{file}: {int(wrong.sum())} weights of {name} are not finite numbers; "
                "every score would be none"
            )


def lightgbm_numbers(lines: Iterable[str]) -> dict[str, list[float]]:
    """Numbers of the trees of a LightGBM text, by the name of their line.

    Raises
    ------
    RiskError
        A line of numbers holds something else.

    Examples
    --------
    >>> lightgbm_numbers(["Tree=0", "leaf_value=0.5 nan", "leaf_value=1"])
    {'leaf_value': [0.5, nan, 1.0]}
    """
    found: dict[str, list[float]] = {}
    for line in lines:
        name, _, numbers = line.partition("=")
        if name in _NUMBERS:
            try:
                read = [float(number) for number in numbers.split()]
            except ValueError as error:
                raise RiskError(f"a line of {name} does not hold numbers: {error}") from None
            if name == "threshold":  # inf where a split parts the missing from all others
                read = [min(number, sys.float_info.max) for number in read]
            found.setdefault(name, []).extend(read)
    return found
