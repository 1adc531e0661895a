"""The score over time: one wallet asked about as of instants spread over its life."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from serving.desk.axis import Axis, Tick, log_odds
from serving.desk.words import day, plain

POINTS = 24
_APART = 16.0  # percent, between texts below the chart
_ROOM = 8.0  # percent of the height, for a text


def instants(as_of: datetime, age_s: float | None, points: int = POINTS) -> list[datetime]:
    """Instants to ask as of: spread over the wallet's life, the last is ``as_of``.

    Examples
    --------
    >>> [t.day for t in instants(datetime(2026, 1, 9), 8 * 86_400, 4)]
    [3, 5, 7, 9]
    >>> instants(datetime(2026, 1, 9), None)
    [datetime.datetime(2026, 1, 9, 0, 0)]
    """
    if not age_s:
        return [as_of]
    step = timedelta(seconds=age_s) / points
    told = [as_of - step * back for back in range(points - 1, -1, -1)]
    return sorted({moment.replace(microsecond=0) for moment in told[:-1]} | {as_of})


class Point(NamedTuple):
    """One score and its place; ``scored`` is false where too little was known."""

    x: float
    y: float
    as_of: str
    probability: float
    band: str
    status: str

    @property
    def scored(self) -> bool:
        """Whether it is a score, not the base rate."""
        return self.status == "scored"


class Mark(NamedTuple):
    """Something that happened, or a day, at its place."""

    x: float
    text: str


class Chart(NamedTuple):
    """Places are percent of the chart's width and height, from its left upper corner."""

    points: list[Point]
    pieces: list[tuple[Point, Point]]
    bands: list[tuple[float, str]]
    base: float
    ticks: list[Tick]
    days: list[Mark]
    marks: list[Mark]


def chart(answers: Sequence[Mapping[str, Any]], known: Mapping[str, Any] | None) -> Chart:
    """Place scores of one wallet, the bands' thresholds, and what happened.

    Parameters
    ----------
    answers : sequence of answers, in order of ``as_of``
        All of one wallet; one at least.
    known : mapping or None
        Its lists, as the last of these answers tells them.
    """
    last = answers[-1]
    first_us, last_us = (_seconds(one["as_of"]) for one in (answers[0], last))
    span = max(last_us - first_us, 1.0)

    def across(text: str) -> float:
        return round(100 * (_seconds(text) - first_us) / span, 2)

    thresholds = last["bands"]["thresholds"]
    values = [log_odds(one["probability"]) for one in answers]
    held = [*values, log_odds(last["base_rate"]), log_odds(thresholds["medium"])]
    axis = Axis.around(held)
    points = [
        Point(across(one["as_of"]), 100 - axis.at(value), one["as_of"], one["probability"],
              one["band"], one["status"])
        for one, value in zip(answers, values, strict=True)
    ]  # fmt: skip
    pieces = [(left, right) for left, right in pairwise(points) if left.scored and right.scored]
    edges = [(log_odds(lowest), band) for band, lowest in thresholds.items()]
    bands = _apart(
        [(100 - axis.at(edge), band) for edge, band in edges if axis.low < edge < axis.high]
    )
    ticks = [Tick(100 - tick.at, tick.text) for tick in axis.ticks()]
    base = 100 - axis.at(log_odds(last["base_rate"]))
    return Chart(points, pieces, bands, base, ticks, _days(points), _marks(last, known, across))


def _apart(bands: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Thresholds from the lowest up, with a text only where it has room."""
    kept, above = list[tuple[float, str]](), 200.0
    for y, band in bands:
        room = above - y >= _ROOM
        kept.append((y, band if room else ""))
        above = y if room else above
    return kept


def _marks(last: Mapping[str, Any], known: Mapping[str, Any] | None, across: Any) -> list[Mark]:
    """The ledger's end, where it came before the last instant, and entries of lists."""
    found = list[Mark]()
    end = last["coverage"]["ledger_last_timestamp"]
    if last["stale"] and end is not None:
        found.append(Mark(across(end), "ledger ends"))
    for entry in (known or {}).get("entries", ()):
        what = "sanctioned" if entry["sanctioned"] else plain(entry["category"])
        found.append(Mark(across(entry["known_at"]), f"on a list: {what}"))
        if entry["until"] is not None:
            found.append(Mark(across(entry["until"]), f"off a list: {what}"))
    return [mark for mark in dict.fromkeys(found) if 0 <= mark.x <= 100]


def _days(points: Sequence[Point]) -> list[Mark]:
    """Days below the chart, the first and the last among them."""
    marks = [Mark(point.x, day(datetime.fromisoformat(point.as_of))) for point in points]
    kept = [marks[0]]
    for mark in marks[1:-1]:
        # the text of the first begins at its place and that of the last ends there
        if mark.x - kept[-1].x >= _APART * (1.4 if len(kept) == 1 else 1) and (
            marks[-1].x - mark.x >= 1.4 * _APART
        ):
            kept.append(mark)
    return [*kept, marks[-1]]


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
