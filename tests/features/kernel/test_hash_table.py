"""The hash table of codes, beside a dictionary."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.kernel import slot_of, table_mask


@pytest.mark.parametrize("table_type", [np.int32, np.int64])
@given(added=st.lists(st.integers(-1, 60) | st.integers(0, 2**31 - 1), max_size=60))
def test_a_table_knows_the_place_of_each_key_as_a_dictionary_does(
    table_type: type[np.signedinteger], added: list[int]
) -> None:
    mask = table_mask(2 * len(added))
    table, keys = np.zeros(mask + 1, dtype=table_type), np.zeros(len(added), dtype=np.int32)
    known: dict[int, int] = {}
    for key in added:
        slot = slot_of(table, keys, mask, key)
        assert table[slot] - 1 == known.get(key, -1)
        if key not in known:
            keys[len(known)] = key
            known[key] = len(known)
            table[slot] = len(known)
    assert {key: table[slot_of(table, keys, mask, key)] - 1 for key in known} == known


@pytest.mark.parametrize(("least", "size"), [(0, 4), (4, 4), (5, 8), (20_000, 32_768)])
def test_a_table_has_a_power_of_two_slots(least: int, size: int) -> None:
    assert table_mask(least) == size - 1
