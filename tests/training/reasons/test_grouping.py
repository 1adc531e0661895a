"""Groups add up like the columns they are of."""

import numpy as np
import pytest

from features.views import VIEWS, feature_columns
from training.reasons.grouping import COLUMNS, SHOWN, Grouping

NAMES = tuple(column.name for column in feature_columns())


@pytest.fixture(scope="module")
def grouping() -> Grouping:
    return Grouping(NAMES, VIEWS, ())


def test_sums_are_of_the_columns_of_a_meaning(grouping: Grouping) -> None:
    parts = np.random.default_rng(0).normal(size=(20, len(NAMES)))
    sums = grouping.sums(parts)
    for at in range(len(grouping.meanings)):
        np.testing.assert_allclose(sums[:, at], parts[:, grouping.number == at].sum(axis=1))
    np.testing.assert_allclose(sums.sum(axis=1), parts.sum(axis=1))


def test_a_row_alone_gives_the_bits_of_a_batch(grouping: Grouping) -> None:
    parts = np.random.default_rng(1).normal(size=(9, len(NAMES)))
    sums = grouping.sums(parts)
    for row in range(9):
        np.testing.assert_array_equal(grouping.sums(parts[row : row + 1])[0], sums[row])


def test_the_largest_groups_come_first_with_their_largest_columns(grouping: Grouping) -> None:
    parts = np.random.default_rng(2).normal(size=len(NAMES))
    found = grouping.largest(parts)
    sums = grouping.sums(parts[np.newaxis])[0]
    sizes = [abs(group.contribution) for group in found]
    assert sizes == sorted(np.abs(sums), reverse=True)[:SHOWN]
    for group in found:
        members = np.flatnonzero(grouping.number == grouping.meanings.index(group.meaning))
        largest = sorted(np.abs(parts[members]), reverse=True)[:COLUMNS]
        assert [abs(parts[place]) for place in group.columns] == largest


def test_what_adds_nothing_is_not_shown(grouping: Grouping) -> None:
    parts = np.zeros(len(NAMES))
    assert grouping.largest(parts) == []
    parts[NAMES.index("amounts_mean_in_amount")] = -2.5
    (only,) = grouping.largest(parts)
    assert only.columns == [NAMES.index("amounts_mean_in_amount")]
    assert only.sentence == "The amounts it received: lowers the odds 12 times."


def test_columns_that_cancel_leave_no_false_reason(grouping: Grouping) -> None:
    parts = np.zeros(len(NAMES))
    parts[NAMES.index("amounts_mean_in_amount")] = 3.0
    parts[NAMES.index("amounts_total_in_amount")] = -3.0
    parts[NAMES.index("dust_in_count")] = 0.1
    assert [group.meaning.name for group in grouping.largest(parts)] == ["dust"]
