"""Allocation rules on the transfers of one wallet."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.taint.reading import Reading, Span, empty_reading
from features.taint.rules import Part, fifo, haircut, poison

AMOUNTS = st.lists(st.integers(-64, 64).map(lambda n: n / 8), min_size=1, max_size=12)


def reading(*amounts: float) -> Reading:
    """Receipts are positive, sendings negative."""
    entries = empty_reading(len(amounts))
    entries["amount"][: len(amounts)] = np.abs(amounts)
    entries["sending"][: len(amounts)] = np.signbit(amounts)
    entries["offset"] = 0.0
    return entries


def back(n: int) -> Span:
    return Span(0, n, n, earlier=False, later=False)


def ahead(middle: int, end: int) -> Span:
    return Span(0, middle, end, earlier=False, later=False)


def part(value: float, *, of: float | None = None, after: float = 0.0) -> Part:
    """The value that is followed, of a whole, after another part of it."""
    return Part(value if of is None else of, value, after)


def values(entries: Reading, first: int, end: int) -> list[float]:
    return list(entries["value"][first:end].tolist())


def test_haircut_takes_the_same_part_of_all() -> None:
    entries = reading(1.0, 3.0, -2.0, 2.0)
    assert haircut(entries, back(4), part(2.0), False) == 0
    assert values(entries, 0, 4) == [0.25, 0.75, 0, 1]


def test_haircut_of_a_part_is_the_part_of_the_haircut() -> None:
    entries = reading(1.0, 3.0)
    assert haircut(entries, back(2), part(2.0, of=8.0), False) == 1.0
    assert values(entries, 0, 2) == [0.25, 0.75]


def test_a_wallet_that_was_emptied_starts_anew() -> None:
    entries = reading(1.0, -5.0, 2.0)
    assert haircut(entries, back(3), part(1.0), False) == 0
    assert values(entries, 0, 3) == [0, 0, 1]


def test_haircut_ahead_leaves_with_every_sending() -> None:
    entries = reading(3.0, -2.0, 4.0, -3.0, -9.0)
    # 1 is held before the 3 that are followed; 2 of 4, then 3 of 6, then all
    assert haircut(entries, ahead(2, 5), part(3.0), True) == 0
    assert values(entries, 2, 5) == [0, 3 * 3 / 8, 3 * 5 / 8]


def test_haircut_ahead_returns_what_is_still_held() -> None:
    entries = reading(-2.0)
    assert haircut(entries, ahead(0, 1), part(4.0, of=8.0), True) == 3.0
    assert values(entries, 0, 1) == [1.0]


def test_fifo_spends_the_oldest_first() -> None:
    entries = reading(2.0, 3.0, -1.0, 4.0)
    assert fifo(entries, back(4), part(5.0), False) == 0
    assert values(entries, 0, 4) == [1, 3, 0, 1]
    assert entries["offset"][[0, 1, 3]].tolist() == [1, 0, 0]


def test_fifo_finds_the_part_behind_an_offset() -> None:
    entries = reading(2.0, 3.0)
    assert fifo(entries, back(2), part(4.0, after=1.5), False) == 0.5
    assert values(entries, 0, 2) == [0.5, 3]
    assert entries["offset"][0] == 1.5


def test_fifo_ahead_waits_for_what_came_before() -> None:
    entries = reading(2.0, -3.0, -4.0, -1.0)
    # 2 held before, then 1 of the receipt, are spent before the 3 that are followed
    assert fifo(entries, ahead(1, 4), part(3.0, after=1.0), True) == 0
    assert values(entries, 1, 4) == [0, 3, 0]
    assert entries["offset"][2] == 0


def test_poison_spares_nothing() -> None:
    entries = reading(1.0, -9.0, 0.0, 2.0)
    assert poison(entries, back(4), part(5.0), False) == 0
    assert values(entries, 0, 4) == [5, 0, 0, 5]
    assert poison(entries, ahead(0, 4), part(5.0), True) == 0
    assert values(entries, 0, 4) == [0, 5, 0, 0]


@given(AMOUNTS, st.integers(1, 64), st.integers(1, 8), st.integers(0, 7))
def test_the_pieces_and_the_rest_are_the_value(
    amounts: list[float], whole: int, eighths: int, skipped: int
) -> None:
    value = whole * eighths / 8
    offset = (whole - value) * skipped / 8
    n = len(amounts)
    for forward in (False, True):
        span = ahead(n // 2, n) if forward else back(n)
        first = n // 2 if forward else 0
        entries = reading(*amounts)
        followed = part(value, of=float(whole), after=offset)
        rest = fifo(entries, span, followed, forward)
        assert sum(values(entries, first, n)) + rest == value  # exact: all are n / 64
        assert (entries["value"][first:n] <= entries["amount"][first:n]).all()
        rest = haircut(entries, span, followed, forward)
        assert sum(values(entries, first, n)) + rest == pytest.approx(value, rel=1e-12)
        assert min(values(entries, first, n)) >= 0
