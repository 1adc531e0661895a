"""An axis of log-odds, written in probabilities: what adds up has lengths that do."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from serving.desk.words import percent

TICKS = (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999, 0.9999)
_EDGE = 1e-9
MARGIN = 0.06  # of the axis, at both ends
APART = 7.0  # percent of the axis, between ticks with text


def log_odds(probability: float) -> float:
    """Of a probability, kept off 0 and 1.

    Examples
    --------
    >>> log_odds(0.5)
    0.0
    """
    kept = min(max(probability, _EDGE), 1 - _EDGE)
    return math.log(kept / (1 - kept))


class Tick(NamedTuple):
    """A probability and its place."""

    at: float
    text: str


class Axis(NamedTuple):
    """From a lowest to a highest value of log-odds.

    Attributes
    ----------
    low, high : float
    """

    low: float
    high: float

    @classmethod
    def around(cls, values: Iterable[float]) -> "Axis":
        """Axis that holds these values of log-odds, with a margin.

        Examples
        --------
        >>> Axis.around([-1.0, 1.0]).at(0.0)
        50.0
        """
        held = list(values)
        low, high = min(held), max(held)
        margin = MARGIN * max(high - low, 1.0)
        return cls(low - margin, high + margin)

    def at(self, value: float) -> float:
        """Place of a value, in percent of the axis."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 3)

    def ticks(self) -> list[Tick]:
        """Probabilities on the axis that leave room for their texts."""
        kept: list[Tick] = []
        for probability in TICKS:
            value = log_odds(probability)
            if not self.low <= value <= self.high:
                continue
            tick = Tick(self.at(value), percent(probability))
            if 2.0 <= tick.at <= 98.0 and (not kept or tick.at - kept[-1].at >= APART):
                kept.append(tick)
        return kept
