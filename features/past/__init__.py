"""What may be known at an instant: the one cut, and the kit that views are made with."""

from features.contracts.labels import ILLICIT, LICIT, NO_VERDICT, UNLABELLED
from features.contracts.wallet_kinds import PSEUDO
from features.kernel import DAY, HOUR, SECOND, before, inner_kernel, kernel
from features.past.around import earlier, later, place_across
from features.past.assets import AssetPast, past_with_assets
from features.past.cut import (
    HISTORY_CAP,
    DustPast,
    History,
    Past,
    PastLabels,
    PastSide,
    Question,
    TracedPast,
    UnpricedPast,
    ask,
    cut,
    event_at,
    ever_labelled,
    first_time,
    label_at,
    past_of,
    past_of_spine,
    past_with_dust,
    past_with_unpriced,
    set_aside,
    traced_past,
    verdict_at,
)
from features.past.few import few_between
from features.past.fifo import Spent, spend
from features.past.known_labels import NO_LABELS, LabelEvents, label_events
from features.past.statistics import count_entropy, quantile, sort_values
from features.past.windows import WIDTHS, WINDOWS, window_sums

__all__ = [
    "DAY",
    "HISTORY_CAP",
    "HOUR",
    "ILLICIT",
    "LICIT",
    "NO_LABELS",
    "NO_VERDICT",
    "PSEUDO",
    "SECOND",
    "UNLABELLED",
    "WIDTHS",
    "WINDOWS",
    "AssetPast",
    "DustPast",
    "History",
    "LabelEvents",
    "Past",
    "PastLabels",
    "PastSide",
    "Question",
    "Spent",
    "TracedPast",
    "UnpricedPast",
    "ask",
    "before",
    "count_entropy",
    "cut",
    "earlier",
    "event_at",
    "ever_labelled",
    "few_between",
    "first_time",
    "inner_kernel",
    "kernel",
    "label_at",
    "label_events",
    "later",
    "past_of",
    "past_of_spine",
    "past_with_assets",
    "past_with_dust",
    "past_with_unpriced",
    "place_across",
    "quantile",
    "set_aside",
    "sort_values",
    "spend",
    "traced_past",
    "verdict_at",
    "window_sums",
]
