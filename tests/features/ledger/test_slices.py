"""Slices: the growing arena of one side, against sorted lists."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.ledger.insertion import slice_room
from features.ledger.side import Log, RowOrder
from features.ledger.slices import Slices, dealt

ENTRIES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 3)), max_size=60)


def log_of(entries: list[tuple[int, int, int]], first: int) -> Log:
    owner, time, _ = np.array(entries, dtype=np.int64).reshape(-1, 3).T
    rows = np.arange(first, first + len(entries), dtype=np.int32)
    codes = owner.astype(np.int32)
    return Log(time, codes, codes[::-1].copy(), rows, rows / 8)


@given(ENTRIES, st.integers(0, 60), st.lists(st.integers(0, 59), max_size=6, unique=True))
def test_insert_and_remove_keep_every_slice_in_order(
    entries: list[tuple[int, int, int]], split: int, removed: list[int]
) -> None:
    # an entry is (owner, time, transaction); later rows have earlier positions in it
    tx_hash = np.array([entry[2] for entry in entries], dtype=np.uint64)
    position = -np.arange(len(entries), dtype=np.int32)
    split %= len(entries) + 1
    first = sorted(range(split), key=lambda row: (entries[row][1:], -row))
    rows = np.array(first, dtype=np.int32)
    log = log_of([entries[row] for row in first], 0)._replace(row=rows, amount=rows / 8)
    slices = Slices.build(log, 2 if all(entries[row][0] < 2 for row in first) else 4)
    slices.reserve_wallets(4)
    slices.insert(log_of(entries[split:], split), RowOrder(tx_hash, position))
    removed = sorted({row % len(entries) for row in removed}) if entries else []
    sender = np.zeros(len(entries), dtype=np.int32)
    sender[removed] = -1
    owners = np.unique(np.array([entries[row][0] for row in removed], dtype=np.int32))
    assert slices.remove(owners, sender).size == len(removed)
    for owner in range(4):
        left = [r for r, entry in enumerate(entries) if entry[0] == owner and r not in removed]
        left.sort(key=lambda row: (entries[row][1:], -row))
        held = slice(slices.start[owner], slices.start[owner] + slices.count[owner])
        assert slices.transfer[held].tolist() == left
        assert slices.time[held].tolist() == [entries[row][1] for row in left]
        assert slices.amount[held].tolist() == [row / 8 for row in left]
    times = [entry[1] for row, entry in enumerate(entries) if row not in removed]
    assert slices.last_time() == (max(times) if times else None)
    assert slices.transfer[slices.places()].size == len(times)


@pytest.mark.parametrize("room", [0, 3, 5000])
def test_many_late_transfers_are_merged_in_one_pass(room: int) -> None:
    n, more = 1000, 300
    slices = Slices.build(log_of([(0, 2 * time, 0) for time in range(n)], 0), 2)
    slices.reserve(n + room)
    rows = np.arange(n, n + more, dtype=np.int32)
    late = np.linspace(-5, 2 * n, more).astype(np.int64)  # one before all, one behind all
    log = Log(late, np.zeros(more, np.int32), rows, rows, rows / 8)
    order = RowOrder(np.zeros(n + more, np.uint64), np.arange(n + more, dtype=np.int32))
    start = int(slices.start[0])
    slices.insert(log, order)
    held = slice(slices.start[0], slices.start[0] + slices.count[0])
    expected = sorted([*((2 * time, time) for time in range(n)), *zip(late, rows, strict=True)])
    assert list(zip(slices.time[held], slices.transfer[held], strict=True)) == expected
    assert slices.used == n + slices.room[0] * (slices.start[0] != start)  # it moved once at most


def test_what_was_appended_since_is_merged_with_what_is_late() -> None:
    slices = Slices.build(log_of([(0, 10, 0)], 0), 1)
    order = RowOrder(np.zeros(6, np.uint64), np.arange(6, dtype=np.int32))
    times = np.array([5, 20, 7, 30, 20], dtype=np.int64)
    none, rows = np.zeros(5, np.int32), np.arange(1, 6, dtype=np.int32)
    slices.insert(Log(times, none, none, rows, rows / 8), order)
    held = slice(slices.start[0], slices.start[0] + slices.count[0])
    assert slices.time[held].tolist() == [5, 7, 10, 20, 20, 30]
    assert slices.transfer[held].tolist() == [1, 3, 0, 2, 5, 4]


def test_room_doubles_so_that_moves_are_rare() -> None:
    slices = Slices.build(log_of([], 0), 1)
    moves, start = 0, 0
    for row in range(1000):
        tx_hash, position = np.zeros(row + 1, np.uint64), np.arange(row + 1, dtype=np.int32)
        slices.insert(log_of([(0, row, 0)], row), RowOrder(tx_hash, position))
        moves += int(slices.start[0]) != start
        start = int(slices.start[0])
    assert moves <= 8
    assert slices.nbytes < 24 * 1000 * 5
    assert slice_room(0) == 4


def test_reserve_makes_room_and_never_less() -> None:
    slices = Slices.build(log_of([(0, 1, 0), (1, 2, 0)], 0), 2)
    slices.reserve(10)
    slices.reserve_wallets(5)
    time, start = slices.time, slices.start
    slices.reserve(10)
    slices.reserve_wallets(4)
    assert slices.time is time
    assert slices.start is start
    assert (time.size, slices.counterparty.size, slices.transfer.size, slices.used) == (10,) * 3 + (
        2,
    )
    assert (start.size, slices.count.size, slices.room.size) == (5, 5, 5)
    assert time.tolist() == [1, 2, *[0] * 8]


@given(st.lists(st.integers(0, 4), max_size=40))
def test_dealing_out_is_a_stable_sort(piles: list[int]) -> None:
    pile = np.array(piles, dtype=np.int32)
    place = dealt(pile, np.bincount(pile, minlength=5))
    assert np.argsort(place).tolist() == np.argsort(pile, kind="stable").tolist()


@given(ENTRIES)
def test_a_built_side_holds_what_an_inserted_one_does(entries: list[tuple[int, int, int]]) -> None:
    log = log_of([(owner, 0, 0) for owner, _, _ in entries], 0)
    zero = np.zeros(len(entries), np.int32)
    grown, built = Slices.build(log_of([], 0), 4), Slices.build(log, 4)
    grown.insert(log, RowOrder(zero.astype(np.uint64), zero))
    for name in ("time", "counterparty", "transfer", "amount"):
        held = [getattr(each, name)[each.places()].tolist() for each in (grown, built)]
        assert held[0] == held[1]
