"""Subgraphs: transfers around a wallet, hop by hop, in time."""

from typing import Literal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import Ledger, RiskError
from features.checks.worlds import other_names
from features.ledger import microseconds
from features.past import NO_LABELS, past_of
from features.subgraphs import EDGE_COLUMNS, SIZED_COLUMNS, Subgraphs, subgraphs
from tests import compare
from tests.naive.past import micros, past, transfer_list
from tests.naive.subgraphs import naive_edges, uniform
from tests.strategies import STRANGER, World, asset_worlds, at, fan_out, spine, transfers, worlds

SEEDS = st.integers(0, 2**32 - 1)
FANS = (4, 3)
DRAWS = pytest.mark.parametrize("draw", ["latest", "recent"])
Draw = Literal["latest", "recent"]


def collect(
    ledger: Ledger, rows: pd.DataFrame, fans: tuple[int, ...] = FANS, draw: Draw = "latest"
) -> Subgraphs:
    asked = past_of(ledger, ledger.codes(rows["wallet"]), microseconds(rows["as_of"]), NO_LABELS)
    return subgraphs(asked, ledger.assets, fan_out=fans, draw=draw, seed=7)


def same(left: Subgraphs, right: Subgraphs, *, but: tuple[str, ...] = ()) -> None:
    """Equal to the last bit; codes and rows of the log may differ between ledgers."""
    assert left.n_rows == right.n_rows
    for name in {"hops", "row", "child", "parent", "side", "code", "transfer"} - set(but):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)
    compare.same_bits(left.values, right.values, list(EDGE_COLUMNS))


@DRAWS
@given(world=st.one_of(worlds(), asset_worlds()))
def test_matches_its_slow_twin(world: World, draw: Draw) -> None:
    ledger, everything = world.ledger(), transfer_list(world.transfers)
    for i, (wallet, as_of) in enumerate(world.spine.itertuples(index=False)):
        found = collect(ledger, world.spine.iloc[i : i + 1], draw=draw)
        seed = None if draw == "latest" else 7
        expected = naive_edges(past(everything, None, micros(as_of)), wallet, FANS, seed)
        names = [ledger.wallet(code) for code in found.code[found.child].tolist()]
        told = zip(
            found.child.tolist(), found.parent.tolist(), found.side.tolist(), names, strict=True
        )
        assert [*told] == [edge[:4] for edge in expected]
        compare.close(
            pd.DataFrame(found.values, columns=EDGE_COLUMNS),
            pd.DataFrame([e.values for e in expected], columns=EDGE_COLUMNS, dtype=float),
            rtol=1e-9,
        )


@DRAWS
@given(world=worlds(), seed=SEEDS)
def test_what_comes_at_as_of_or_later_changes_nothing(world: World, draw: Draw, seed: int) -> None:
    as_of = world.spine["as_of"].iloc[seed % len(world.spine)]
    earlier = world.transfers[world.transfers["timestamp"] < as_of]
    rows = world.spine[world.spine["as_of"] <= as_of]
    same(
        collect(Ledger.from_transfers(earlier), rows, draw=draw),
        collect(world.ledger(), rows, draw=draw),
        but=("code", "transfer"),
    )


@DRAWS
@given(world=worlds())
def test_a_row_alone_is_the_row_of_a_batch(world: World, draw: Draw) -> None:
    ledger = world.ledger()
    whole = collect(ledger, world.spine, draw=draw)
    for i in range(len(world.spine)):
        alone = collect(ledger, world.spine.iloc[i : i + 1], draw=draw)
        same(whole.take(np.array([i])), alone)


@given(worlds(), SEEDS)
def test_some_rows_are_those_rows(world: World, seed: int) -> None:
    ledger = world.ledger()
    rows = np.flatnonzero(np.random.default_rng(seed).random(len(world.spine)) < 0.5)
    same(
        collect(ledger, world.spine).take(rows.astype(np.int64)),
        collect(ledger, world.spine.iloc[rows]),
    )


@DRAWS
@given(world=worlds(), seed=SEEDS)
def test_a_grown_ledger_is_a_rebuilt_one(world: World, draw: Draw, seed: int) -> None:
    arriving = world.transfers.sample(frac=1, random_state=seed)
    ledger = Ledger.from_transfers(arriving.iloc[:1])
    ledger.append(arriving.iloc[1:])
    same(
        collect(world.ledger(), world.spine, draw=draw),
        collect(ledger, world.spine, draw=draw),
        but=("code", "transfer"),
    )


@DRAWS
@given(world=worlds(), seed=SEEDS)
def test_names_of_wallets_do_not_matter(world: World, draw: Draw, seed: int) -> None:
    renamed = world.renamed(other_names(seed))
    same(
        collect(world.ledger(), world.spine, draw=draw),
        collect(renamed.ledger(), renamed.spine, draw=draw),
        but=("code",),
    )


@DRAWS
@given(world=worlds())
def test_another_unit_changes_what_bears_it_alone(world: World, draw: Draw) -> None:
    larger = world.with_amounts(world.transfers["amount"] * 1024)
    before = collect(world.ledger(), world.spine, draw=draw)
    after = collect(larger.ledger(), world.spine, draw=draw)
    sized = [EDGE_COLUMNS.index(name) for name in EDGE_COLUMNS if name in SIZED_COLUMNS]
    after.values[:, sized] /= 1024
    same(before, after)


@DRAWS
@given(world=worlds(), seconds=st.integers(-(10**8), 10**8))
def test_a_shift_in_time_changes_nothing(world: World, draw: Draw, seconds: int) -> None:
    shifted = world.shifted(pd.Timedelta(seconds=seconds))
    same(
        collect(world.ledger(), world.spine, draw=draw),
        collect(shifted.ledger(), shifted.spine, draw=draw),
    )


def test_two_transfers_with_one_counterparty_are_two_edges_to_one_node() -> None:
    ledger = Ledger.from_transfers(
        transfers([(0, "a", "me", 1), (1, "me", "a", 2), (2, "a", "me", 3), (3, "me", "me", 9)])
    )
    found = collect(ledger, spine(["me"], at(9)), (8,))
    assert found.child.tolist() == [1, 1, 1]
    assert found.side.tolist() == [0, 0, 1]
    assert found.values[:, 0].tolist() == [3, 1, 2]
    assert ledger.transactions.texts(found.transfer) == ["t2", "t0", "t1"]


def test_what_one_side_lacks_the_other_gets() -> None:
    moves = [(i, "me", f"to{i}", 1.0) for i in range(9)] + [(20, "from", "me", 1.0)]
    ledger = Ledger.from_transfers(transfers(moves))
    found = collect(ledger, spine(["me"], at(99)), (6,))
    assert found.side.tolist() == [0, 1, 1, 1, 1, 1]


@DRAWS
@pytest.mark.parametrize("partner", ["me", "friend"])
def test_many_transfers_to_one_do_not_hide_the_others(draw: Draw, partner: str) -> None:
    told = [(place, "me", f"thief{place}", 50.0) for place in range(6)]
    dust = [(100 + place, "me", partner, 0.01) for place in range(8 * 16)]
    ledger = Ledger.from_transfers(transfers(told + dust))
    found = collect(ledger, spine(["me"], at(999)), (16,), draw)
    names = {ledger.wallet(code) for code in found.code[1:].tolist()}
    assert {f"thief{place}" for place in range(6)} <= names
    friends = 0 if partner == "me" else 10  # places that nobody else needs
    assert len(found.child) == 6 + friends


def test_late_transfers_of_little_value_do_not_hide_the_large() -> None:
    told = [(place, "me", f"thief{place}", 50.0) for place in range(4)]
    early = [(20 + place, "me", f"shop{place}", 1.0) for place in range(10)]
    dust = [(100 + place, "me", f"friend{place % 2}", 0.01) for place in range(16)]
    paid = [(150 + place, f"from{place}", "me", 1.0) for place in range(16)]
    ledger = Ledger.from_transfers(transfers(told + early + dust + paid))
    found = collect(ledger, spine(["me"], at(999)), (16,))
    names = {ledger.wallet(code) for code in found.code[1:].tolist()}
    assert {f"thief{place}" for place in range(4)} <= names
    assert np.bincount(found.side).tolist() == [8, 8]


def test_a_hub_costs_a_bounded_number_of_nodes() -> None:
    ledger = Ledger.from_transfers(fan_out(500, step_s=1))
    found = collect(ledger, spine(["hub"], at(999)), (16, 8))
    assert found.hops.tolist() == [0, 1, 17, 17]
    assert [ledger.wallet(code) for code in found.code[1:3]] == ["leaf499", "leaf498"]


def test_a_draw_prefers_the_recent_and_follows_its_seed() -> None:
    ledger = Ledger.from_transfers(fan_out(128, step_s=86_400))
    rows = spine(["hub"], at(128 * 86_400))
    asked = past_of(ledger, ledger.codes(rows["wallet"]), microseconds(rows["as_of"]), NO_LABELS)
    drawn = [
        subgraphs(asked, ledger.assets, fan_out=(16,), draw="recent", seed=seed)
        for seed in range(40)
    ]
    ages = np.concatenate([one.values[:, EDGE_COLUMNS.index("edge_age_s")] for one in drawn])
    assert 8 * 86_400 < np.median(ages) < 64 * 86_400  # the median of all is 64 days
    assert len({tuple(one.transfer.tolist()) for one in drawn}) == 40


def test_numbers_drawn_are_those_of_the_definition() -> None:
    assert uniform(1, 2, 3) != uniform(1, 3, 2)
    drawn = [uniform(7, age, 0) for age in range(4_000)]
    assert abs(np.mean(drawn) - 0.5) < 0.02


@pytest.mark.parametrize("wallet", [STRANGER, "leaf0"])
def test_no_history_is_a_root_alone(wallet: str) -> None:
    ledger = Ledger.from_transfers(fan_out(3))
    found = collect(ledger, spine([wallet], at(0)))
    assert (found.hops.tolist(), found.row.tolist(), len(found.values)) == ([0, 1, 1, 1], [0], 0)


def test_no_fan_out_is_the_wallets_alone() -> None:
    found = collect(Ledger.from_transfers(fan_out(3)), spine(["hub"], at(99)), ())
    assert (found.hops.tolist(), len(found.child)) == ([0, 1], 0)


@pytest.mark.parametrize(
    "wrong",
    [{"fan_out": (4, 0)}, {"draw": "oldest"}, {"seed": -1}],
    ids=lambda one: next(iter(one)),
)
def test_what_cannot_be_sampled_is_refused(wrong: dict[str, object]) -> None:
    ledger = Ledger.from_transfers(fan_out(3))
    asked = past_of(ledger, np.array([0], np.int32), np.array([0]), NO_LABELS)
    given_ = {"fan_out": (4,), "draw": "latest", "seed": 0, **wrong}
    with pytest.raises(RiskError, match="fan_out holds numbers of at least 1"):
        subgraphs(asked, ledger.assets, **given_)  # type: ignore[arg-type]
