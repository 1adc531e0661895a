"""The slow twin of the windows view, in exact arithmetic."""

import math
from fractions import Fraction

from tests.naive.past import DAY, NAN, WINDOWS, Past, Row, Transfer

SPREAD = 1e-9  # of the mean: below it amounts have no shape


def windows(past: Past, wallet: str) -> Row:
    """One row of the windows view."""
    row: Row = {}
    for d, transfers in zip(("in", "out"), past.read(wallet), strict=True):
        for window in WINDOWS:
            if WINDOWS[window] < DAY:
                continue
            inside = recent(transfers, past.as_of - WINDOWS[window])
            mean, variance, skew, kurtosis = moments([t.amount for t in inside])
            row[f"windows_mean_{d}_{window}_amount"] = mean
            row[f"windows_cv_{d}_{window}_ratio"] = math.sqrt(variance) / mean if mean else NAN
            row[f"windows_skew_{d}_{window}_ratio"] = skew
            row[f"windows_kurtosis_{d}_{window}_ratio"] = kurtosis
    return row


def recent(transfers: list[Transfer], since: int) -> list[Transfer]:
    """Transfers at an instant or later."""
    return [t for t in transfers if t.time >= since]


def moments(amounts: list[float]) -> tuple[float, float, float, float]:
    """Mean, population variance, skew and kurtosis."""
    if not amounts:
        return NAN, NAN, NAN, NAN
    exact = [Fraction(amount) for amount in amounts]
    n = len(exact)
    mean = sum(exact, Fraction(0)) / n
    second, third, fourth = (
        sum(((x - mean) ** k for x in exact), Fraction(0)) / n for k in (2, 3, 4)
    )
    if second <= (Fraction(SPREAD) * mean) ** 2:
        return float(mean), float(second), NAN, NAN
    skew = math.copysign(math.sqrt(third**2 / second**3), third)
    return float(mean), float(second), skew, float(fourth / second**2)
