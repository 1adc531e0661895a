"""Open-addressing hash tables of integer keys, such as wallet codes: how large, and where to look.

A table is an integer array of a power of two slots, 0 where free. What a slot holds is a place in
an array of keys, plus 1, so that the array of keys, which its owner often has anyway, tells whose
slot it is. Slots are never freed one by one.

Whoever pays from wallets of chosen codes could make all of them begin at one slot, if it were known
where: a table has a secret of its own, drawn when it is made, which decides that. No result may
depend on it.
"""

import numpy as np

from features.kernel.arrays import Int32s, Integers
from features.kernel.compiler import inner_kernel, kernel

SECRET = 2  # entries behind the slots
_HALF = 1 << 31


@kernel
def table_mask(least: int) -> int:
    """Size less 1 of a table of at least so many slots, a power of two."""
    size = 4
    while size < least:
        size *= 2
    return size - 1


@kernel
def empty_table(slots: int) -> Int32s:
    """Room for a table of so many slots, to be freed before use, with a new secret behind them."""
    table = np.empty(slots + SECRET, dtype=np.int32)
    keep_secret(table)
    return table


@kernel
def keep_secret(table: Integers) -> None:
    """Draw a new secret for a table, its last two entries, from entropy of the system."""
    table[table.size - 2] = np.random.randint(0, _HALF)
    table[table.size - 1] = np.random.randint(0, _HALF)


@kernel
def first_slot(key: int, mask: int) -> int:
    """Slot for a key where few keys meet, so that one slot for all of them does no harm."""
    return int((key * np.int64(0x9E3779B1) >> 8) & mask)


@inner_kernel
def secret_slot(table: Integers, mask: int, key: int) -> int:
    """Slot at which the search for a key begins.

    The key times a random odd number, a universal family (Dietzfelbinger et al. 1997), then one
    round of mixing: keys of any pattern are spread, whoever chose them.
    """
    high, low = np.uint64(table[table.size - 2]), np.uint64(table[table.size - 1])
    mixed = np.uint64(key) * (high << np.uint64(33) | low << np.uint64(2) | np.uint64(1))
    mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15)
    return int(np.int64((mixed >> np.uint64(32)) & np.uint64(mask)))


@inner_kernel
def slot_of(table: Integers, keys: Integers, mask: int, key: int) -> int:
    """Slot that holds ``key``, or the free one (``table[slot] == 0``) where it belongs.

    Parameters
    ----------
    table : integer array, shape (mask + 1 + SECRET,) or longer, see :func:`empty_table`
        At least one slot is free, or a key that is not there is looked for without end.
    keys : integer array
        ``keys[table[slot] - 1]`` is the key of a slot that is not free.
    mask : int
        See :func:`table_mask`.
    key : int
    """
    slot = secret_slot(table, mask, key)
    while table[slot] and keys[table[slot] - 1] != key:
        slot = (slot + 1) & mask
    return slot
