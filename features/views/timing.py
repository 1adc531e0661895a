"""Timing: gaps, bursts, hours, and how recent a side is."""

import math

import numpy as np

from features.kernel import DAY, HOUR, Float64s, Int32s, Int64s, Rows, before, kernel
from features.ledger.slices import Side, Sides
from features.past.entropy import count_entropy
from features.past.history import HISTORY_CAP, cut
from features.past.known_labels import LabelEvents
from features.past.order_statistics import quantile, sort_values
from features.past.windows import WINDOWS
from features.view import Column, View, per_side, unconverted

_WINDOWS = np.array(list(WINDOWS.values()), dtype=np.int64)
# places of the parts of a side, in the order of _SIDE below
_N_GAPS, _RECENCY, _HOURS, _COUNTS, _N_SIDE = 8, 8, 11, 13, 21


@kernel
def _gaps(gaps: Float64s, out: Float64s) -> None:
    """Mean, sd, min, median, max, cv, burstiness and memory of gaps; sorts them.

    Gaps are whole microseconds, whose sums are exact: equal gaps have a deviation of exactly 0.
    """
    n = gaps.size
    out[:] = np.nan
    if n == 0:
        return
    total = 0.0
    for gap in gaps:
        total += gap
    mean = total / n
    squares = 0.0
    for gap in gaps:
        squares += (gap - mean) ** 2
    sd = math.sqrt(squares / (n - 1)) if n > 1 else np.nan
    out[7] = _memory(gaps, total)
    sort_values(gaps)
    out[0], out[1], out[2] = mean / 1e6, sd / 1e6, gaps[0] / 1e6
    out[3], out[4] = quantile(gaps, 0.5) / 1e6, gaps[n - 1] / 1e6
    if mean > 0.0:
        out[5] = sd / mean
        out[6] = (sd - mean) / (sd + mean)


@kernel
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
    side: Side, first: int, end: int, total: int, as_of: int, age: float,
    scratch: Float64s, hours: Int64s, out: Float64s,
) -> None:  # fmt: skip
    n = end - first
    if n == 0:
        out[:_COUNTS] = np.nan
        out[_COUNTS : _COUNTS + _WINDOWS.size] = 0.0
        out[_COUNTS + _WINDOWS.size :] = np.nan
        return
    time = side.time
    hours[:] = 0
    for i in range(first, end):
        if i > first:
            scratch[i - first - 1] = time[i] - time[i - 1]
        hours[time[i] % DAY // HOUR] += 1
    _gaps(scratch[: n - 1], out[:_N_GAPS])
    recency = (as_of - time[end - 1]) / 1e6
    out[_RECENCY], out[_RECENCY + 1] = recency, recency / age
    out[_RECENCY + 2] = (time[end - 1] - time[end - total]) / 1e6
    out[_HOURS] = count_entropy(hours, n) / math.log(24.0)
    out[_HOURS + 1] = hours[:6].sum() / n
    for k in range(_WINDOWS.size):
        count = end - before(time, end - total, end, as_of - _WINDOWS[k])
        out[_COUNTS + k] = count
        out[_COUNTS + _WINDOWS.size + k] = count / total


@kernel
def _merged(
    incoming: Side, outgoing: Side, first_in: int, end_in: int, first_out: int, end_out: int,
    scratch: Float64s,
) -> int:  # fmt: skip
    """Gaps between all transfers of both sides; returns how often the direction changed.

    At one instant what comes in is first; a transfer to itself comes in and goes out.
    """
    i, j, n, switches = first_in, first_out, 0, 0
    last, last_in = np.int64(0), False
    while i < end_in or j < end_out:
        is_in = j >= end_out or (i < end_in and incoming.time[i] <= outgoing.time[j])
        time = incoming.time[i] if is_in else outgoing.time[j]
        if n:
            scratch[n - 1] = time - last
            switches += is_in != last_in
        i += is_in
        j += not is_in
        last, last_in = time, is_in
        n += 1
    return switches


@kernel
def _timing(sides: Sides, codes: Int32s, as_of: Int64s, out: Rows) -> None:
    incoming, outgoing = sides.incoming, sides.outgoing
    scratch = np.empty(2 * HISTORY_CAP)
    hours = np.empty(24, dtype=np.int64)
    for row in range(codes.size):
        code, instant = codes[row], as_of[row]
        first_in, end_in, n_in = cut(incoming, code, instant)
        first_out, end_out, n_out = cut(outgoing, code, instant)
        oldest_in = incoming.time[end_in - n_in] if n_in else instant
        oldest_out = outgoing.time[end_out - n_out] if n_out else instant
        age = (instant - min(oldest_in, oldest_out)) / 1e6
        received, sent = out[row, :_N_SIDE], out[row, _N_SIDE : 2 * _N_SIDE]
        _side(incoming, first_in, end_in, n_in, instant, age, scratch, hours, received)
        _side(outgoing, first_out, end_out, n_out, instant, age, scratch, hours, sent)
        both = out[row, 2 * _N_SIDE :]
        both[:] = np.nan
        n = end_in - first_in + end_out - first_out
        if n > 1:
            switches = _merged(incoming, outgoing, first_in, end_in, first_out, end_out, scratch)
            _gaps(scratch[: n - 1], both[:_N_GAPS])
            both[_N_GAPS] = switches / (n - 1)
        if n_in and n_out:
            both[_N_GAPS + 1] = (oldest_out - oldest_in) / 1e6
            both[_N_GAPS + 2] = (outgoing.time[end_out - 1] - incoming.time[end_in - 1]) / 1e6


def _compute(sides: Sides, _labels: LabelEvents, codes: Int32s, as_of: Int64s) -> Rows:
    out = np.empty((codes.size, len(TIMING.columns)))
    _timing(sides, codes, as_of, out)
    return out


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


_SOURCES = {
    "burstiness": "Goh and Barabasi 2008, EPL 81 48002, equation 1",
    "memory": "Goh and Barabasi 2008, EPL 81 48002, equation 2",
    "hour_entropy": "Shannon 1948, section 6; evenness: Pielou 1966",
}


def _both(name: str, meaning: str) -> Column:
    meaning = meaning.format(did="of either direction")
    source = next((text for start, text in _SOURCES.items() if name.startswith(start)), "")
    return Column(f"timing_{name.format(d='any')}", meaning, source=source)


TIMING = View(
    "timing",
    1,
    (
        *per_side("timing", *_SIDE, calendar=("hour_entropy", "night"), sources=_SOURCES),
        *(_both(name, meaning) for name, meaning in _GAPS),
        Column(
            "timing_alternation_share",
            "steps from one transfer to the next that go from receiving to sending or back, over "
            "all steps",
        ),
        Column(
            "timing_first_in_to_first_out_s",
            "from the first transfer received to the first sent; negative if it sent first",
        ),
        Column(
            "timing_last_in_to_last_out_s",
            "from the latest transfer received to the latest sent; negative if it received last",
        ),
    ),
    unconverted(_compute),
)
