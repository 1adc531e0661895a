"""A view is refused when it is made, and columns find their places by name."""

import numpy as np
import pytest

from features.errors import RiskError
from features.kernel import Rows
from features.past import NO_LABELS, WINDOWS, Past, ask, kernel, past_of
from features.view import Column, View, blocks, of_both, per_side, places, window_places
from tests.strategies import World, chain

COUNT = Column("mine_count", "transfers received")


def nothing(past: Past, out: Rows) -> None:
    """Leave all rows undefined."""


def past(*wallets: str) -> Past:
    frame = chain(3)
    ledger = World(frame, frame, frame).ledger()
    codes = ledger.codes(list(wallets))
    return past_of(ledger, codes, np.full(codes.size, 2**62), NO_LABELS)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ((), "has no columns"),
        ((COUNT, COUNT), "column 'mine_count' is named twice"),
        ((Column("other_count", "x"),), "must begin with 'mine_'"),
        ((Column("mine_total", "x"),), "must end with its unit: _amount, _s, _count"),
        ((Column("mine_total_amount", "x"),), "an amount, which is not scale-free"),
        ((Column("mine_count", "two\nlines"),), "needs a meaning of one line"),
        ((Column("mine_count", " "),), "needs a meaning of one line"),
    ],
)
def test_wrong_columns_are_refused_when_a_view_is_made(
    columns: tuple[Column, ...], message: str
) -> None:
    with pytest.raises(RiskError, match=message) as error:
        View("mine", 1, columns, nothing)
    assert str(error.value).startswith("view 'mine': ")


def test_all_mistakes_are_said_at_once() -> None:
    with pytest.raises(RiskError, match=r"'a_x' must begin.*'a_x' must end.*one line"):
        View("mine", 1, (Column("a_x", ""),), nothing)


def test_what_cannot_compute_is_refused() -> None:
    with pytest.raises(RiskError, match="compute must be callable, received int"):
        View("mine", 1, (COUNT,), 3)  # type: ignore[arg-type]


@kernel
def _too_wide(past: Past, out: Rows) -> None:
    for row in range(out.shape[0]):
        asked = ask(past, row)
        out[row, 0] = asked.received.total
        out[row, 1] = asked.sent.total  # there is one column


@pytest.mark.parametrize("wallets", [["c1"], ["c0", "c1", "c2", "c3"]])
def test_a_view_that_writes_past_its_columns_is_refused_for_one_row_and_many(
    wallets: list[str],
) -> None:
    with pytest.raises(RiskError, match="wrote past its last column: it names 1"):
        View("mine", 1, (COUNT,), _too_wide).rows(past(*wallets))


def test_rows_start_undefined() -> None:
    rows = View("mine", 1, (COUNT,), nothing).rows(past("c0", "c1"))
    assert rows.shape == (2, 1)
    assert np.isnan(rows).all()


def test_places_follow_the_names() -> None:
    templates = (("total_{d}_amount", "sum {did}"), ("{whose}_fan_count", "different {whose}"))
    at = places(*templates)
    assert at._fields == ("total_amount", "fan_count")
    columns = (*per_side("mine", *templates), *of_both("mine", ("age_s", "age")))
    assert [column.name for column in columns] == [
        "mine_total_in_amount",
        "mine_senders_fan_count",
        "mine_total_out_amount",
        "mine_recipients_fan_count",
        "mine_age_s",
    ]
    received, sent, both = blocks(np.arange(5.0), len(at))
    assert (received[at.fan_count], sent[at.total_amount], both[0]) == (1.0, 2.0, 4.0)
    assert places(*columns).mine_age_s == 4


def test_windows_find_their_places() -> None:
    names = [(f"total_{{d}}_{window}_share", "x") for window in WINDOWS]
    at = places(("total_{d}_amount", "x"), *names)
    assert window_places(at, "total_{}_share") == tuple(range(1, 1 + len(WINDOWS)))


def test_sources_and_flags_go_by_the_beginning_of_a_name() -> None:
    columns = per_side(
        "mine", ("round_{d}_share", "x"), ("night_{d}_share", "x"), ("total_{d}_amount", "x"),
        scaled=("round",), calendar=("night",), source="ours", sources={"night": "Night 1999"},
    )  # fmt: skip
    assert [column.scale_free for column in columns[:3]] == [False, True, False]
    assert [column.calendar for column in columns[:3]] == [False, True, False]
    assert [column.source for column in columns[:3]] == ["ours", "Night 1999", "ours"]


def test_a_view_says_what_it_is_in_one_line() -> None:
    assert repr(View("mine", 1, (COUNT,), nothing)) == "View('mine', version 1, 1 columns)"
