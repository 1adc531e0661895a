"""What may be known at an instant: the one cut, and the kit that views are made with."""

from features.kernel import DAY, HOUR, SECOND, before, kernel
from features.past.cut import (
    HISTORY_CAP,
    History,
    Past,
    PastLabels,
    PastSide,
    Question,
    ask,
    cut,
    cut_earlier,
    event_at,
    first_time,
    label_at,
    past_of,
)
from features.past.known_labels import (
    ILLICIT,
    LICIT,
    NO_LABELS,
    UNLABELLED,
    LabelEvents,
    label_events,
)
from features.past.statistics import count_entropy, quantile, sort_values
from features.past.windows import WIDTHS, WINDOWS, window_sums

__all__ = [
    "DAY",
    "HISTORY_CAP",
    "HOUR",
    "ILLICIT",
    "LICIT",
    "NO_LABELS",
    "SECOND",
    "UNLABELLED",
    "WIDTHS",
    "WINDOWS",
    "History",
    "LabelEvents",
    "Past",
    "PastLabels",
    "PastSide",
    "Question",
    "ask",
    "before",
    "count_entropy",
    "cut",
    "cut_earlier",
    "event_at",
    "first_time",
    "kernel",
    "label_at",
    "label_events",
    "past_of",
    "quantile",
    "sort_values",
    "window_sums",
]
