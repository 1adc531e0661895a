"""Binary search."""

from features.kernel.arrays import Int64s
from features.kernel.compiler import inner_kernel


@inner_kernel
def before(time: Int64s, first: int, end: int, instant: int) -> int:
    """Index after the last entry of ``time[first:end]`` (ascending) that is below ``instant``."""
    while first < end:
        middle = (first + end) >> 1
        if time[middle] < instant:
            first = middle + 1
        else:
            end = middle
    return first


@inner_kernel
def before_each(time: Int64s, first: Int64s, left: Int64s, instant: Int64s, n: int) -> None:
    """Move each of n ``first`` to what :func:`before` gives of the ``left`` entries from it on.

    The searches go on together, without a branch that depends on what is read: they wait for
    memory at the same time. ``left`` is used up.
    """
    longest = 0
    for i in range(n):
        longest = max(longest, left[i])
    while longest > 1:
        for i in range(n):
            half = left[i] >> 1
            below = time[max(first[i] + half - 1, 0)] < instant[i]
            first[i] += half if below else 0
            left[i] -= half
        longest -= longest >> 1
    for i in range(n):
        if left[i] == 1 and time[first[i]] < instant[i]:
            first[i] += 1
