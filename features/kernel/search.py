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
