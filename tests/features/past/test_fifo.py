"""First in, first out: one sending at a time."""

from collections import deque

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.past import Spent, spend

AMOUNTS = st.lists(st.sampled_from([0.0, 0.1, 0.3, 1.0, 7.5, 1e-18, 1e9]), max_size=8)


def queue(receipts: list[float], sendings: list[float]) -> tuple[list[list[float]], list[float]]:
    """Slow twin: what each sending took of each receipt, and what no receipt paid."""
    lots = deque([number, amount] for number, amount in enumerate(receipts))
    paid, uncovered = [], []
    for due in sendings:
        taken = [0.0] * len(receipts)
        while due and lots:
            number, left = lots[0]
            taken[int(number)] = min(due, left)
            due -= taken[int(number)]
            lots[0][1] -= taken[int(number)]
            if lots[0][1] == 0:
                lots.popleft()
        paid.append(taken)
        uncovered.append(due)
    return paid, uncovered


@given(AMOUNTS, AMOUNTS)
def test_sendings_one_after_another_match_a_queue(
    receipts: list[float], sendings: list[float]
) -> None:
    left, taken = np.array(receipts), np.full(len(receipts), np.nan)
    paid, uncovered = queue(receipts, sendings)
    oldest = 0
    for due, wanted, unpaid in zip(sendings, paid, uncovered, strict=True):
        spent = spend(left, taken, oldest, len(receipts), due)
        found = [0.0] * len(receipts)
        found[oldest : spent.reached] = taken[oldest : spent.reached].tolist()
        assert found == wanted
        assert spent.uncovered == unpaid
        oldest = spent.oldest
        assert not left[:oldest].any()


def test_later_receipts_pay_nothing_until_they_are_there() -> None:
    left, taken = np.array([1.0, 8.0]), np.zeros(2)
    assert spend(left, taken, 0, 1, 3.0) == Spent(oldest=1, reached=1, uncovered=2.0)
    assert spend(left, taken, 1, 2, 3.0) == Spent(oldest=1, reached=2, uncovered=0.0)
    assert taken.tolist() == [1.0, 3.0]
    assert left.tolist() == [0.0, 5.0]


def test_nothing_due_takes_nothing() -> None:
    assert spend(np.array([0.0, 1.0]), np.zeros(2), 0, 2, 0.0) == Spent(0, 0, 0.0)
