"""Order by a hash and what decides between equal hashes."""

from typing import Any

import numpy as np
import numpy.typing as npt

from features.kernel.arrays import Int32s, Int64s, UInt64s
from features.kernel.compiler import kernel


def hash_order(hashes: UInt64s, second: Int32s) -> Int64s:
    """Order by (hash, second), shape (n,)."""
    order = np.argsort(hashes)  # three times as fast as a lexsort, which is stable
    _order_ties(hashes[order], second, order)
    return order


@kernel
def _order_ties(key: npt.NDArray[Any], second: Int32s, order: Int64s) -> None:
    """Sort the runs of ``order`` in which the ascending ``key`` is equal by ``second[order]``."""
    start = 0
    for i in range(1, key.size + 1):
        if i == key.size or key[i] != key[start]:
            if i - start > 1:
                order[start:i] = order[start:i][np.argsort(second[order[start:i]])]
            start = i
