"""What values the parameters of a kind may have, declared beside their defaults.

A kind of our own declares ``ranges``, a :class:`Range` a number; of a scikit-learn classifier the
constraints are its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.errors import RiskError


@dataclass(frozen=True, slots=True)
class Range:
    """An interval of numbers; both ends belong to it, unless they are open or infinite.

    Examples
    --------
    >>> str(Range(1)), str(Range(0, 1, open_low=True)), str(Range(0, open_low=True))
    ('1 or more', 'above 0, at most 1', 'above 0')
    >>> 0 in Range(0, 1, open_low=True), float("inf") in Range(1), float("nan") in Range(1)
    (False, False, False)
    """

    low: float
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    def __contains__(self, value: float) -> bool:
        above = self.low < value if self.open_low else self.low <= value
        below = value < self.high if self.open_high or self.high == math.inf else value <= self.high
        return above and below

    def __str__(self) -> str:
        low = f"above {self.low:g}" if self.open_low else f"{self.low:g} or more"
        if self.high == math.inf:
            return low
        return f"{low}, {'below' if self.open_high else 'at most'} {self.high:g}"


SHARE = Range(0, 1, open_low=True)  # of rows or columns


def check_ranges(kind: str, ranges: Mapping[str, Range], parameters: Mapping[str, Any]) -> None:
    """Raise RiskError where a parameter is outside its range.

    Examples
    --------
    >>> check_ranges("lightgbm", {"trees": Range(1)}, {"trees": 0})
    Traceback (most recent call last):
    ...
    features.errors.RiskError: parameter trees of model 'lightgbm' must be 1 or more, got 0
    """
    for name, allowed in ranges.items():
        if parameters[name] not in allowed:
            raise RiskError(
                f"parameter {name} of model {kind!r} must be {allowed}, got {parameters[name]!r}"
            )


def check_classifier(kind: str, classifier: Any) -> None:
    """Raise RiskError where scikit-learn refuses a parameter of a classifier or of a step in it."""
    parts = [classifier, *classifier.get_params(deep=True).values()]
    for part in parts:
        check = getattr(part, "_validate_params", None)  # scikit-learn has no public name for it
        if check is None or isinstance(part, type):
            continue
        try:
            check()
        except ValueError as error:
            said = " ".join(str(error).split())
            raise RiskError(f"model {kind!r}: {said}") from None


def allowed_values(kind: type[Any]) -> dict[str, str]:
    """Say in words what each parameter of a kind may be, for a reference.

    Parameters
    ----------
    kind
        Class of a kind, see :func:`training.models.estimator_class`.

    Returns
    -------
    dict
        Parameter to text; the type of the default where nothing narrower is declared.
    """
    ranges: Mapping[str, Range] = getattr(kind, "ranges", {})
    theirs = getattr(getattr(kind, "classifier", None), "_parameter_constraints", {})
    return {
        name: _words(default, ranges.get(name), theirs.get(name))
        for name, default in kind.defaults.items()
    }


def _in_order(text: str) -> str:
    """One line; the members of a set, which scikit-learn prints as they come, in order."""
    return re.sub(
        r"\{(.*?)\}", lambda found: ", ".join(sorted(found[1].split(", "))), " ".join(text.split())
    )


def _words(default: Any, declared: Range | None, constraints: Any) -> str:
    if declared is not None:
        return f"{'whole number' if isinstance(default, int) else 'number'}, {declared}"
    if isinstance(default, bool):
        return "true or false"
    if isinstance(constraints, list):
        from sklearn.utils._param_validation import make_constraint

        told = [make_constraint(one) for one in constraints if one is not None]
        return " or ".join(_in_order(str(one)) for one in told if not one.hidden)
    return type(default).__name__
