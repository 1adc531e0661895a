"""The slow twin of the amounts view."""

import math
from collections import Counter
from decimal import Decimal
from statistics import fmean, stdev

import numpy as np

from tests.naive.past import NAN, WINDOWS, Past, Row, Transfer, ratio


def amounts(past: Past, wallet: str) -> Row:
    """One row of the amounts view."""
    received, sent = past.read(wallet)
    row = {f"amounts_{name}": value for name, value in _side("in", received, past.as_of).items()}
    row |= {f"amounts_{name}": value for name, value in _side("out", sent, past.as_of).items()}
    total_in, total_out = row["amounts_total_in_amount"], row["amounts_total_out_amount"]
    path = _balance_path(received, sent)
    row["amounts_out_to_in_ratio"] = ratio(total_out, total_in)
    row["amounts_balance_peak_ratio"] = ratio(max(path), total_in)
    row["amounts_balance_low_ratio"] = ratio(min(path), total_in)
    row["amounts_mean_out_to_in_ratio"] = ratio(
        row["amounts_mean_out_amount"], row["amounts_mean_in_amount"]
    )
    row["amounts_max_out_to_in_ratio"] = ratio(
        row["amounts_max_out_amount"], row["amounts_max_in_amount"]
    )
    return row


def _side(d: str, transfers: list[Transfer], as_of: int) -> Row:
    values = [t.amount for t in transfers]
    n, total = len(values), math.fsum(values)
    mean = ratio(total, n)
    sd = float(np.std(values, ddof=1)) if n > 1 else NAN
    q25, q50, q75, q95 = np.percentile(values, [25, 50, 75, 95]) if n else [NAN] * 4
    least, largest = (min(values), max(values)) if n else (NAN, NAN)
    row = {
        f"total_{d}_amount": total,
        f"mean_{d}_amount": mean,
        f"sd_{d}_amount": sd,
        f"min_{d}_amount": least,
        f"q25_{d}_amount": q25,
        f"q50_{d}_amount": q50,
        f"q75_{d}_amount": q75,
        f"q95_{d}_amount": q95,
        f"max_{d}_amount": largest,
        f"cv_{d}_ratio": ratio(sd, mean),
        f"last_to_mean_{d}_ratio": ratio(values[-1] if n else NAN, mean),
        f"min_to_mean_{d}_ratio": ratio(least, mean),
        f"q25_to_mean_{d}_ratio": ratio(q25, mean),
        f"q50_to_mean_{d}_ratio": ratio(q50, mean),
        f"q75_to_mean_{d}_ratio": ratio(q75, mean),
        f"q95_to_mean_{d}_ratio": ratio(q95, mean),
        f"max_{d}_share": ratio(largest, total),
    }
    for window, width in WINDOWS.items():
        recent = math.fsum(t.amount for t in transfers if t.time >= as_of - width)
        row[f"total_{d}_{window}_share"] = ratio(recent, total)
    row |= {f"{name.format(d=d)}": value for name, value in _shape(values, total).items()}
    return row | _logarithms(d, [math.log(value) for value in values], values)


def _logarithms(d: str, logs: list[float], values: list[float]) -> Row:
    n = len(logs)
    return {
        f"log_sd_{d}_ratio": stdev(logs) if n > 1 else NAN,
        f"log_range_{d}_ratio": max(logs) - min(logs) if n else NAN,
        f"log_deviation_{d}_ratio": math.log(math.fsum(values) / n) - fmean(logs) if n else NAN,
    }


def _shape(values: list[float], total: float) -> Row:
    names = (
        "entropy_{d}_ratio", "distinct_{d}_share", "repeated_{d}_share", "dust_{d}_share",
        "round_{d}_share", "below_power_{d}_share", "benford_{d}_ratio",
    )  # fmt: skip
    if not total:
        return dict.fromkeys(names, NAN)
    n = len(values)
    shares = [value / total for value in values]
    first_digits = Counter(first_digit(value) for value in values)
    benford = sum(
        abs(first_digits[digit] / n - math.log10(1 + 1 / digit)) for digit in range(1, 10)
    )
    return dict(
        zip(
            names,
            (
                -sum(s * math.log(s) for s in shares if s) / math.log(n) if n > 1 else NAN,
                len(set(values)) / n,
                max(Counter(values).values()) / n,
                sum(value < total / n / 1000 for value in values) / n,
                sum(map(is_round, values)) / n,
                sum(first_digit(value) == 9 for value in values) / n,
                benford / 2,
            ),
            strict=True,
        )
    )


def first_digit(amount: float) -> int:
    """First decimal digit, up to the noise of binary fractions."""
    return (Decimal(amount) * Decimal("1.000000000001")).as_tuple().digits[0]


def is_round(amount: float) -> bool:
    """At most two significant digits, up to the same noise."""
    return math.isclose(float(f"{amount:.1e}"), amount, rel_tol=1e-12)


def _balance_path(received: list[Transfer], sent: list[Transfer]) -> list[float]:
    steps = [(t.time, 0, t.amount) for t in received] + [(t.time, 1, -t.amount) for t in sent]
    path = [0.0]
    for _, _, change in sorted(steps, key=lambda step: step[:2]):
        path.append(path[-1] + change)
    return path
