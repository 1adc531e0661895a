"""Allocation rules on the transfers of one wallet."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.taint.reading import Reading, Span, empty_reading
from features.taint.rules import Part, fifo, haircut, poison

AMOUNTS = st.lists(st.integers(-64, 64).map(lambda n: n / 8), min_size=1, max_size=12)


def reading(*amounts: float, whole: float = 8.0, at: int | None = None) -> Reading:
    """Receipts are positive, sendings negative; the transfer that is followed is put in at ``at``.

    At the end where that is not said.
    """
    at = len(amounts) if at is None else at
    listed = np.array([*amounts[:at], whole, *amounts[at:]])
    entries = empty_reading(len(listed))
    entries["amount"][: len(listed)] = np.abs(listed)
    entries["sending"][: len(listed)] = np.signbit(listed)
    entries["offset"] = entries["inside"] = 0.0
    entries["same"] = False
    return entries


def back(n: int, received: float = 0.0, sent: float = 0.0) -> Span:
    return Span(0, n, n + 1, received, sent, earlier=False, later=False)


def ahead(middle: int, end: int) -> Span:
    return Span(0, middle, end + 1, 0.0, 0.0, earlier=False, later=False)


def part(value: float, *, of: float | None = None, after: float = 0.0) -> Part:
    """The value that is followed, of a whole, after another part of it."""
    return Part(value if of is None else of, value, after)


def values(entries: Reading, first: int, end: int) -> list[float]:
    return list(entries["value"][first:end].tolist())


def test_haircut_takes_the_same_part_of_all() -> None:
    entries = reading(1.0, 3.0, -2.0, 2.0, whole=2.0)
    assert haircut(entries, back(4), part(2.0), False) == (0, 0, 0)
    assert values(entries, 0, 4) == [0.25, 0.75, 0, 1]


def test_what_a_balance_does_not_cover_is_paid_by_the_mix_of_all_receipts_once_more() -> None:
    entries = reading(1.0, 3.0, whole=16.0)
    # 4 are held and 4 may be spent twice
    assert haircut(entries, back(2), part(4.0, of=16.0), False) == (2.0, 0, 0)
    assert values(entries, 0, 2) == [0.5, 1.5]
    assert fifo(entries, back(2), part(16.0), False) == (8.0, 0, 0)
    assert values(entries, 0, 2) == [2, 6]


def test_a_little_does_not_pay_twice_for_more_than_one_sending() -> None:
    for rule in (haircut, fifo):
        entries = reading(2.0, -3.0, -9.0, whole=5.0)
        assert rule(entries, back(3), part(5.0), False) == (5.0, 0, 0)
        entries = reading(2.0, -3.0, whole=5.0)
        assert rule(entries, back(2), part(5.0), False) == (4.0, 0, 0)
        assert values(entries, 0, 1) == [1]


def test_older_money_pays_its_part() -> None:
    entries = reading(6.0, whole=4.0)
    assert haircut(entries, back(1, received=5.0, sent=3.0), part(4.0), False) == (0, 1, 0)
    assert values(entries, 0, 1) == [3]
    assert fifo(entries, back(1, received=5.0, sent=3.0), part(4.0), False) == (0, 2, 0)
    assert values(entries, 0, 1) == [2]


def test_older_money_is_of_the_mix_that_pays_twice() -> None:
    entries = reading(-1.0, 6.0, whole=8.0)  # 6 are held of 9; 3 were spent twice, 2 more are now
    for rule in (haircut, fifo):
        rest = rule(entries, back(2, received=3.0, sent=5.0), part(8.0), False)
        assert rest.unknown == 0
        assert rest.older == pytest.approx(2 / 3)
        assert values(entries, 1, 2) == [pytest.approx(6 + 4 / 3)]


def test_what_came_in_the_same_transaction_pays_first() -> None:
    entries = reading(5.0, 1.0, whole=3.0)
    entries["inside"][1:3], entries["same"][1:3] = 2.0, True
    # of the 5 that are followed 2 came in the same transaction, of 3; 3 are a half of what is held
    assert haircut(entries, back(2), part(5.0), False) == (0, 0, 0)
    assert values(entries, 0, 2) == [2.5, 2.5]
    assert fifo(entries, back(2), part(5.0), False) == (0, 0, 0)
    assert values(entries, 0, 2) == [3, 2]
    assert fifo(entries, back(2), part(2.0, of=5.0, after=1.0), False) == (0, 0, 0)
    assert values(entries, 0, 2) == [1, 1]


def test_what_goes_out_in_the_same_transaction_takes_first() -> None:
    for rule in (haircut, fifo):
        entries = reading(-1.0, -3.0, whole=3.0, at=0)
        entries["inside"][[0, 2]], entries["same"][[0, 2]] = 2.0, True
        assert rule(entries, ahead(0, 2), part(5.0), True) == (0, 0, 0)
        assert values(entries, 1, 3) == [1, 4]


def test_fifo_follows_more_than_a_transfer_as_the_whole_of_it() -> None:
    entries = reading(2.0, 3.0, whole=4.0)
    assert fifo(entries, back(2), part(8.0, of=4.0), False) == (0, 0, 0)
    assert values(entries, 0, 2) == [4, 4]


def test_haircut_of_a_part_is_the_part_of_the_haircut() -> None:
    entries = reading(1.0, 3.0, 4.0)
    assert haircut(entries, back(3), part(2.0, of=8.0), False) == (0, 0, 0)
    assert values(entries, 0, 3) == [0.25, 0.75, 1]


def test_a_wallet_that_was_emptied_starts_anew() -> None:
    entries = reading(1.0, -5.0, 2.0, whole=1.0)
    assert haircut(entries, back(3), part(1.0), False) == (0, 0, 0)
    assert values(entries, 0, 3) == [0, 0, 1]


def test_haircut_ahead_leaves_with_every_sending() -> None:
    entries = reading(3.0, -2.0, 4.0, -3.0, -9.0, whole=3.0, at=2)
    # 1 is held before the 3 that are followed; 3 of 8, then all
    assert haircut(entries, ahead(2, 5), part(3.0), True) == (0, 0, 0)
    assert values(entries, 3, 6) == [0, 3 * 3 / 8, 3 * 5 / 8]


def test_haircut_ahead_returns_what_is_still_held() -> None:
    entries = reading(-2.0, whole=8.0, at=0)
    assert haircut(entries, ahead(0, 1), part(4.0, of=8.0), True) == (3.0, 0, 0)
    assert values(entries, 1, 2) == [1.0]


def test_fifo_spends_the_oldest_first() -> None:
    entries = reading(2.0, 3.0, -1.0, 4.0, whole=5.0)
    assert fifo(entries, back(4), part(5.0), False) == (0, 0, 0)
    assert values(entries, 0, 4) == [1, 3, 0, 1]
    assert entries["offset"][[0, 1, 3]].tolist() == [1, 0, 0]


def test_fifo_finds_the_part_behind_an_offset() -> None:
    entries = reading(2.0, 3.0, 0.5, whole=5.5)
    assert fifo(entries, back(3), part(4.0, of=5.5, after=1.5), False) == (0, 0, 0)
    assert values(entries, 0, 3) == [0.5, 3, 0.5]
    assert entries["offset"][0] == 1.5


def test_fifo_ahead_waits_for_what_came_before() -> None:
    entries = reading(2.0, -3.0, -4.0, -1.0, whole=4.0, at=1)
    # 2 held before, then 1 of the receipt, are spent before the 3 that are followed
    assert fifo(entries, ahead(1, 4), part(3.0, of=4.0, after=1.0), True) == (0, 0, 0)
    assert values(entries, 2, 5) == [0, 3, 0]
    assert entries["offset"][3] == 0


def test_poison_spares_nothing() -> None:
    entries = reading(1.0, -9.0, 0.0, 2.0)
    assert poison(entries, back(4), part(5.0), False, False) == (0, 0, 0)
    assert values(entries, 0, 4) == [5, 0, 0, 5]
    entries = reading(1.0, -9.0, 0.0, 2.0, at=0)
    assert poison(entries, ahead(0, 4), part(5.0), True, False) == (0, 0, 0)
    assert values(entries, 1, 5) == [0, 5, 0, 0]


@given(AMOUNTS, st.integers(1, 64), st.integers(1, 8), st.integers(0, 7))
def test_the_pieces_and_the_rest_are_the_value(
    amounts: list[float], whole: int, eighths: int, skipped: int
) -> None:
    value = whole * eighths / 8
    offset = (whole - value) * skipped / 8
    n = len(amounts)
    for forward in (False, True):
        at = n // 2 if forward else n
        span, first, end = (ahead(at, n), at + 1, n + 1) if forward else (back(n), 0, n)
        followed = part(value, of=float(whole), after=offset)
        for rule in (haircut, fifo):
            entries = reading(*amounts, whole=float(whole), at=at)
            rest = sum(rule(entries, span, followed, forward))
            assert sum(values(entries, first, end)) + rest == pytest.approx(value, rel=1e-12)
            assert min(values(entries, first, end), default=0) >= 0
            most = entries["amount"][first:end] * (1 if forward else 2)  # receipts pay twice
            assert (entries["value"][first:end] <= most + 1e-9).all()
