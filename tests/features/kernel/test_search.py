"""Binary search, against the standard library's."""

from bisect import bisect_left

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.kernel import before

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
