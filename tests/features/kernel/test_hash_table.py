"""The hash table of codes, beside a dictionary."""

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.kernel import empty_table, secret_slot, slot_of, table_mask
from features.kernel.arrays import Integers
from features.kernel.hash_table import SECRET, first_slot, keep_secret


@pytest.mark.parametrize("table_type", [np.int32, np.int64])
@given(added=st.lists(st.integers(-1, 60) | st.integers(0, 2**31 - 1), max_size=60))
def test_a_table_knows_the_place_of_each_key_as_a_dictionary_does(
    table_type: type[np.signedinteger], added: list[int]
) -> None:
    mask = table_mask(2 * len(added))
    table, keys = np.zeros(mask + 1 + SECRET, table_type), np.zeros(len(added), dtype=np.int32)
    keep_secret(table)
    known: dict[int, int] = {}
    for key in added:
        slot = slot_of(table, keys, mask, key)
        assert table[slot] - 1 == known.get(key, -1)
        if key not in known:
            keys[len(known)] = key
            known[key] = len(known)
            table[slot] = len(known)
    assert {key: table[slot_of(table, keys, mask, key)] - 1 for key in known} == known


def chosen(n: int, mask: int) -> Integers:
    """Wallet codes that all begin at one slot, where the same slot goes to a key in every table."""
    codes = np.arange(1 << 22)
    slots = np.array(codes * 0x9E3779B1 >> 8) & mask
    found: Integers = codes[slots == np.bincount(slots).argmax()][:n]
    return found


PATTERNS: dict[str, Callable[[int], Integers]] = {
    "of one slot": lambda mask: chosen(mask // 8, mask),
    "in a row": lambda mask: np.arange(mask // 2),
    "far apart": lambda mask: np.arange(mask // 2) << 16,
    "of two rows": lambda mask: np.arange(mask // 2) // 2 + (np.arange(mask // 2) % 2 << 30),
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_chosen_keys_make_a_search_long(pattern: str) -> None:
    mask = table_mask(1024)
    keys = PATTERNS[pattern](mask).astype(np.int32)
    assert len(keys) >= 100
    worst = []
    for _ in range(5):
        table = empty_table(mask + 1)
        table[: mask + 1] = 0
        probes = 0
        for place, key in enumerate(keys):
            slot = slot_of(table, keys, mask, int(key))
            probes += ((slot - secret_slot(table, mask, int(key))) & mask) + 1
            table[slot] = place + 1
        worst.append(probes / len(keys))
    # at most half full: one and a half on average if keys are spread, half of all in one row
    assert max(worst) < 4


def test_chosen_keys_would_all_begin_at_a_slot_that_is_no_secret() -> None:
    mask = table_mask(1024)
    assert len({first_slot(int(key), mask) for key in chosen(100, mask)}) == 1


def test_every_table_has_a_secret_of_its_own() -> None:
    secrets = {tuple(empty_table(4)[4:].tolist()) for _ in range(20)}
    assert len(secrets) == 20


def test_another_process_draws_other_secrets() -> None:
    draw = "from features.kernel import empty_table; print(empty_table(4)[4:].tolist())"
    drawn = [
        subprocess.run([sys.executable, "-c", draw], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert drawn[0].stdout != drawn[1].stdout


@pytest.mark.parametrize(("least", "size"), [(0, 4), (4, 4), (5, 8), (20_000, 32_768)])
def test_a_table_has_a_power_of_two_slots(least: int, size: int) -> None:
    assert table_mask(least) == size - 1
