"""Temporal cycles: their rules, the caps of the search, and the trails."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import Ledger
from features.ledger import microseconds
from features.past import NO_LABELS, past_of, traced_past
from features.views.patterns.cycle_arcs import STARTS
from features.views.patterns.cycle_search import BUSY, CYCLES_COUNTED
from features.views.patterns.cycles import CYCLES, cycle_columns, cycle_trails
from tests import compare
from tests.naive.past import past, transfer_list
from tests.naive.patterns import cycles as naive
from tests.patterns import asked
from tests.strategies import World, at, cycle, spine, transfers, worlds

DAY_S = 86_400
NAMES = [f"patterns_{name}" for name, _ in CYCLES]
LENGTHS = range(2, 7)
SECONDS = st.one_of(
    st.integers(0, 9).map(lambda n: n * 60.0), st.integers(0, 20).map(lambda n: n * 40_000.0)
)


@st.composite
def rings(draw: st.DrawFn) -> pd.DataFrame:
    """Few wallets that pay each other near-equal amounts in any order: many cycles."""
    n_wallets = draw(st.integers(2, 7))
    wallets = st.integers(0, n_wallets - 1).map("r{}".format)
    amounts = st.sampled_from([1.0, 1.0, 0.75, 0.5, 0.5 - 2**-40, 1.5, 2.0, 0.0])
    rows = draw(st.lists(st.tuples(SECONDS, wallets, wallets, amounts), min_size=2, max_size=26))
    hops = range(draw(st.integers(2, n_wallets)))
    ring = [(draw(SECONDS), f"r{hop}", f"r{(hop + 1) % len(hops)}", 1.0) for hop in hops]
    return transfers(rows + ring)


def computed(frame: pd.DataFrame, wallets: list[str], as_of: pd.Timestamp) -> pd.DataFrame:
    ledger, rows = Ledger.from_transfers(frame), spine(wallets, as_of)
    codes, instants = ledger.codes(rows["wallet"]), microseconds(rows["as_of"])
    values = np.full((len(rows), len(NAMES)), np.nan)
    cycle_columns(traced_past(ledger, past_of(ledger, codes, instants, NO_LABELS)), values)
    return pd.DataFrame(values, index=pd.MultiIndex.from_frame(rows), columns=NAMES)


def expected(frame: pd.DataFrame, wallets: list[str], as_of: pd.Timestamp) -> pd.DataFrame:
    rows = spine(wallets, as_of)
    before = past(
        transfer_list(frame.assign(position=0)), None, int(microseconds(rows["as_of"])[0])
    )
    values = [naive.cycles(before, wallet) for wallet in wallets]
    return pd.DataFrame(values, index=pd.MultiIndex.from_frame(rows))[NAMES]


def row(frame: pd.DataFrame, wallet: str, as_of: float = 1e7) -> pd.Series:
    values = computed(frame, [wallet], at(as_of)).iloc[0]
    return values.rename(lambda name: str(name).removeprefix("patterns_"))


def counts(frame: pd.DataFrame, wallet: str, as_of: float = 1e7) -> dict[int, int]:
    """Number of cycles of each length that has any."""
    values = row(frame, wallet, as_of)
    found = {length: int(values[f"cycles_{length}_count"]) for length in LENGTHS}
    return {length: n for length, n in found.items() if n}


def trails(frame: pd.DataFrame, wallet: str) -> dict[str, list[tuple[list[str], list[float]]]]:
    """Ids of the transfers and amounts of each trail, by column."""
    ledger = Ledger.from_transfers(frame)
    found: dict[str, list[tuple[list[str], list[float]]]] = {}
    for trail in cycle_trails(traced_past(ledger, asked(ledger, wallet))):
        ids = [ledger.tx_id(transfer) for transfer in trail.transfers.tolist()]
        for column in trail.columns:
            of_column = found.setdefault(column.removeprefix("patterns_"), [])
            of_column.append((ids, trail.amounts.tolist()))
    return found


@given(rings(), SECONDS)
def test_matches_its_slow_twin(frame: pd.DataFrame, seconds: float) -> None:
    wallets = [f"r{number}" for number in range(7)]
    for as_of in (at(1e7), at(seconds)):
        compare.close(
            computed(frame, wallets, as_of), expected(frame, wallets, as_of), rtol=1e-12, scale=2.0
        )


@given(worlds())
def test_matches_its_slow_twin_on_any_world(world: World) -> None:
    for wallet, as_of in world.spine.itertuples(index=False):
        slow = expected(world.transfers, [wallet], as_of)
        compare.close(computed(world.transfers, [wallet], as_of), slow, rtol=1e-12, scale=1e50)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_cycle_is_seen_from_each_of_its_wallets(length: int) -> None:
    for position in range(length):
        values = row(cycle(length), f"r{position}")
        assert counts(cycle(length), f"r{position}") == {length: 1}
        assert values["cycles_amount"] == 8
        assert values["cycles_share"] == 1
        assert values["cycle_fastest_s"] == 60 * (length - 1)
        assert values["cycles_truncated_ratio"] == 0


def test_longer_cycles_are_not_sought() -> None:
    assert counts(cycle(7), "r0") == {}


@pytest.mark.parametrize("length", LENGTHS)
def test_one_transfer_out_of_order_breaks_a_cycle_of_more_than_three(length: int) -> None:
    times = [60.0 * hop for hop in range(length)]
    times[0], times[-1] = times[-1], times[0]
    frame = transfers(
        (times[hop], f"r{hop}", f"r{(hop + 1) % length}", 8.0) for hop in range(length)
    )
    # two transfers are always in order, three in one of two orders
    assert [counts(frame, f"r{n}") for n in range(length)] == [
        {2: 1} if length == 2 else {}
    ] * length


@pytest.mark.parametrize("hop", range(4))
def test_a_tie_is_no_cycle(hop: int) -> None:
    times = [60.0, 120.0, 180.0, 240.0]
    times[hop] = times[hop - 1]
    frame = transfers((times[n], f"r{n}", f"r{(n + 1) % 4}", 8.0) for n in range(4))
    assert [counts(frame, f"r{n}") for n in range(4)] == [{}] * 4


def test_parallel_transfers_make_different_cycles() -> None:
    rows = [
        (0, "a", "b", 8.0),
        (1, "a", "b", 8.0),
        (2, "b", "c", 8.0),
        (3, "c", "a", 6.0),
        (4, "c", "a", 5.0),
    ]
    for wallet in "abc":
        assert counts(transfers(rows), wallet) == {3: 4}
    values = row(transfers([*rows, (5, "x", "a", 9.0)]), "a")
    assert values["cycles_amount"] == 22
    assert values["cycles_share"] == 11 / 20  # each receipt once
    assert values["cycle_fastest_s"] == 2


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        pytest.param([(1, "b", "a", 0.5)], {2: 1}, id="half"),
        pytest.param([(1, "b", "a", 2.0)], {2: 1}, id="twice"),
        pytest.param([(1, "b", "a", 0.499)], {}, id="less than half"),
        pytest.param([(1, "b", "a", 2.001)], {}, id="more than twice"),
        pytest.param([(1, "b", "a", 0.0)], {}, id="nothing"),
        pytest.param([(1, "b", "c", 0.7), (2, "c", "a", 1.4)], {3: 1}, id="half of the largest"),
        pytest.param([(1, "b", "c", 0.7), (2, "c", "a", 1.41)], {}, id="less of the largest"),
        pytest.param([(7 * DAY_S, "b", "a", 1.0)], {2: 1}, id="seven days"),
        pytest.param([(7 * DAY_S + 1e-6, "b", "a", 1.0)], {}, id="more than seven days"),
        pytest.param([(-7 * DAY_S, "b", "a", 1.0)], {2: 1}, id="seven days before"),
        pytest.param([(-7 * DAY_S - 1e-6, "b", "a", 1.0)], {}, id="more than seven days before"),
        pytest.param([(-1, "b", "c", 1), (7 * DAY_S, "c", "a", 1)], {}, id="too long in all"),
        pytest.param([(0, "b", "a", 1.0)], {}, id="the same instant"),
        pytest.param([(1, "b", "b", 1), (2, "b", "a", 1)], {2: 1}, id="a transfer to itself"),
        pytest.param([(1, "b", "c", 1), (2, "c", "b", 1), (3, "b", "a", 1)], {2: 1}, id="an eight"),
    ],
)
def test_what_closes_a_cycle(
    rows: list[tuple[float, str, str, float]], found: dict[int, int]
) -> None:
    assert counts(transfers([(0, "a", "b", 1.0), *rows]), "a") == found


def test_only_transfers_before_as_of_count() -> None:
    assert counts(cycle(4), "r2", as_of=180) == {}
    assert counts(cycle(4), "r2", as_of=180 + 1e-6) == {4: 1}


def test_no_cycle_and_no_transfers() -> None:
    one_way = row(transfers([(0, "a", "b", 1.0)]), "b")
    assert one_way["cycles_amount"] == one_way["cycles_share"] == 0
    assert np.isnan(one_way["cycle_fastest_s"])
    assert np.isnan(row(transfers([(0, "a", "b", 1.0)]), "a")["cycles_share"])
    for wallet in ("a", "stranger"):
        empty = row(transfers([(0, "a", "a", 1.0)]), wallet)
        assert (empty.filter(regex="_count|truncated") == 0).all()
        assert empty.filter(regex="amount|share|_s$").isna().all()


def _pay(
    n: int, start_s: float, sender: str, recipient: str
) -> list[tuple[float, str, str, float]]:
    """Payments that fit no cycle of others; recipients are numbered where the name asks for it."""
    return [(start_s + k, sender.format(k), recipient.format(k), 1.0) for k in range(n)]


@pytest.mark.parametrize(("sender", "recipient"), [("r0", "x{}"), ("x{}", "r0")])
def test_own_transfers_are_the_latest(sender: str, recipient: str) -> None:
    def with_others(n: int) -> pd.DataFrame:
        return pd.concat(
            [cycle(4), transfers(_pay(n, 1000, sender, recipient), prefix="other")],
            ignore_index=True,
        )

    fits, cut = (row(with_others(n), "r0") for n in (STARTS - 1, STARTS))
    assert (fits["cycles_4_count"], fits["cycles_truncated_ratio"]) == (1, 0)
    assert (cut["cycles_4_count"], cut["cycles_truncated_ratio"]) == (0, 1)
    assert counts(with_others(STARTS), "r2") == {4: 1}


@pytest.mark.parametrize(
    ("hub", "most"), [("r1", BUSY[0]), ("r2", BUSY[1]), ("r4", BUSY[1]), ("r5", BUSY[0])]
)
def test_busy_wallets_are_not_passed_through(hub: str, most: int) -> None:
    def through(n: int) -> pd.Series:
        ends = (hub, "x{}") if hub < "r3" else ("x{}", hub)
        others = transfers(_pay(n - 1, 1000, *ends), prefix="other")
        return row(pd.concat([cycle(6), others], ignore_index=True), "r0")

    fits, cut = through(most), through(most + 1)
    assert (fits["cycles_6_count"], fits["cycles_truncated_ratio"]) == (1, 0)
    assert (cut["cycles_6_count"], cut["cycles_truncated_ratio"]) == (0, 1)


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        pytest.param([("r1", "x{}")], {3: 1}, id="after ours"),
        pytest.param([("x{}", "r2")], {3: 1}, id="before ours"),
        pytest.param([("r1", "x{}"), ("x{}", "r2")], {}, id="both"),
    ],
)
def test_a_cycle_of_three_may_pass_one_busy_wallet(
    ends: list[tuple[str, str]], found: dict[int, int]
) -> None:
    others = [transfers(_pay(BUSY[0], 1000, *pair), prefix=pair[0]) for pair in ends]
    assert counts(pd.concat([cycle(3), *others], ignore_index=True), "r0") == found


def _crowd(n: int, length: int) -> pd.DataFrame:
    """Cycles of one length that share the first hop's and the last hop's wallet."""
    rows = [(0.0, "w", "a", 1.0)]
    for k in range(n):
        ring = ["a", *(f"m{hop}-{k}" for hop in range(length - 3)), "b"]
        rows += [(10.0 + 10 * hop + k / n, *hops, 1.0) for hop, hops in enumerate(pairwise(ring))]
    return transfers([*rows, (100.0, "b", "w", 1.0)])


def test_short_cycles_outlive_the_cap_on_paths() -> None:
    assert counts(_crowd(120, 4), "w") == {4: 120}
    assert row(_crowd(120, 4), "w")["cycles_truncated_ratio"] == 0
    crowded = row(
        pd.concat(
            [_crowd(200, 4), transfers([(50, "a", "b", 1.0)], prefix="s")], ignore_index=True
        ),
        "w",
    )
    assert crowded["cycles_3_count"] == 1
    assert 100 < crowded["cycles_4_count"] < 200
    assert crowded["cycles_truncated_ratio"] == 1


def test_a_thousand_cycles_of_a_length_are_counted() -> None:
    rows = [*_pay(32, 0, "a", "b"), *_pay(32, 100, "b", "a")]
    values = row(transfers(rows), "a")
    assert values["cycles_2_count"] == values["cycles_amount"] == CYCLES_COUNTED
    assert values["cycles_truncated_ratio"] == 1


def test_a_trail_runs_from_the_origin() -> None:
    rows = [(3, "a", "b", 8.0), (4, "b", "c", 7.0), (1, "c", "d", 9.0), (2, "d", "a", 6.0)]
    found = trails(transfers(rows), "a")
    assert set(found) == {"cycles_4_count", "cycles_amount", "cycles_share", "cycle_fastest_s"}
    for shown in found.values():
        assert shown == [(["t2", "t3", "t0", "t1"], [6.0] * 4)]


def test_trails_show_the_most_money_and_the_fastest() -> None:
    rows = [(k, "a", f"b{k}", 1.0 + k) for k in range(12)]
    rows += [(100 + 2 * k, f"b{k}", "a", 1.0 + k) for k in range(12)]
    found = trails(transfers(rows), "a")
    assert [amounts[0] for _, amounts in found["cycles_2_count"]] == list(range(12, 2, -1))
    assert len(found["cycles_amount"]) == len(found["cycles_share"]) == 10
    assert found["cycle_fastest_s"] == [(["t0", "t12"], [1.0, 1.0])]


@given(rings())
def test_every_nonzero_column_has_a_trail(frame: pd.DataFrame) -> None:
    values = row(frame, "r0")
    defined = values[(values > 0) & ~values.index.str.contains("truncated")]
    assert set(trails(frame, "r0")) == set(defined.index)


def test_no_trails_without_cycles() -> None:
    assert trails(transfers([(0, "a", "b", 1.0)]), "a") == {}
    assert trails(transfers([(0, "a", "b", 1.0)]), "stranger") == {}
