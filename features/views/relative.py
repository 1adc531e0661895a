"""Relative size: a wallet's amounts beside what its counterparties usually move.

Of each side the latest ``_CAP`` transfers of positive amount with another wallet are looked at, and
of each counterparty the latest ``_CAP`` of its transfers a side, strictly before that transfer.
Amounts of 0 have no logarithm and are left out, and a transfer whose counterparty had nothing to
compare with is left out of the statistic. All columns are logarithms of ratios, shares or ranks, so
that no size of its own enters.
"""

import math

import numpy as np

from features.kernel import Float64s, Int32s, Int64s, Rows, kernel
from features.ledger.slices import Side, Sides
from features.past.history import cut
from features.past.known_labels import LabelEvents
from features.past.order_statistics import quantile, sort_values
from features.view import View, per_side, unconverted

_CAP, _WHOLE, _LN_2 = 32, 2.0, math.log(2.0)
# rows of the working memory: one number a transfer looked at
_USUAL, _RANK, _FUNDS, _ANY, _TOTAL, _PARTS = 0, 1, 2, 3, 4, 5
_N_SIDE = 12


@kernel
def _usual(side: Side, code: int, instant: int, amount: float) -> tuple[float, int, float, float]:
    """Of a wallet's latest positive amounts before an instant: sum of ln, count, rank, sum."""
    first, end, _ = cut(side, code, instant)
    # the logarithm of a product costs one logarithm; split so that no product leaves its range
    product, exponent, n, less, total = 1.0, 0, 0, 0.0, 0.0
    for i in range(end - 1, max(first, end - _CAP) - 1, -1):
        other = side.amount[i]
        if other > 0.0:
            mantissa, power = math.frexp(other)
            product *= mantissa
            exponent += power
            n += 1
            less += 1.0 if other < amount else (0.5 if other == amount else 0.0)
            total += other
    return math.log(product) + exponent * _LN_2, n, (less + 0.5) / (n + 1), total


@kernel
def _compare(own: Side, theirs: Side, code: int, as_of: int, parts: Rows) -> int:
    """Fill ``parts``, nan where a counterparty had no history; returns the transfers looked at.

    ``own`` is the wallet's side that is looked at. The counterparty had the same transfer on
    ``theirs``, and what funds or follows it on a side like ``own``.
    """
    first, end, _ = cut(own, code, as_of)
    n = 0
    for i in range(end - 1, first - 1, -1):
        other, amount = own.counterparty[i], own.amount[i]
        if other == code or amount == 0.0:
            continue
        log = math.log(amount)
        for part in range(_PARTS):
            parts[part, n] = np.nan
        usual, n_usual, rank, _ = _usual(theirs, other, own.time[i], amount)
        funds, n_funds, _, total = _usual(own, other, own.time[i], amount)
        if n_usual:
            parts[_USUAL, n], parts[_RANK, n] = log - usual / n_usual, rank
        if n_funds:
            parts[_FUNDS, n] = log - funds / n_funds
            parts[_TOTAL, n] = min(_WHOLE, amount / total)
        if n_usual + n_funds:
            parts[_ANY, n] = log - (usual + funds) / (n_usual + n_funds)
        n += 1
        if n == _CAP:
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


@kernel
def _mean(values: Float64s) -> float:
    total = 0.0
    for value in values:
        total += value
    return total / values.size if values.size else np.nan


@kernel
def _side(own: Side, theirs: Side, code: int, as_of: int, parts: Rows, out: Float64s) -> None:
    out[:] = np.nan
    n = _compare(own, theirs, code, as_of, parts)
    if n == 0:
        return
    column = 0
    for part in (_USUAL, _FUNDS, _TOTAL):
        values = _defined(parts[part], n)
        if values.size:
            out[column] = _mean(values)
            out[column + 1] = quantile(values, 0.5)
            out[column + 2] = values[values.size - 1]
        if part == _USUAL:
            out[11] = values.size / n
        column += 3
    out[9] = _mean(_defined(parts[_RANK], n))
    out[10] = _mean(_defined(parts[_ANY], n))


@kernel
def _relative(sides: Sides, codes: Int32s, as_of: Int64s, out: Rows) -> None:
    parts = np.empty((_PARTS, _CAP))
    for row in range(codes.size):
        code, instant = codes[row], as_of[row]
        received, sent = out[row, :_N_SIDE], out[row, _N_SIDE:]
        _side(sides.incoming, sides.outgoing, code, instant, parts, received)
        _side(sides.outgoing, sides.incoming, code, instant, parts, sent)


def _compute(sides: Sides, _labels: LabelEvents, codes: Int32s, as_of: Int64s) -> Rows:
    out = np.empty((codes.size, len(RELATIVE.columns)))
    _relative(sides, codes, as_of, out)
    return out


_LATEST = f"of the latest {_CAP} positive amounts {{did}}"
_THEIRS = f"its {{who}}'s latest {_CAP} transfers {{theirs}} before it"
_LIKE = f"its {{who}}'s latest {_CAP} transfers {{did}} before it"
_USUALLY = f"{_LATEST}, of ln(amount / geometric mean of {_THEIRS})"
_FUNDED = f"{_LATEST}, of ln(amount / geometric mean of {_LIKE})"
_PART = f"{_LATEST}, of the amount over the sum of {_LIKE}, at most {_WHOLE:g}"
_STATISTICS = {"mean": "mean", "median": "median", "max": "largest"}

RELATIVE = View(
    "relative",
    1,
    per_side(
        "relative",
        *(
            (f"to_usual_{name}_{{d}}_ratio", f"{said}, {_USUALLY}")
            for name, said in _STATISTICS.items()
        ),
        *(
            (f"to_funds_{name}_{{d}}_ratio", f"{said}, {_FUNDED}")
            for name, said in _STATISTICS.items()
        ),
        *(
            (f"of_funds_{name}_{{d}}_ratio", f"{said}, {_PART}")
            for name, said in _STATISTICS.items()
        ),
        (
            "rank_mean_{d}_share",
            f"mean, {_LATEST}, of the share below it, ties half, among it and {_THEIRS}",
        ),
        (
            "to_any_mean_{d}_ratio",
            f"mean, {_LATEST}, of ln(amount / geometric mean of its {{who}}'s latest {_CAP} "
            f"transfers sent and {_CAP} received before it)",
        ),
        (
            "known_{d}_share",
            f"share of the latest {_CAP} positive amounts {{did}} whose {{who}} had "
            f"{{theirs}} a positive one before",
        ),
    ),
    unconverted(_compute),
)
