"""Timing: gaps, bursts, hours, and how recent a side is."""

import math

import numpy as np

from features.kernel import Float64s, Int64s, Rows, before
from features.past import (
    DAY,
    HISTORY_CAP,
    HOUR,
    SECOND,
    WIDTHS,
    WINDOWS,
    History,
    Past,
    PastSide,
    Question,
    ask,
    count_entropy,
    first_time,
    inner_kernel,
    kernel,
    quantile,
    sort_values,
)
from features.view import View, blocks, of_both, per_side, places, window_places

_NIGHT_ENDS = 6  # o'clock UTC
_GAPS = (
    ("gap_mean_{d}_s", "mean gap between consecutive transfers {did}"),
    (
        "gap_sd_{d}_s",
        "standard deviation (n - 1) of the gaps between transfers {did}; nan below two gaps",
    ),
    ("gap_min_{d}_s", "least gap between consecutive transfers {did}"),
    ("gap_median_{d}_s", "median gap between consecutive transfers {did}"),
    ("gap_max_{d}_s", "largest gap between consecutive transfers {did}"),
    ("gap_cv_{d}_ratio", "standard deviation over mean of the gaps between transfers {did}"),
    (
        "burstiness_{d}_ratio",
        "burstiness: (sd - mean) / (sd + mean) of the gaps between transfers {did}",
    ),
    (
        "memory_{d}_ratio",
        "correlation of each gap between transfers {did} with the next; nan below three gaps",
    ),
)
_SIDE = (
    *_GAPS,
    ("recency_{d}_s", "from the latest transfer {did} to as_of"),
    ("recency_{d}_ratio", "time since the latest transfer {did}, over the age of the wallet"),
    ("span_{d}_s", "from the first to the latest transfer {did}"),
    (
        "hour_entropy_{d}_ratio",
        "entropy of the UTC hours of day of transfers {did}, over ln 24: 1 if spread evenly",
    ),
    ("night_{d}_share", "transfers {did} from 0 to 6 o'clock UTC, over all {did}"),
    *(
        (f"transfers_{{d}}_{window}_count", f"transfers {{did}} in the last {window}")
        for window in WINDOWS
    ),
    *(
        (
            f"transfers_{{d}}_{window}_share",
            f"transfers {{did}} in the last {window}, over all {{did}}",
        )
        for window in WINDOWS
    ),
)
_BOTH = (
    *(
        (name.format(d="any"), meaning.format(did="of either direction"))
        for name, meaning in _GAPS
    ),
    (
        "alternation_share",
        "steps from one transfer to the next that go from receiving to sending or back, over "
        "all steps",
    ),
    (
        "first_in_to_first_out_s",
        "from the first transfer received to the first sent; negative if it sent first",
    ),
    (
        "last_in_to_last_out_s",
        "from the latest transfer received to the latest sent; negative if it received last",
    ),
)  # fmt: skip
_SOURCES = {
    "burstiness": "Goh and Barabasi 2008, EPL 81 48002, equation 1",
    "memory": "Goh and Barabasi 2008, EPL 81 48002, equation 2",
    "hour_entropy": "Shannon 1948, section 6; evenness: Pielou 1966",
}
_OF, _ALL, _GAP = places(*_SIDE), places(*_BOTH), places(*_GAPS)
_COUNTS = window_places(_OF, "transfers_{}_count")
_SHARES = window_places(_OF, "transfers_{}_share")
# where the columns of gaps are among those of one side, and among those of both
_GAPS_OF = tuple(getattr(_OF, name) for name in _GAP._fields)
_GAPS_ALL = tuple(getattr(_ALL, name.format(d="any")) for name, _ in _GAPS)


@kernel
def _gaps(gaps: Float64s, at: tuple[int, ...], out: Float64s) -> None:
    """Fill the columns of gaps, whose places are ``at`` in the order of ``_GAPS``; sorts them.

    Gaps are whole microseconds, whose sums are exact: equal gaps have a deviation of exactly 0.
    """
    n, total = gaps.size, 0.0
    if n == 0:
        return
    for gap in gaps:
        total += gap
    mean, squares = total / n, 0.0
    for gap in gaps:
        squares += (gap - mean) ** 2
    sd = math.sqrt(squares / (n - 1)) if n > 1 else np.nan
    out[at[_GAP.memory_ratio]] = _memory(gaps, total)
    sort_values(gaps)
    out[at[_GAP.gap_mean_s]], out[at[_GAP.gap_sd_s]] = mean / SECOND, sd / SECOND
    out[at[_GAP.gap_min_s]], out[at[_GAP.gap_max_s]] = gaps[0] / SECOND, gaps[n - 1] / SECOND
    out[at[_GAP.gap_median_s]] = quantile(gaps, 0.5) / SECOND
    if mean > 0.0:
        out[at[_GAP.gap_cv_ratio]] = sd / mean
        out[at[_GAP.burstiness_ratio]] = (sd - mean) / (sd + mean)


@inner_kernel
def _memory(gaps: Float64s, total: float) -> float:
    """Pearson correlation of each gap with the next (Goh and Barabasi 2008)."""
    n = gaps.size - 1
    if n < 2:
        return np.nan
    mean_x, mean_y = (total - gaps[n]) / n, (total - gaps[0]) / n
    xx, yy, xy = 0.0, 0.0, 0.0
    for i in range(n):
        x, y = gaps[i] - mean_x, gaps[i + 1] - mean_y
        xx += x * x
        yy += y * y
        xy += x * y
    return xy / math.sqrt(xx * yy) if xx > 0.0 and yy > 0.0 else np.nan


@kernel
def _side(
    side: PastSide, history: History, asked: Question, oldest: int, scratch: Float64s,
    hours: Int64s, out: Float64s,
) -> None:  # fmt: skip
    """Fill the columns of one side; ``oldest`` is the time of the wallet's first transfer.

    ``scratch``, shape (HISTORY_CAP,) or longer, and ``hours``, shape (24,), are working memory.
    """
    time, first, end, total = side.time, history.first, history.end, history.total
    if total == 0:
        for place in _COUNTS:
            out[place] = 0.0
        return
    for i in range(first + 1, end):
        scratch[i - first - 1] = time[i] - time[i - 1]
    _gaps(scratch[: end - first - 1], _GAPS_OF, out)
    _hours(time[first:end], hours, out)
    recency = (asked.as_of - time[end - 1]) / SECOND
    out[_OF.recency_s] = recency
    out[_OF.recency_ratio] = recency / ((asked.as_of - oldest) / SECOND)
    out[_OF.span_s] = (time[end - 1] - time[end - total]) / SECOND
    for k in range(WIDTHS.size):
        count = end - before(time, end - total, end, asked.as_of - WIDTHS[k])
        out[_COUNTS[k]], out[_SHARES[k]] = count, count / total


@inner_kernel
def _hours(times: Int64s, hours: Int64s, out: Float64s) -> None:
    """Fill the columns of the hours of day of some times; ``hours`` is working memory."""
    for hour in range(hours.size):
        hours[hour] = 0
    for time in times:
        hours[time % DAY // HOUR] += 1
    night = 0
    for hour in range(_NIGHT_ENDS):
        night += hours[hour]
    out[_OF.hour_entropy_ratio] = count_entropy(hours, times.size) / math.log(24.0)
    out[_OF.night_share] = night / times.size


@inner_kernel
def _merged(past: Past, asked: Question, gaps: Float64s) -> int:
    """Fill the gaps between all transfers of both sides; returns how often the direction changed.

    At one instant what comes in is first; a transfer to itself comes in and goes out.
    """
    coming, going = past.incoming.time, past.outgoing.time
    end_in, end_out = asked.received.end, asked.sent.end
    i, j, n, switches = asked.received.first, asked.sent.first, 0, 0
    last, last_in = np.int64(0), False
    while i < end_in or j < end_out:
        is_in = j >= end_out or (i < end_in and coming[i] <= going[j])
        time = coming[i] if is_in else going[j]
        if n:
            gaps[n - 1] = time - last
            switches += is_in != last_in
        i += is_in
        j += not is_in
        last, last_in = time, is_in
        n += 1
    return switches


@kernel
def _both(past: Past, asked: Question, scratch: Float64s, out: Float64s) -> None:
    """Fill the columns of both sides; ``scratch``, shape (2 * HISTORY_CAP,), is working memory."""
    received, sent = asked.received, asked.sent
    n = received.end - received.first + sent.end - sent.first
    if n > 1:
        out[_ALL.alternation_share] = _merged(past, asked, scratch) / (n - 1)
        _gaps(scratch[: n - 1], _GAPS_ALL, out)
    if received.total and sent.total:
        coming, going = past.incoming.time, past.outgoing.time
        first_in, first_out = coming[received.end - received.total], going[sent.end - sent.total]
        out[_ALL.first_in_to_first_out_s] = (first_out - first_in) / SECOND
        last_in, last_out = coming[received.end - 1], going[sent.end - 1]
        out[_ALL.last_in_to_last_out_s] = (last_out - last_in) / SECOND


@kernel
def _timing(past: Past, out: Rows) -> None:
    incoming, outgoing = past.incoming, past.outgoing
    scratch = np.empty(2 * HISTORY_CAP)
    hours = np.empty(24, dtype=np.int64)
    for row in range(out.shape[0]):
        asked, oldest = ask(past, row), 0
        if asked.received.total + asked.sent.total:
            oldest = first_time(incoming.time, outgoing.time, asked.received, asked.sent)
        received, sent, both = blocks(out[row], len(_OF))
        _side(incoming, asked.received, asked, oldest, scratch, hours, received)
        _side(outgoing, asked.sent, asked, oldest, scratch, hours, sent)
        _both(past, asked, scratch, both)


TIMING = View(
    "timing",
    2,
    (
        *per_side("timing", *_SIDE, calendar=("hour_entropy", "night"), sources=_SOURCES),
        *of_both("timing", *_BOTH, sources=_SOURCES),
    ),
    _timing,
)
