"""The best paths of a flow, the widest first, until they carry the share of it that is wanted.

A path runs from a transfer of the wallet that was asked about along payments to where value ends;
its width is the least of what is left on the way, and is taken from there. So what is kept is a sum
of paths: at every transfer what comes in is what goes on and what ends (flow decomposition: Ahuja,
Magnanti and Orlin 1993, section 3.5; the widest path by dynamic programming in an acyclic graph).
"""

from typing import NamedTuple

import numpy as np

from features.kernel import Float64s, Int64s, Records, inner_kernel, kernel

PATHS = 5_000
STEPS = 100_000_000  # payments that are looked at in all, a tenth of a second


class Parts(NamedTuple):
    """What is left of a flow, and what the paths took of it.

    Attributes
    ----------
    begins, ends : float64 array, shape (transfers,)
        Value that starts with a transfer, or ends at it.
    between : float64 array, shape (payments,)
    """

    begins: Float64s
    ends: Float64s
    between: Float64s


@inner_kernel
def _widest(
    order: Int64s, first: Int64s, links: Records, left: Parts, best: Float64s, came: Int64s
) -> int:
    """Transfer at which the widest path ends; -1: there is none. Fills widths and last payments."""
    begins, ends, between = left.begins, left.ends, left.between
    for at in range(begins.size):
        best[at], came[at] = begins[at], -1
    found, width = -1, 0.0
    for place in range(order.size):
        at = order[place]
        if best[at] <= 0.0:
            continue
        if min(best[at], ends[at]) > width:
            found, width = at, min(best[at], ends[at])
        for k in range(first[at], first[at + 1]):
            through = min(best[at], between[k])
            target = links[k].target
            if through > best[target]:
                best[target], came[target] = through, k
    return found


@kernel
def take_paths(
    order: Int64s, first: Int64s, links: Records, left: Parts, taken: Parts, wanted: float
) -> bool:
    """Move the widest paths from ``left`` to ``taken`` until they sum to ``wanted``.

    Parameters
    ----------
    order : int64 array, shape (transfers,)
        In which payments run.
    first : int64 array, shape (transfers + 1,)
        The payments of a transfer are ``links[first[k]:first[k + 1]]``.
    links : record array, with ``source`` and ``target``
    left, taken : Parts
    wanted : float

    Returns
    -------
    bool
        Whether nothing is missing; else ``PATHS`` or ``STEPS`` ended it.
    """
    best, came = np.empty(order.size), np.empty(order.size, dtype=np.int64)
    covered = 0.0
    for _ in range(min(PATHS, STEPS // max(links.size, 1) + 1)):
        if covered >= wanted:
            return True
        end = _widest(order, first, links, left, best, came)
        if end < 0:
            return True  # what is left is of rounding
        width = min(best[end], left.ends[end])
        left.ends[end] -= width
        taken.ends[end] += width
        at = end
        while came[at] >= 0:
            left.between[came[at]] -= width
            taken.between[came[at]] += width
            at = int(links[came[at]].source)
        left.begins[at] -= width
        taken.begins[at] += width
        covered += width
    return covered >= wanted
