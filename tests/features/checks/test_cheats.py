"""Every check finds the view that cheats it, and says where."""

import itertools
import time
from collections.abc import Callable

import numpy as np
import pytest

from features.checks import PlainPast, check_view, nine
from features.checks.suite import WORLDS, run_check
from features.checks.worlds import random_world
from features.errors import RiskError, ViewError
from features.kernel import DAY, Rows
from features.past import Past, Question, ask, label_at
from features.view import Column, View
from features.views.coverage import COVERAGE
from tests.compare import twin_of

Value = Callable[[Past, Question], float]


def view(value: Value, unit: str = "ratio") -> View:
    """A view of one column, in plain Python."""

    def compute(past: Past, out: Rows) -> None:
        for row in range(past.size):
            out[row, 0] = value(past, ask(past, row))

    return View("mine", 1, (Column(f"mine_value_{unit}", "a number"),), compute)


def received(past: Past, asked: Question) -> float:
    return float(asked.received.total)


def future_transfers(past: Past, asked: Question) -> float:
    return float(past.incoming.count[asked.wallet]) if asked.wallet >= 0 else 0.0


def time_beyond_the_cut(past: Past, asked: Question) -> float:
    """Seconds to the transfer that comes next in the arrays."""
    after = asked.received.end
    if asked.received.total == 0 or after >= past.incoming.time.size:
        return np.nan
    return float(past.incoming.time[after] - past.incoming.time[after - 1])


def future_labels(past: Past, asked: Question) -> float:
    labels, of = past.labels, asked.wallet
    return float(labels.start[of + 1] - labels.start[of]) if 0 <= of < labels.start.size - 1 else 0


def position_in_the_arrays(past: Past, asked: Question) -> float:
    return float(asked.received.first) if asked.received.total else 0.0


def row_of_the_log(past: Past, asked: Question) -> float:
    return float(past.incoming.transfer[asked.received.first]) if asked.received.total else 0.0


def size_of_the_batch(past: Past, asked: Question) -> float:
    return past.size * received(past, asked)


def code_of_the_wallet(past: Past, asked: Question) -> float:
    return asked.wallet * min(received(past, asked), 1.0)


def hour_of_day(past: Past, asked: Question) -> float:
    return asked.as_of % DAY if asked.received.total else np.nan


def clock_on_the_wall(past: Past, asked: Question) -> float:
    return time.time_ns() * received(past, asked)


def amount_received(past: Past, asked: Question) -> float:
    read = slice(asked.received.first, asked.received.end)
    return float(past.incoming.amount[read].sum())


def one_for_nothing(past: Past, asked: Question) -> float:
    return received(past, asked) + 1


def calls() -> Value:
    """A number that rises with every row that is ever computed."""
    count = itertools.count()
    return lambda past, asked: next(count) * received(past, asked)


def division_by_nothing(past: Past, asked: Question) -> float:
    return 1 / asked.received.total


def run_on_worlds(check: nine.Check, view: View) -> None:
    for seed in range(WORLDS):
        random = np.random.default_rng(seed)
        run_check(check, (view,), random_world(random), random)


@pytest.mark.parametrize(
    ("check", "cheat"),
    [
        (nine.no_look_ahead, future_transfers),
        (nine.no_look_ahead, time_beyond_the_cut),
        (nine.no_look_ahead, future_labels),
        (nine.row_order, calls()),
        (nine.batch, size_of_the_batch),
        (nine.grown_ledger, position_in_the_arrays),
        (nine.grown_ledger, row_of_the_log),
        (nine.wallet_names, code_of_the_wallet),
        (nine.time_shift, hour_of_day),
        (nine.time_shift, clock_on_the_wall),
        (nine.asset_unit, amount_received),
        (nine.empty_history, one_for_nothing),
    ],
    ids=lambda of: of.__name__,
)
def test_a_cheat_is_found(check: nine.Check, cheat: Value) -> None:
    where = r"column 'mine_value_ratio' of wallet '.*' as of .*: got .*, wanted "
    with pytest.raises(ViewError, match=f"view 'mine', check {check.__name__}: {where}"):
        run_on_worlds(check, view(cheat))
    with pytest.raises(ViewError, match=where):
        check_view(view(cheat))


def test_a_view_that_raises_is_named_with_the_row() -> None:
    with pytest.raises(ViewError, match=r"raised ZeroDivisionError: .*, of wallet '.*' as of "):
        check_view(view(division_by_nothing))


@pytest.mark.parametrize("value", [1.5, -0.5, np.inf])
def test_a_value_outside_its_unit_is_found(value: float) -> None:
    def wrong(past: Past, asked: Question) -> float:
        return value if asked.received.total else np.nan

    with pytest.raises(ViewError, match="check schema: column 'mine_value_share' of wallet"):
        check_view(view(wrong, "share"))


def test_a_column_past_the_last_is_found() -> None:
    def compute(past: Past, out: Rows) -> None:
        assert out.base is not None
        out.base[:] = 0.0

    with pytest.raises(ViewError, match="past its last column"):
        check_view(View("mine", 1, (Column("mine_value_ratio", "a number"),), compute))


def test_a_wrong_column_is_found_by_the_twin() -> None:
    def twin(past: PlainPast, wallet: str) -> dict[str, float]:
        return {"mine_value_count": len(past.read(wallet)[1])}

    assert check_view(view(received, "count"), worlds=2).worlds == 2  # nothing else is wrong
    message = r"check slow_twin: column 'mine_value_count' of wallet '.*' as of .*: got .*, wanted "
    with pytest.raises(ViewError, match=message):
        check_view(view(received, "count"), twin=twin)


def test_a_column_that_the_twin_lacks_is_named() -> None:
    with pytest.raises(ViewError, match=r"both have the columns .'mine_value_count', 'mine_word'"):
        check_view(view(received, "count"), twin=lambda *_: {"mine_word": 0.0})


def test_a_view_that_knows_labels_only_when_they_are_known_passes() -> None:
    def known(past: Past, asked: Question) -> float:
        return label_at(past.labels, asked.wallet) if asked.wallet >= 0 else 0

    def calls_own_label(past: Past, asked: Question) -> float:
        return known(past, asked) if asked.received.total else np.nan

    assert check_view(view(calls_own_label), worlds=5).cells["no_look_ahead"] > 0


def test_the_same_seed_compares_the_same() -> None:
    first, again = (check_view(COVERAGE, twin=twin_of(COVERAGE), worlds=2) for _ in range(2))
    assert first == again
    assert set(first.cells) >= {"no_look_ahead", "slow_twin"}
    assert first != check_view(COVERAGE, twin=twin_of(COVERAGE), worlds=2, seed=1)


def test_no_worlds_check_nothing() -> None:
    with pytest.raises(RiskError, match="worlds must be at least 1, received 0"):
        check_view(COVERAGE, worlds=0)
