"""Reasons as bars that begin at the base rate and add up to the score, in log-odds."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from serving.desk.axis import Axis


class Bar(NamedTuple):
    """What one meaning adds.

    Attributes
    ----------
    name, sentence : str
    contribution : float
        Log-odds that it adds.
    before, after : float
        Log-odds without it and those above, and with it.
    columns : sequence of mapping
        The largest of its columns, as answers tell them.
    """

    name: str
    sentence: str
    contribution: float
    before: float
    after: float
    columns: Sequence[Mapping[str, Any]]

    @property
    def raises(self) -> bool:
        """Whether it makes the wallet likelier to be illicit."""
        return self.contribution >= 0


class Waterfall(NamedTuple):
    """From the base rate to the score.

    Attributes
    ----------
    base, score : float, log-odds
    bars : list of Bar
        Largest first; what is left is the last.
    axis : Axis
    """

    base: float
    score: float
    bars: list[Bar]
    axis: Axis


def waterfall(answer: Mapping[str, Any]) -> Waterfall | None:
    """Bars of an answer; None where it has no groups, as without a score.

    Examples
    --------
    >>> told = waterfall({"status": "scored", "base_log_odds": -4.0, "log_odds": -1.0,
    ...     "other_groups_log_odds": 1.0,
    ...     "groups": [{"meaning": "fan_in", "sentence": "Many pay it.", "contribution": 2.0,
    ...                 "columns": []}]})
    >>> [(bar.name, bar.before, bar.after) for bar in told.bars]
    [('fan_in', -4.0, -2.0), ('everything else', -2.0, -1.0)]
    """
    if answer["status"] != "scored" or answer["groups"] is None:
        return None
    at, bars = float(answer["base_log_odds"]), []
    rest = {
        "meaning": "everything else",
        "sentence": "All other columns together.",
        "contribution": answer["other_groups_log_odds"],
        "columns": (),
    }
    for group in (*answer["groups"], rest):
        after = at + group["contribution"]
        bars.append(
            Bar(group["meaning"], group["sentence"], group["contribution"], at, after,
                group["columns"])
        )  # fmt: skip
        at = after
    score = float(answer["log_odds"])
    if not math.isclose(at, score, rel_tol=1e-9, abs_tol=1e-6):
        raise ValueError(f"reasons add up to {at}, the score is {score}")
    base = float(answer["base_log_odds"])
    return Waterfall(base, score, bars, Axis.around([base, score, *(bar.after for bar in bars)]))
