"""Entropy of counts."""

import numpy as np

from features.kernel import Int64s, kernel
from features.past.history import HISTORY_CAP

_LOGS = np.log(np.maximum(np.arange(HISTORY_CAP + 1), 1))  # a table look-up is ten times a log


@kernel
def count_entropy(counts: Int64s, total: int) -> float:
    """Entropy in nats of counts that sum to ``total``, which is at most ``HISTORY_CAP``."""
    weighted = 0.0
    for count in counts:
        weighted += count * _LOGS[count]
    return float(max(_LOGS[total] - weighted / total, 0.0))
