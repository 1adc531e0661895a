"""Columns along curves of their own: the compiled half of :mod:`training.networks.reading.ranks`.

A wallet's row has hundreds of columns, and a call of ``numpy.interp`` for each took longer than the
network.
"""

import numpy as np

from features.kernel import Float64s, Int64s, Rows, kernel


@kernel
def along(
    values: Rows, places: Int64s, start: Int64s, knots: Float64s, become: Float64s, out: Rows
) -> None:
    """Fill the first columns of ``out`` with columns of ``values``, each along its curve.

    The knots of column ``places[at]`` are those from ``start[at]`` to ``start[at + 1]``, at least
    one, rising. Between them it is a line, as of ``numpy.interp`` and with its bits; beyond the
    outermost it is level, and 0 where a value is not finite.
    """
    for row in range(values.shape[0]):
        for at in range(places.size):
            value, first, end = values[row, places[at]], start[at], start[at + 1]
            if not np.isfinite(value):
                out[row, at] = 0.0
                continue
            low, high = first, end  # the knots before low are not above the value
            while low < high:
                middle = (low + high) // 2
                if knots[middle] <= value:
                    low = middle + 1
                else:
                    high = middle
            last = low - 1
            if low == first:
                out[row, at] = become[first]
            elif low == end or knots[last] == value:
                out[row, at] = become[last]
            else:
                slope = (become[low] - become[last]) / (knots[low] - knots[last])
                out[row, at] = slope * (value - knots[last]) + become[last]
