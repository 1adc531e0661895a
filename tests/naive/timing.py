"""The slow twin of the timing view."""

import math
from collections import Counter
from itertools import pairwise

import numpy as np

from tests.naive.past import DAY, HOUR, NAN, WINDOWS, Past, Row, Transfer, ratio


def timing(past: Past, wallet: str) -> Row:
    """One row of the timing view."""
    read = past.read(wallet)
    whole = past.sides(wallet)
    age = past.as_of - min((t.time for side in whole for t in side), default=past.as_of)
    row: Row = {}
    for d, transfers, everything in zip(("in", "out"), read, whole, strict=True):
        row |= _gaps(d, [t.time for t in transfers])
        row |= _clock(d, transfers)
        row |= _recent(d, everything, past.as_of, age)
    # a transfer of the wallet to itself is one received and one sent; received ones come first
    merged = sorted(
        [(t.time, "in") for t in read[0]] + [(t.time, "out") for t in read[1]],
    )
    row |= _gaps("any", [time for time, _ in merged])
    changes = [a != b for (_, a), (_, b) in pairwise(merged)]
    row["alternation_share"] = ratio(sum(changes), len(changes))
    received, sent = whole
    both = bool(received and sent)
    row["first_in_to_first_out_s"] = (sent[0].time - received[0].time) / 1e6 if both else NAN
    row["last_in_to_last_out_s"] = (sent[-1].time - received[-1].time) / 1e6 if both else NAN
    return {f"timing_{name}": value for name, value in row.items()}


def _gaps(d: str, times: list[int]) -> Row:
    gaps = [later - earlier for earlier, later in pairwise(times)]
    n = len(gaps)
    mean = sum(gaps) / n if n else NAN
    sd = float(np.std(gaps, ddof=1)) if n > 1 else NAN
    return {
        f"gap_mean_{d}_s": mean / 1e6,
        f"gap_sd_{d}_s": sd / 1e6,
        f"gap_min_{d}_s": min(gaps) / 1e6 if n else NAN,
        f"gap_median_{d}_s": float(np.median(gaps)) / 1e6 if n else NAN,
        f"gap_max_{d}_s": max(gaps) / 1e6 if n else NAN,
        f"gap_cv_{d}_ratio": ratio(sd, mean),
        f"burstiness_{d}_ratio": ratio(sd - mean, sd + mean),
        f"memory_{d}_ratio": _memory(gaps),
    }


def _memory(gaps: list[int]) -> float:
    before, after = gaps[:-1], gaps[1:]
    if len(set(before)) < 2 or len(set(after)) < 2:
        return NAN  # a constant has no correlation
    return float(np.corrcoef(before, after)[0, 1])


def _clock(d: str, transfers: list[Transfer]) -> Row:
    n = len(transfers)
    hours = Counter(t.time % DAY // HOUR for t in transfers)
    shares = [count / n for count in hours.values()]
    night = sum(count for hour, count in hours.items() if hour < 6)
    return {
        f"hour_entropy_{d}_ratio": -sum(s * math.log(s) for s in shares) / math.log(24)
        if n
        else NAN,
        f"night_{d}_share": ratio(night, n),
    }


def _recent(d: str, transfers: list[Transfer], as_of: int, age: int) -> Row:
    recency = as_of - transfers[-1].time if transfers else NAN
    span = transfers[-1].time - transfers[0].time if transfers else NAN
    row = {
        f"recency_{d}_s": recency / 1e6,
        f"recency_{d}_ratio": ratio(recency, age),
        f"span_{d}_s": span / 1e6,
    }
    for window, width in WINDOWS.items():
        count = sum(t.time >= as_of - width for t in transfers)
        row[f"transfers_{d}_{window}_count"] = count
        row[f"transfers_{d}_{window}_share"] = ratio(count, len(transfers))
    return row
