"""Binary search, against the standard library's."""

from bisect import bisect_left

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.kernel import before, before_each, kernel, prefetch
from features.kernel.arrays import Int64s

TIMES = st.lists(st.integers(-(2**62), 2**62), max_size=40).map(sorted)


@given(TIMES, st.integers(-(2**62), 2**62), st.data())
def test_the_place_is_that_of_bisect(times: list[int], instant: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(times)))
    end = data.draw(st.integers(first, len(times)))
    found = before(np.array(times, dtype=np.int64), first, end, instant)
    assert found == bisect_left(times, instant, first, end)


@given(TIMES.filter(bool), st.data())
def test_an_entry_itself_is_not_before_it(times: list[int], data: st.DataObject) -> None:
    instant = data.draw(st.sampled_from(times))
    found = before(np.array(times, dtype=np.int64), 0, len(times), instant)
    assert times[found] == instant
    assert found == 0 or times[found - 1] < instant


def test_nothing_is_found_in_nothing() -> None:
    assert before(np.empty(0, dtype=np.int64), 0, 0, 5) == 0


@given(TIMES, st.lists(st.integers(-(2**62), 2**62), max_size=9), st.data())
def test_searches_that_go_on_together_find_what_each_finds(
    times: list[int], instants: list[int], data: st.DataObject
) -> None:
    first = [data.draw(st.integers(0, len(times))) for _ in instants]
    end = [data.draw(st.integers(one, len(times))) for one in first]
    time, when, found = (np.array(part, np.int64) for part in (times, instants, first))
    before_each(time, found, np.array(end, np.int64) - found, when, len(instants))
    asked = zip(first, end, instants, strict=True)
    assert found.tolist() == [before(time, *one) for one in asked]


@kernel
def _sum_asked_for(numbers: Int64s) -> int:
    total = 0
    for i in range(numbers.size):
        prefetch(numbers, i + 3)  # behind the end, too
        total += numbers[i]
    return total


def test_asking_for_memory_changes_nothing() -> None:
    assert _sum_asked_for(np.arange(1000)) == 999 * 500
    prefetch(np.arange(3), 1)
