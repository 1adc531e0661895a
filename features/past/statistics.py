"""Order statistics and entropy of the short runs of values that wallets have."""

import numpy as np

from features.kernel import Float64s, Int64s, inner_kernel, kernel
from features.past.cut import HISTORY_CAP

_INSERTION_SORTED = 32  # values; longer runs are left to numpy
_LOGS = np.log(np.maximum(np.arange(HISTORY_CAP + 1), 1))  # a table look-up is ten times a log


@kernel
def sort_values(values: Float64s) -> None:
    """Sort in place; insertion for short runs, which most wallets have, halves the time."""
    if values.size > _INSERTION_SORTED:
        values.sort()
        return
    for i in range(1, values.size):
        value = values[i]
        j = i - 1
        while j >= 0 and values[j] > value:
            values[j + 1] = values[j]
            j -= 1
        values[j + 1] = value


@inner_kernel
def quantile(ordered: Float64s, share: float) -> float:
    """Quantile of ascending values by linear interpolation (Hyndman and Fan 1996, type 7)."""
    at = share * (ordered.size - 1)
    low = int(at)
    high = min(low + 1, ordered.size - 1)
    return float(ordered[low] + (at - low) * (ordered[high] - ordered[low]))


@inner_kernel
def count_entropy(counts: Int64s, total: int) -> float:
    """Entropy in nats of counts that sum to ``total``, which is at most ``HISTORY_CAP``."""
    weighted = 0.0
    for count in counts:
        weighted += count * _LOGS[count]
    return float(max(_LOGS[total] - weighted / total, 0.0))
