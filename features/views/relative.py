"""Relative size: a wallet's amounts beside what its counterparties usually move.

Of each side the latest ``AMOUNTS_READ`` transfers of positive amount with another wallet are looked
at, and of each counterparty the latest ``AMOUNTS_READ`` of its transfers a side, strictly before
that transfer. Amounts of 0 have no logarithm and are left out, and a transfer whose counterparty
had nothing to compare with is left out of the statistic. All columns are logarithms of ratios,
shares or ranks, so that no size of its own enters.
"""

import math
from typing import NamedTuple

import numpy as np

from features.kernel import Float64s, Rows
from features.past import (
    History,
    Past,
    PastSide,
    ask,
    earlier,
    inner_kernel,
    kernel,
    quantile,
    sort_values,
)
from features.view import View, blocks, per_side, places

AMOUNTS_READ = 32
_WHOLE, _LN_2 = 2.0, math.log(2.0)

_LATEST = f"of the latest {AMOUNTS_READ} positive amounts {{did}}"
_THEIRS = f"its {{who}}'s latest {AMOUNTS_READ} transfers {{theirs}} before it"
_LIKE = f"its {{who}}'s latest {AMOUNTS_READ} transfers {{did}} before it"
_USUALLY = f"{_LATEST}, of ln(amount / geometric mean of {_THEIRS})"
_FUNDED = f"{_LATEST}, of ln(amount / geometric mean of {_LIKE})"
_PART = f"{_LATEST}, of the amount over the sum of {_LIKE}, at most {_WHOLE:g}"
_STATISTICS = {"mean": "mean", "median": "median", "max": "largest"}

_SIDE = (
    *(
        (f"{what}_{name}_{{d}}_ratio", f"{said}, {compared}")
        for what, compared in (("to_usual", _USUALLY), ("to_funds", _FUNDED), ("of_funds", _PART))
        for name, said in _STATISTICS.items()
    ),
    (
        "rank_mean_{d}_share",
        f"mean, {_LATEST}, of the share below it, ties half, among it and {_THEIRS}",
    ),
    (
        "to_any_mean_{d}_ratio",
        f"mean, {_LATEST}, of ln(amount / geometric mean of its {{who}}'s latest {AMOUNTS_READ} "
        f"transfers sent and {AMOUNTS_READ} received before it)",
    ),
    (
        "known_{d}_share",
        f"share of the latest {AMOUNTS_READ} positive amounts {{did}} whose {{who}} had "
        f"{{theirs}} a positive one before",
    ),
)
_OF = places(*_SIDE)
# numbers of one transfer, nan where its counterparty had no history: the rows of working memory
_COMPARED = places(
    ("to_usual", "ln of the amount over the counterparty's geometric mean on its other side"),
    ("rank", "share below the amount, ties half, among it and those"),
    ("to_funds", "ln of the amount over the counterparty's geometric mean on the same side"),
    ("of_funds", "the amount over the sum of those"),
    ("to_any", "ln of the amount over the geometric mean of both"),
)
_SPREAD = tuple(  # what has a mean, a median and a largest value: its row and their columns
    (getattr(_COMPARED, what), *(getattr(_OF, f"{what}_{name}_ratio") for name in _STATISTICS))
    for what in ("to_usual", "to_funds", "of_funds")
)


class Usual(NamedTuple):
    """The latest positive amounts of one side of a wallet before a transfer.

    Attributes
    ----------
    logs : float, sum of their natural logarithms
    n : int
    rank : float, share below the transfer's amount, ties half, among it and them
    total : float, whole units of the asset
    """

    logs: float
    n: int
    rank: float
    total: float


@inner_kernel
def _usual(amounts: Float64s, history: History, amount: float) -> Usual:
    """Sum up what a wallet moved on one side before a transfer of ``amount``."""
    # the logarithm of a product costs one logarithm; split so that no product leaves its range
    product, exponent, n, less, total = 1.0, 0, 0, 0.0, 0.0
    for i in range(history.end - 1, max(history.first, history.end - AMOUNTS_READ) - 1, -1):
        other = amounts[i]
        if other > 0.0:
            mantissa, power = math.frexp(other)
            product *= mantissa
            exponent += power
            n += 1
            less += 1.0 if other < amount else (0.5 if other == amount else 0.0)
            total += other
    return Usual(math.log(product) + exponent * _LN_2, n, (less + 0.5) / (n + 1), total)


@inner_kernel
def _compare(own: PastSide, theirs: PastSide, history: History, wallet: int, compared: Rows) -> int:
    """Fill ``compared``, shape (len(_COMPARED), AMOUNTS_READ); returns the transfers looked at.

    ``own`` is the wallet's side that is looked at. The counterparty had the same transfer on
    ``theirs``, and what funds or follows it on a side like ``own``.
    """
    counterparty, amounts, times = own.counterparty, own.amount, own.time
    their_amounts, n = theirs.amount, 0
    for i in range(history.end - 1, history.first - 1, -1):
        other, amount = counterparty[i], amounts[i]
        if other == wallet or amount == 0.0:
            continue
        log = math.log(amount)
        for row in range(len(_COMPARED)):
            compared[row, n] = np.nan
        usual = _usual(their_amounts, earlier(theirs, other, times[i]), amount)
        funds = _usual(amounts, earlier(own, other, times[i]), amount)
        if usual.n:
            compared[_COMPARED.to_usual, n] = log - usual.logs / usual.n
            compared[_COMPARED.rank, n] = usual.rank
        if funds.n:
            compared[_COMPARED.to_funds, n] = log - funds.logs / funds.n
            compared[_COMPARED.of_funds, n] = min(_WHOLE, amount / funds.total)
        if usual.n + funds.n:
            logs = usual.logs + funds.logs
            compared[_COMPARED.to_any, n] = log - logs / (usual.n + funds.n)
        n += 1
        if n == AMOUNTS_READ:
            break
    return n


@kernel
def _defined(values: Float64s, n: int) -> Float64s:
    """The first ``n`` values less the nan, ascending, in place."""
    kept = 0
    for i in range(n):
        if not math.isnan(values[i]):
            values[kept] = values[i]
            kept += 1
    sort_values(values[:kept])
    return values[:kept]


@inner_kernel
def _mean(values: Float64s) -> float:
    """Mean; nan of nothing."""
    total = 0.0
    for value in values:
        total += value
    return total / values.size if values.size else np.nan


@kernel
def _statistics(compared: Rows, n: int, out: Float64s) -> None:
    """Fill the columns of one side from what :func:`_compare` said of ``n`` transfers."""
    if n == 0:
        return
    for what, mean, median, largest in _SPREAD:
        values = _defined(compared[what], n)
        if values.size:
            out[mean], out[median] = _mean(values), quantile(values, 0.5)
            out[largest] = values[values.size - 1]
        if what == _COMPARED.to_usual:
            out[_OF.known_share] = values.size / n
    out[_OF.rank_mean_share] = _mean(_defined(compared[_COMPARED.rank], n))
    out[_OF.to_any_mean_ratio] = _mean(_defined(compared[_COMPARED.to_any], n))


@kernel
def _relative(past: Past, out: Rows) -> None:
    incoming, outgoing = past.incoming, past.outgoing
    compared = np.empty((len(_COMPARED), AMOUNTS_READ))
    for row in range(out.shape[0]):
        asked = ask(past, row)
        received, sent, _ = blocks(out[row], len(_OF))
        n = _compare(incoming, outgoing, asked.received, asked.wallet, compared)
        _statistics(compared, n, received)
        n = _compare(outgoing, incoming, asked.sent, asked.wallet, compared)
        _statistics(compared, n, sent)


RELATIVE = View("relative", 2, per_side("relative", *_SIDE), _relative)
