"""Open-addressing hash tables of wallet codes and rows: how large, and where to look first."""

import numpy as np

from features.kernel.compiler import kernel


@kernel
def table_mask(least: int) -> int:
    """Size less 1 of a table of at least so many slots, a power of two."""
    size = 4
    while size < least:
        size *= 2
    return size - 1


@kernel
def first_slot(key: int, mask: int) -> int:
    """Slot at which the search for a key begins."""
    return int((key * np.int64(0x9E3779B1) >> 8) & mask)
