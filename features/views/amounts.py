"""Amounts: how much, how spread, how round, and what stays in the wallet."""

import math

import numpy as np

from features.kernel import Float64s, Int32s, Int64s, Rows, kernel
from features.ledger.slices import Side, Sides
from features.past.history import HISTORY_CAP, cut
from features.past.known_labels import LabelEvents
from features.past.order_statistics import quantile, sort_values
from features.view import WINDOWS, Column, View, per_side

_WINDOWS = np.array(list(WINDOWS.values()), dtype=np.int64)
_BENFORD = np.log10(1 + 1 / np.arange(1, 10))  # Newcomb 1881, Benford 1938
_POWERS = 10.0 ** np.arange(-307, 62)
_LN_10 = math.log(10.0)
_DUST = 1e-3
_NOISE = 1e-11  # of a number in [10, 100): what binary fractions add to decimal ones
# places of the parts of a side, in the order of _SIDE below
_RATIO, _SHAPE, _LOGS, _RECENT, _N_SIDE = 9, 17, 25, 28, 32


@kernel
def _two_digits(log: float, amount: float) -> float:
    """``amount`` scaled by a power of ten into [10, 100); ``log`` is its natural logarithm."""
    value: float = amount / _POWERS[max(math.floor(log / _LN_10) - 1 + 307, 0)]
    if value >= 100.0 - _NOISE:
        return value / 10.0
    return value * 10.0 if value < 10.0 - _NOISE else value


@kernel
def _shape(ordered: Float64s, total: float, logs: Float64s, digits: Int64s, out: Float64s) -> None:
    """Entropy, repeats, dust and digits of ascending amounts with a positive total."""
    n = ordered.size
    weighted_log, distinct, run, longest = 0.0, 0, 0, 0
    zero, dust, rounded, below = 0, 0, 0, 0
    digits[:] = 0
    mean = total / n
    for i in range(n):  # apart from the branches below, so that it is vectorised
        logs[i] = math.log(ordered[i])
    for i in range(n):
        amount = ordered[i]
        same = i > 0 and amount == ordered[i - 1]
        run = run + 1 if same else 1
        distinct += not same
        longest = max(longest, run)
        if amount == 0.0:
            zero += 1
            continue
        weighted_log += amount * logs[i]
        dust += amount < _DUST * mean
        value = _two_digits(logs[i], amount)
        rounded += abs(value - np.rint(value)) < _NOISE
        below += value >= 90.0 - _NOISE
        digits[min(int((value + _NOISE) / 10.0), 9)] += 1
    entropy = math.log(total) - weighted_log / total
    out[0] = max(entropy, 0.0) / math.log(n) if n > 1 else np.nan
    out[1] = distinct / n
    out[2] = longest / n
    out[3] = dust / n
    out[4] = zero / n
    out[5] = rounded / n
    out[6] = below / n
    distance = 0.0
    for digit in range(1, 10):
        distance += abs(digits[digit] / (n - zero) - _BENFORD[digit - 1])
    out[7] = distance / 2


@kernel
def _log_shape(logs: Float64s, mean: float, out: Float64s) -> None:
    """Spread of the ascending logarithms of the positive amounts, of which ``mean`` is the mean."""
    n = logs.size
    total, squares = 0.0, 0.0
    for log in logs:
        total += log
    for log in logs:
        squares += (log - total / n) ** 2
    out[0] = math.sqrt(squares / (n - 1)) if n > 1 else np.nan
    out[1] = logs[n - 1] - logs[0]
    out[2] = max(math.log(mean) - total / n, 0.0)


@kernel
def _side(
    side: Side, first: int, end: int, as_of: int,
    scratch: Rows, digits: Int64s, out: Float64s,
) -> None:  # fmt: skip
    n = end - first
    if n == 0:
        out[:] = np.nan
        out[0] = 0.0
        return
    total = 0.0
    window = 0
    ordered, logs = scratch[0, :n], scratch[1, :n]
    for i in range(end - 1, first - 1, -1):  # the newest first: a window's total is a partial sum
        while window < _WINDOWS.size and side.time[i] < as_of - _WINDOWS[window]:
            out[_RECENT + window] = total
            window += 1
        ordered[i - first] = side.amount[i]
        total += ordered[i - first]
    out[_RECENT + window :] = total
    last = ordered[n - 1]
    sort_values(ordered)
    mean = total / n
    squares = 0.0
    for i in range(n):
        squares += (ordered[i] - mean) ** 2
    out[0], out[1] = total, mean
    out[2] = math.sqrt(squares / (n - 1)) if n > 1 else np.nan
    out[3], out[8] = ordered[0], ordered[n - 1]
    for k, share in enumerate((0.25, 0.5, 0.75, 0.95)):
        out[4 + k] = quantile(ordered, share)
    if total == 0.0:
        out[_RATIO:] = np.nan
        return
    out[_RATIO] = out[2] / mean
    out[_RATIO + 1] = last / mean
    for k in range(5):
        out[_RATIO + 2 + k] = out[3 + k] / mean
    out[_RATIO + 7] = out[8] / total
    _shape(ordered, total, logs, digits, out[_SHAPE:_LOGS])
    positive = n - np.searchsorted(ordered, 0.0, side="right")
    _log_shape(logs[n - positive : n], total / positive, out[_LOGS:_RECENT])
    for k in range(_RECENT, _N_SIDE):
        out[k] /= total


@kernel
def _balance(
    incoming: Side, outgoing: Side,
    first_in: int, end_in: int, first_out: int, end_out: int,
) -> tuple[float, float]:  # fmt: skip
    """Highest and lowest running balance from 0; at one instant what comes in counts first."""
    balance, peak, low = 0.0, 0.0, 0.0
    i, j = first_in, first_out
    while i < end_in or j < end_out:
        if j >= end_out or (i < end_in and incoming.time[i] <= outgoing.time[j]):
            balance += incoming.amount[i]
            i += 1
        else:
            balance -= outgoing.amount[j]
            j += 1
        peak = max(peak, balance)
        low = min(low, balance)
    return peak, low


@kernel
def _amounts(sides: Sides, codes: Int32s, as_of: Int64s, out: Rows) -> None:
    scratch = np.empty((2, HISTORY_CAP))
    digits = np.empty(10, dtype=np.int64)
    for row in range(codes.size):
        code, instant = codes[row], as_of[row]
        first_in, end_in, _ = cut(sides.incoming, code, instant)
        first_out, end_out, _ = cut(sides.outgoing, code, instant)
        received, sent = out[row, :_N_SIDE], out[row, _N_SIDE : 2 * _N_SIDE]
        _side(sides.incoming, first_in, end_in, instant, scratch, digits, received)
        _side(sides.outgoing, first_out, end_out, instant, scratch, digits, sent)
        both = out[row, 2 * _N_SIDE :]
        both[:] = np.nan
        if received[0] > 0.0:
            peak, low = _balance(
                sides.incoming, sides.outgoing, first_in, end_in, first_out, end_out
            )
            both[0], both[1], both[2] = sent[0] / received[0], peak / received[0], low / received[0]
            if end_out > first_out:
                both[3], both[4] = sent[1] / received[1], sent[8] / received[8]


def _compute(sides: Sides, _labels: LabelEvents, codes: Int32s, as_of: Int64s) -> Rows:
    out = np.empty((codes.size, len(AMOUNTS.columns)))
    _amounts(sides, codes, as_of, out)
    return out


_SIDE = (
    ("total_{d}_amount", "sum of the amounts {did}"),
    ("mean_{d}_amount", "mean amount {did}"),
    ("sd_{d}_amount", "standard deviation (n - 1) of the amounts {did}; nan below two"),
    ("min_{d}_amount", "least amount {did}"),
    ("q25_{d}_amount", "lower quartile of the amounts {did}, linear interpolation"),
    ("q50_{d}_amount", "median of the amounts {did}"),
    ("q75_{d}_amount", "upper quartile of the amounts {did}"),
    ("q95_{d}_amount", "0.95 quantile of the amounts {did}"),
    ("max_{d}_amount", "largest amount {did}"),
    ("cv_{d}_ratio", "standard deviation over mean of the amounts {did}"),
    ("last_to_mean_{d}_ratio", "latest amount {did} over the mean amount {did}"),
    ("min_to_mean_{d}_ratio", "least amount {did} over the mean amount {did}"),
    ("q25_to_mean_{d}_ratio", "lower quartile of the amounts {did} over their mean"),
    ("q50_to_mean_{d}_ratio", "median of the amounts {did} over their mean"),
    ("q75_to_mean_{d}_ratio", "upper quartile of the amounts {did} over their mean"),
    ("q95_to_mean_{d}_ratio", "0.95 quantile of the amounts {did} over their mean"),
    ("max_{d}_share", "largest amount {did} over the sum {did}"),
    (
        "entropy_{d}_ratio",
        "entropy of the transfers' shares of the sum {did}, over ln of their number: 1 if equal",
    ),
    ("distinct_{d}_share", "different amounts {did} over transfers {did}"),
    ("repeated_{d}_share", "transfers {did} of the most frequent amount, over all {did}"),
    (
        "dust_{d}_share",
        "transfers {did} of more than 0 and less than 1/1000 of the mean, over all {did}",
    ),
    ("zero_{d}_share", "transfers {did} of amount 0, over all {did}"),
    (
        "round_{d}_share",
        "transfers {did} whose amount has at most two significant digits, over all {did}",
    ),
    (
        "below_power_{d}_share",
        "transfers {did} whose amount is 0.9 to just under 1 times a power of ten, over all {did}",
    ),
    (
        "benford_{d}_ratio",
        "first digits of the amounts {did} against Benford's law: half the sum over the digits "
        "of the distance between share and law, 0 where they agree",
    ),
    ("log_sd_{d}_ratio", "standard deviation (n - 1) of ln of the positive amounts {did}"),
    ("log_range_{d}_ratio", "ln of the largest less ln of the least positive amount {did}"),
    (
        "log_deviation_{d}_ratio",
        "mean log deviation of the positive amounts {did}: ln of their mean less mean of their ln",
    ),
    *(
        (f"total_{{d}}_{window}_share", f"sum {{did}} in the last {window} over the sum {{did}}")
        for window in WINDOWS
    ),
)

_SOURCES = {
    **dict.fromkeys(("q25", "q50", "q75", "q95"), "Hyndman and Fan 1996, definition 7"),
    "entropy": "Shannon 1948, section 6; evenness: Pielou 1966",
    "benford": "the law: Newcomb 1881; Benford 1938; in auditing Nigrini 2012",
    "log_deviation": "Theil 1967",
}

AMOUNTS = View(
    "amounts",
    1,
    (
        *per_side("amounts", *_SIDE, scaled=("round", "below_power", "benford"), sources=_SOURCES),
        Column("amounts_out_to_in_ratio", "sum sent over sum received"),
        Column(
            "amounts_balance_peak_ratio",
            "highest running balance (0 at the start) over the sum received",
        ),
        Column(
            "amounts_balance_low_ratio",
            "lowest running balance (0 at the start) over the sum received",
        ),
        Column("amounts_mean_out_to_in_ratio", "mean amount sent over mean amount received"),
        Column("amounts_max_out_to_in_ratio", "largest amount sent over largest amount received"),
    ),
    _compute,
)
