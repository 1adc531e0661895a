"""Open-addressing hash tables of integer keys, such as wallet codes: how large, and where to look.

A table is an integer array of a power of two slots, 0 where free. What a slot holds is a place in
an array of keys, plus 1, so that the array of keys, which its owner often has anyway, tells whose
slot it is. Slots are never freed one by one.
"""

import numpy as np

from features.kernel.arrays import Integers
from features.kernel.compiler import inner_kernel, kernel


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


@inner_kernel
def slot_of(table: Integers, keys: Integers, mask: int, key: int) -> int:
    """Slot that holds ``key``, or the free one (``table[slot] == 0``) where it belongs.

    Parameters
    ----------
    table : integer array, shape (mask + 1,) or longer
        At least one slot is free, or a key that is not there is looked for without end.
    keys : integer array
        ``keys[table[slot] - 1]`` is the key of a slot that is not free.
    mask : int
        See :func:`table_mask`.
    key : int
    """
    slot = first_slot(key, mask)
    while table[slot] and keys[table[slot] - 1] != key:
        slot = (slot + 1) & mask
    return slot
