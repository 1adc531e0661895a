"""Amounts: how much, how spread, how round, and what stays in the wallet."""

import math

import numpy as np

from features.kernel import Float64s, Int64s, Rows
from features.past import (
    HISTORY_CAP,
    WINDOWS,
    History,
    Past,
    PastSide,
    Question,
    ask,
    inner_kernel,
    kernel,
    quantile,
    sort_values,
    window_sums,
)
from features.view import View, blocks, of_both, per_side, places, window_places

_BENFORD = np.log10(1 + 1 / np.arange(1, 10))  # Newcomb 1881, Benford 1938
_POWERS = 10.0 ** np.arange(-307, 62)
_LN_10 = math.log(10.0)
_DUST = 1e-3
_NOISE = 1e-11  # of a number in [10, 100): what binary fractions add to decimal ones

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
        "transfers {did} of less than 1/1000 of the mean, over all {did}",
    ),
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
    ("log_sd_{d}_ratio", "standard deviation (n - 1) of ln of the amounts {did}"),
    ("log_range_{d}_ratio", "ln of the largest less ln of the least amount {did}"),
    (
        "log_deviation_{d}_ratio",
        "mean log deviation of the amounts {did}: ln of their mean less mean of their ln",
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

_BOTH = (
    ("out_to_in_ratio", "sum sent over sum received"),
    ("balance_peak_ratio", "highest running balance (0 at the start) over the sum received"),
    ("balance_low_ratio", "lowest running balance (0 at the start) over the sum received"),
    ("mean_out_to_in_ratio", "mean amount sent over mean amount received"),
    ("max_out_to_in_ratio", "largest amount sent over largest amount received"),
)
_OF, _ALL = places(*_SIDE), places(*_BOTH)  # of one side, of both
_RECENT = window_places(_OF, "total_{}_share")
_QUANTILES = (
    (0.25, _OF.q25_amount, _OF.q25_to_mean_ratio),
    (0.5, _OF.q50_amount, _OF.q50_to_mean_ratio),
    (0.75, _OF.q75_amount, _OF.q75_to_mean_ratio),
    (0.95, _OF.q95_amount, _OF.q95_to_mean_ratio),
)


@inner_kernel
def _two_digits(log: float, amount: float) -> float:
    """``amount`` scaled by a power of ten into [10, 100); ``log`` is its natural logarithm."""
    value: float = amount / _POWERS[max(math.floor(log / _LN_10) - 1 + 307, 0)]
    if value >= 100.0 - _NOISE:
        return value / 10.0
    return value * 10.0 if value < 10.0 - _NOISE else value


@inner_kernel
def _shape(ordered: Float64s, total: float, logs: Float64s, digits: Int64s, out: Float64s) -> None:
    """Entropy, repeats, dust and digits of ascending amounts."""
    n = ordered.size
    weighted_log, distinct, run, longest = 0.0, 0, 0, 0
    dust, rounded, below = 0, 0, 0
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
        weighted_log += amount * logs[i]
        dust += amount < _DUST * mean
        value = _two_digits(logs[i], amount)
        rounded += abs(value - np.rint(value)) < _NOISE
        below += value >= 90.0 - _NOISE
        digits[min(int((value + _NOISE) / 10.0), 9)] += 1
    if n > 1:
        out[_OF.entropy_ratio] = max(math.log(total) - weighted_log / total, 0.0) / math.log(n)
    out[_OF.distinct_share], out[_OF.repeated_share] = distinct / n, longest / n
    out[_OF.dust_share] = dust / n
    out[_OF.round_share], out[_OF.below_power_share] = rounded / n, below / n
    distance = 0.0
    for digit in range(1, 10):
        distance += abs(digits[digit] / n - _BENFORD[digit - 1])
    out[_OF.benford_ratio] = distance / 2


@inner_kernel
def _log_shape(logs: Float64s, mean: float, out: Float64s) -> None:
    """Spread of the ascending logarithms of amounts, of which ``mean`` is the mean."""
    n = logs.size
    total, squares = 0.0, 0.0
    for log in logs:
        total += log
    for log in logs:
        squares += (log - total / n) ** 2
    if n > 1:
        out[_OF.log_sd_ratio] = math.sqrt(squares / (n - 1))
    out[_OF.log_range_ratio] = logs[n - 1] - logs[0]
    out[_OF.log_deviation_ratio] = max(math.log(mean) - total / n, 0.0)


@inner_kernel
def _sizes(ordered: Float64s, total: float, last: float, out: Float64s) -> None:
    """Moments and quantiles of ascending amounts, by themselves and beside their mean."""
    n = ordered.size
    mean = total / n
    squares = 0.0
    for i in range(n):
        squares += (ordered[i] - mean) ** 2
    out[_OF.mean_amount] = mean
    out[_OF.min_amount], out[_OF.max_amount] = ordered[0], ordered[n - 1]
    if n > 1:
        out[_OF.sd_amount] = math.sqrt(squares / (n - 1))
    for share, amount, _ in _QUANTILES:
        out[amount] = quantile(ordered, share)
    out[_OF.cv_ratio], out[_OF.last_to_mean_ratio] = out[_OF.sd_amount] / mean, last / mean
    out[_OF.min_to_mean_ratio] = ordered[0] / mean
    for _, amount, to_mean in _QUANTILES:
        out[to_mean] = out[amount] / mean
    out[_OF.max_share] = ordered[n - 1] / total


@kernel
def _side(side: PastSide, history: History, scratch: Rows, digits: Int64s, out: Float64s) -> None:
    """Fill the columns of one side; ``scratch`` and ``digits`` are working memory."""
    amounts = side.amount
    n = history.end - history.first
    if n == 0:
        out[_OF.total_amount] = 0.0
        return
    sums, ordered, logs = scratch[0, : len(_RECENT)], scratch[1, :n], scratch[2, :n]
    total = window_sums(side, history, sums)
    for i in range(n):
        ordered[i] = amounts[history.first + i]
    sort_values(ordered)
    out[_OF.total_amount] = total
    _sizes(ordered, total, amounts[history.end - 1], out)
    _shape(ordered, total, logs, digits, out)
    _log_shape(logs, total / n, out)
    for k in range(len(_RECENT)):
        out[_RECENT[k]] = sums[k] / total


@inner_kernel
def _balance(past: Past, asked: Question) -> tuple[float, float]:
    """Highest and lowest running balance from 0; at one instant what comes in counts first."""
    coming, going = past.incoming.amount, past.outgoing.amount
    time_in, time_out = past.incoming.time, past.outgoing.time
    received, sent = asked.received, asked.sent
    balance, peak, low = 0.0, 0.0, 0.0
    i, j = received.first, sent.first
    while i < received.end or j < sent.end:
        if j >= sent.end or (i < received.end and time_in[i] <= time_out[j]):
            balance += coming[i]
            i += 1
        else:
            balance -= going[j]
            j += 1
        peak = max(peak, balance)
        low = min(low, balance)
    return peak, low


@kernel
def _amounts(past: Past, out: Rows) -> None:
    scratch = np.empty((3, HISTORY_CAP))
    digits = np.empty(10, dtype=np.int64)
    for row in range(out.shape[0]):
        asked = ask(past, row)
        received, sent, both = blocks(out[row], len(_OF))
        _side(past.incoming, asked.received, scratch, digits, received)
        _side(past.outgoing, asked.sent, scratch, digits, sent)
        total = received[_OF.total_amount]
        if total > 0.0:
            peak, low = _balance(past, asked)
            both[_ALL.out_to_in_ratio] = sent[_OF.total_amount] / total
            both[_ALL.balance_peak_ratio], both[_ALL.balance_low_ratio] = peak / total, low / total
            both[_ALL.mean_out_to_in_ratio] = sent[_OF.mean_amount] / received[_OF.mean_amount]
            both[_ALL.max_out_to_in_ratio] = sent[_OF.max_amount] / received[_OF.max_amount]


AMOUNTS = View(
    "amounts",
    2,
    (
        *per_side("amounts", *_SIDE, scaled=("round", "below_power", "benford"), sources=_SOURCES),
        *of_both("amounts", *_BOTH),
    ),
    _amounts,
)
