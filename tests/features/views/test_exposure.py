"""Exposure to labelled wallets."""

from itertools import pairwise, product

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import Ledger, feature_table
from features.contracts.categories import CATEGORIES
from features.past import traced_past
from features.view import Trail
from features.views.exposure import CAPS, EXPOSURE
from tests import compare
from tests.exposed import THIEF, Moves, labels, paths, row
from tests.strategies import World, asked_late, at, spine, transfers, worlds
from tests.taint_worlds import taint_world

KINDS = "direct", "indirect"
SEEDS = st.integers(0, 2**32 - 1)


def with_categories(world: World, seed: int) -> World:
    categories = np.random.default_rng(seed).choice(CATEGORIES[:4], len(world.labels))
    return World(world.transfers, world.labels.assign(category=categories), world.spine)


@given(worlds(), SEEDS)
def test_matches_its_slow_twin(world: World, seed: int) -> None:
    compare.with_naive(with_categories(world, seed), EXPOSURE)


@given(SEEDS)
def test_matches_its_slow_twin_where_value_goes_many_ways(seed: int) -> None:
    compare.with_naive(taint_world(seed), EXPOSURE)


@given(worlds(), SEEDS)
def test_groups_divide_what_labels_and_categories_both_sum_to(world: World, seed: int) -> None:
    known = with_categories(world, seed).labels
    known = known.assign(label=known["label"].replace("none", "licit"))  # all have a verdict
    table = feature_table(world.ledger(), world.spine, labels=known, views=(EXPOSURE,))
    for d in ("in", "out"):
        sums = [
            table[
                [f"exposure_{group}_{k}_{d}_share" for group in groups for k in KINDS]
            ].sum(axis=1, skipna=False)
            for groups in (("illicit", "licit"), CATEGORIES)
        ]  # fmt: skip
        np.testing.assert_allclose(sums[0], sums[1], rtol=1e-9, atol=1e-12)
        searched = table[f"exposure_searched_{d}_share"]
        sure = table["exposure_truncated_ratio"] == 0
        assert not (sums[0][sure] > searched[sure] + 1e-9).any()
        assert not (sums[0] > 1 + 1e-9).any()


@given(SEEDS)
def test_trails_prove_every_exposure(seed: int) -> None:
    world = taint_world(seed)
    ledger, names = world.ledger(), [column.name for column in EXPOSURE.columns]
    past = world.past(ledger)
    assert EXPOSURE.trails is not None
    for place, line in enumerate(EXPOSURE.rows(traced_past(ledger, past))):
        trails, code = (
            EXPOSURE.trails(traced_past(ledger, past.part(slice(place, place + 1)))),
            int(past.wallets[place]),
        )
        for trail in trails:
            places = [ledger.place(row) for row in trail.transfers.tolist()]
            moved = ledger.outgoing.amount[places]
            assert (trail.amounts <= moved * (1 + 1e-12)).all()
            assert_money_moves_on(ledger, trail.transfers, code)
        assert_they_prove(trails, dict(zip(names, line.tolist(), strict=True)))


def assert_they_prove(trails: list[Trail], values: dict[str, float]) -> None:
    """Every column has a trail; few trails are all there are, and sum to the value."""
    assert len({tuple(trail.transfers.tolist()) for trail in trails}) == len(trails)
    proven = {name for trail in trails for name in trail.columns}
    assert proven == {
        name for name, value in values.items()
        if value > 0
        and not name.startswith(
            ("exposure_searched", "exposure_truncated", "exposure_service", "exposure_hidden")
        )
    }  # fmt: skip
    for group, d in product(("illicit", "licit", *CATEGORIES), ("in", "out")):
        amounts = [f"exposure_{group}_{kind}_{d}_amount" for kind in ("direct", "indirect")]
        shown = [[t for t in trails if name in t.columns] for name in amounts]
        for name, of_kind in zip(amounts, shown, strict=True):
            # at the wallet's own end: no piece is more than the transfer of its own that it came by
            total = sum(trail.amounts[0 if d == "out" else -1] for trail in of_kind)
            if of_kind:
                assert total <= values[name] * (1 + 1e-9)
            if of_kind and len(shown[0] + shown[1]) < 4:
                assert total == pytest.approx(values[name])
        hops = f"exposure_{group}_{d}_hops"
        nearest = [trail.transfers.size for trail in trails if hops in trail.columns]
        assert all(size == values[hops] for size in nearest)


def test_a_mixer_without_a_verdict_is_exposure_to_its_category_alone() -> None:
    mixer = labels(("mixer", "none", "mixer", -1.0))
    moves = [(0.0, "thief", "mixer", 1.0), (1.0, "mixer", "a", 1.0), (2.0, "a", "me", 1.0)]
    values = row(moves, "me", pd.concat([THIEF, mixer]))
    assert (values["mixer_indirect_in_share"], values["mixer_in_hops"]) == (1.0, 2)
    assert values["illicit_indirect_in_share"] == values["licit_indirect_in_share"] == 0.0
    assert np.isnan([values["illicit_in_hops"], values["licit_in_hops"]]).all()
    (path,) = paths(moves, "me", pd.concat([THIEF, mixer]))
    assert path[0] == (
        "exposure_mixer_indirect_in_amount", "exposure_mixer_indirect_in_share",
        "exposure_mixer_in_hops",
    )  # fmt: skip


def test_no_path_ends_at_a_victim_or_a_place_for_donations() -> None:
    moves = [(0.0, "thief", "v", 1.0), (1.0, "v", "me", 1.0)]
    for word in ("victim", "donation"):
        known = pd.concat([THIEF, labels(("v", "none", word, -1.0))])
        assert row(moves, "me", known)["illicit_indirect_in_share"] == 1.0


def test_a_trail_names_all_that_it_proves() -> None:
    assert paths([(0.0, "thief", "a", 1.0), (1.0, "a", "me", 1.0)], "me") == [
        (
            (
                "exposure_illicit_indirect_in_amount", "exposure_illicit_indirect_in_share",
                "exposure_illicit_in_hops", "exposure_theft_indirect_in_amount",
                "exposure_theft_indirect_in_share", "exposure_theft_in_hops",
            ),
            ["t0", "t1"],
        )
    ]  # fmt: skip


def test_a_small_near_path_is_shown_beside_the_largest() -> None:
    moves: Moves = [(float(k), f"thief{k}", "b", 18.0) for k in range(5)]
    moves += [(5.0, "b", "a", 90.0), (6.0, "thief0", "a", 10.0), (7.0, "a", "me", 100.0)]
    known = labels(*((f"thief{k}", "illicit", "theft", 0) for k in range(5)))
    far, near = ["t4", "t5", "t7"], ["t6", "t7"]
    shown = paths(moves, "me", known)
    assert [path for _, path in shown] == [far, ["t3", *far[1:]], ["t2", *far[1:]], near]
    assert ["exposure_theft_in_hops" in columns for columns, _ in shown] == [False] * 3 + [True]


def test_a_small_indirect_path_is_shown_beside_the_largest_direct_ones() -> None:
    moves: Moves = [(0.0, "thief", "a", 1.0), (1.0, "a", "me", 1.0)]
    moves += [(2.0 + k, "thief", "me", 10.0 + k) for k in range(5)]
    assert [path for _, path in paths(moves, "me")] == [["t6"], ["t5"], ["t4"], ["t0", "t1"]]


def assert_money_moves_on(ledger: Ledger, rows: npt.NDArray[np.int64], code: int) -> None:
    side, places = ledger.outgoing, [ledger.place(row) for row in rows.tolist()]
    ends = [
        (int(ledger.sender[row]), int(side.counterparty[place]), int(side.time[place]))
        for row, place in zip(rows.tolist(), places, strict=True)
    ]
    for (_, reached, time), (sender, _, later) in pairwise(ends):
        assert reached == sender
        assert time <= later
    assert code in (ends[0][0], ends[-1][1])


def test_without_labels_nothing_is_known() -> None:
    ledger = Ledger.from_transfers(transfers([(0, "a", "b", 1.0)]))
    assert feature_table(ledger, spine(["b"], at(1)), views=(EXPOSURE,)).isna().all(axis=None)
    assert EXPOSURE.trails is not None
    assert EXPOSURE.trails(traced_past(ledger, asked_late(ledger, "b"))) == []


def test_direct_shares_of_what_was_received() -> None:
    moves = [
        (0.0, "thief", "me", 1.0), (1.0, "good", "me", 2.0), (2.0, "me", "me", 1.0),
        (3.0, "x", "me", 4.0),
    ]  # fmt: skip
    known = labels(
        ("thief", "illicit", "theft", 0), ("good", "licit", "exchange", 0),
        ("me", "illicit", "mixer", 0),
    )  # fmt: skip
    values = row(moves, "me", known)
    # the wallet's own label plays no part, the transfer to itself adds to the sum
    assert values["illicit_direct_in_share"] == values["theft_direct_in_share"] == 0.125
    assert values["licit_direct_in_amount"] == values["exchange_direct_in_amount"] == 2
    assert values["theft_in_hops"] == 1
    assert values["mixer_direct_in_share"] == 0
    assert np.isnan(values["mixer_in_hops"])
    assert values["searched_in_share"] == 1
    assert values["licit_direct_out_amount"] == 0
    assert np.isnan(row(moves[:1], "me")["theft_direct_out_amount"])


def test_a_label_counts_after_it_was_known() -> None:
    known = labels(("thief", "illicit", "theft", 50))
    moves = [(0.0, "thief", "a", 1.0), (1.0, "a", "me", 1.0)]
    for wallet, column in (("a", "theft_direct_in_share"), ("me", "theft_indirect_in_share")):
        assert row(moves, wallet, known, as_of=50)[column] == 0
        assert row(moves, wallet, known, as_of=50.000001)[column] == 1


def test_value_is_diluted_on_its_way() -> None:
    moves = [(0.0, "thief", "a", 1.0), (1.0, "x", "a", 3.0), (2.0, "a", "me", 2.0)]
    values = row(moves, "me")
    assert values["theft_indirect_in_amount"] == 0.5
    assert values["illicit_indirect_in_share"] == 0.25
    assert values["theft_in_hops"] == 2
    assert values["searched_in_share"] == 1
    assert values["truncated_ratio"] == 0
    assert [path for _, path in paths(moves, "me")] == [["t0", "t2"]]


def test_value_is_followed_to_where_it_went() -> None:
    moves = [
        (0.0, "x", "a", 3.0), (1.0, "me", "a", 1.0), (2.0, "a", "thief", 2.0),
        (3.0, "a", "b", 2.0), (4.0, "b", "thief", 2.0),
    ]  # fmt: skip
    values = row(moves, "me")
    assert values["theft_indirect_out_amount"] == 1.0
    assert values["theft_out_hops"] == 2
    shown = paths(moves, "me")
    assert [path for _, path in shown] == [["t1", "t2"], ["t1", "t3", "t4"]]
    assert ["exposure_theft_out_hops" in columns for columns, _ in shown] == [True, False]
    assert row(moves, "me", as_of=4)["theft_indirect_out_amount"] == 0.5


def test_no_path_leads_through_a_labelled_wallet() -> None:
    known = labels(("thief", "illicit", "theft", 0), ("hub", "licit", "exchange", 0))
    moves = [(0.0, "thief", "hub", 5.0), (1.0, "hub", "a", 5.0), (2.0, "a", "me", 5.0)]
    values = row(moves, "me", known)
    assert values["exchange_indirect_in_share"] == 1
    assert values["theft_indirect_in_share"] == 0


def test_a_path_ends_where_it_comes_back_to_the_wallet() -> None:
    known = labels(("me", "illicit", "theft", 0))
    moves = [(0.0, "thief", "me", 5.0), (1.0, "me", "a", 5.0), (2.0, "a", "me", 5.0)]
    values = row(moves, "me", pd.concat([THIEF, known]))
    assert values["theft_direct_in_share"] == 0.5
    assert values["theft_indirect_in_share"] == 0
    assert values["searched_in_share"] == 1


def test_value_that_moves_on_within_an_instant_is_followed() -> None:
    moves = [(0.0, "thief", "a", 5.0), (0.0, "a", "me", 5.0), (0.0, "me", "b", 5.0)]
    for other, side in (("me", "in"), ("b", "in")):
        values = row(moves, other)
        assert values[f"theft_indirect_{side}_share"] == 1
        assert values["searched_in_share"] == 1
        assert values["truncated_ratio"] == 0


def test_a_ring_within_an_instant_ends_at_the_cap_of_hops() -> None:
    moves = [(0.0, "a", "b", 5.0), (0.0, "b", "a", 5.0), (0.0, "a", "me", 5.0)]
    values = row(moves, "me")
    assert values["theft_indirect_in_share"] == 0
    assert values["searched_in_share"] <= 1


def test_zero_amounts_expose_to_nothing() -> None:
    moves = [(0.0, "thief", "me", 0.0), (1.0, "thief", "a", 0.0), (2.0, "a", "me", 1.0)]
    values = row(moves, "me")
    assert np.isnan(values["theft_in_hops"])
    assert values["theft_direct_in_share"] == values["theft_indirect_in_share"] == 0


def test_the_largest_pieces_are_followed() -> None:
    n = CAPS.followed
    moves = [(0.0, "thief", f"a{k}", 999.0) for k in range(n + 1)]
    moves += [(1.0 + k, f"a{k}", "me", 100.0 + k) for k in range(n + 1)]
    values = row(moves, "me")
    total = sum(100.0 + k for k in range(n + 1))
    assert values["theft_indirect_in_amount"] == total - 100.0
    assert values["searched_in_share"] == pytest.approx(1 - 100.0 / total)
    assert values["truncated_ratio"] == 1


def test_of_equal_pieces_the_latest_are_followed() -> None:
    n = CAPS.followed
    moves = [(1.0 + k, f"a{k}", "me", 2.0) for k in range(n + 1)]
    moves += [(0.0, "thief" if k in (0, n) else "x", f"a{k}", 2.0) for k in range(n + 1)]
    assert row(moves, "me")["theft_indirect_in_amount"] == 2.0


def test_no_path_has_more_hops_than_the_cap() -> None:
    for hops in (CAPS.hops, CAPS.hops + 1):
        names = ["thief", *(f"a{k}" for k in range(hops - 1)), "me"]
        moves = [(float(k), names[k], names[k + 1], 1.0) for k in range(hops)]
        values = row(moves, "me")
        assert values["theft_indirect_in_share"] == (hops == CAPS.hops)
        assert values["truncated_ratio"] == (hops > CAPS.hops)


def test_a_piece_below_the_floor_is_dropped() -> None:
    for amount, exposed in ((0.02, True), (0.005, False)):
        moves = [(0.0, "thief", "a", amount), (1.0, "x", "a", 10 - amount), (2.0, "a", "b", 0.1)]
        moves += [(1.0, "x", "b", 9.9), (3.0, "b", "me", 10.0)]
        assert (row(moves, "me")["theft_indirect_in_share"] > 0) == exposed


def test_what_is_left_of_older_transfers_than_are_read_is_not_known() -> None:
    for older, truncated in ((0, 0), (1, 1)):
        moves = [(float(k), "x", "a", 0.25) for k in range(older)]
        moves += [(10.0 + k, "thief", "a", 0.25) for k in range(CAPS.read)]
        values = row([*moves, (1e4, "a", "me", CAPS.read / 4)], "me")
        assert values["truncated_ratio"] == truncated
        known = CAPS.read / (CAPS.read + older)
        assert values["searched_in_share"] == pytest.approx(known)
        assert values["theft_indirect_in_share"] == pytest.approx(known)
