"""Order statistics and entropy, against numpy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.past import count_entropy, quantile, sort_values

VALUES = st.floats(0, 1e60)


@given(st.lists(VALUES, min_size=1, max_size=50), st.floats(0, 1))
def test_quantile_is_that_of_numpy(values: list[float], share: float) -> None:
    ordered = np.sort(np.array(values))
    expected = np.quantile(ordered, share)
    np.testing.assert_allclose(quantile(ordered, share), expected, rtol=1e-12, atol=1e-300)


@given(st.lists(VALUES, max_size=80))
def test_sort_values_is_that_of_numpy(values: list[float]) -> None:
    ordered = np.array(values)
    sort_values(ordered)
    np.testing.assert_array_equal(ordered, np.sort(np.array(values)))


@given(st.lists(st.integers(0, 500), min_size=1, max_size=20).filter(any))
def test_count_entropy_is_that_of_shares(counts: list[int]) -> None:
    shares = np.array([count for count in counts if count]) / sum(counts)
    found = count_entropy(np.array(counts), sum(counts))
    np.testing.assert_allclose(found, -(shares * np.log(shares)).sum(), atol=1e-12)
