"""The depth view: money followed through splits, merges, rests and conversions."""

import pandas as pd
import pytest
from hypothesis import given

from experiments.common.laundering import chain_of_parts
from features import Ledger, feature_table, trace
from features.views.depth.depth import DEPTH
from tests import compare
from tests.strategies import World, at, spine, transfers, worlds

DAY_S = 86_400.0
Moves = list[tuple[float, str, str, float]]


def row_of(frame: "pd.DataFrame | Moves", wallet: str, as_of: float = 300 * DAY_S) -> "pd.Series":
    """Row of the view, by names without the view's."""
    given = transfers(frame) if isinstance(frame, list) else frame
    table = feature_table(Ledger.from_transfers(given), spine([wallet], at(as_of)), views=(DEPTH,))
    return table.iloc[0].rename(lambda name: name.removeprefix("depth_"))


@given(worlds())
def test_equal_to_the_slow_twin(world: World) -> None:
    compare.with_naive(world, DEPTH)


@pytest.mark.parametrize("width", [1, 4, 50])
@pytest.mark.parametrize("parts", [4, 10, 50])
@pytest.mark.parametrize("hours", [1.0, 100.0])
def test_a_chain_of_six_hops_in_parts_is_six_deep(parts: int, width: int, hours: float) -> None:
    moves = chain_of_parts(6, parts, width=min(parts, width), step_s=3_600 * hours)
    for wallet, side in (("c6", "in"), ("c0", "out")):
        row = row_of(moves, wallet)
        assert row[f"greatest_30d_{side}_hops"] == 6
        assert row[f"mean_30d_{side}_hops"] == pytest.approx(6.0)
        assert row[f"through_5_30d_{side}_share"] == pytest.approx(1.0)
        assert row[f"through_8_30d_{side}_share"] == 0.0
        assert row[f"dwell_{side}_s"] <= 3_600 * hours * (1 + 1e-9)
        assert row["truncated_ratio"] == 0.0


def test_a_rest_longer_than_the_window_ends_the_way() -> None:
    moves = [(0.0, "a", "b", 1.0), (8 * DAY_S, "b", "c", 1.0), (60 * DAY_S, "c", "d", 1.0)]
    assert row_of(moves, "d")["mean_30d_in_hops"] == 1
    row = row_of(moves[:2], "c")
    assert row[["mean_7d_in_hops", "mean_30d_in_hops", "dwell_in_s"]].tolist() == [1, 2, 8 * DAY_S]


def test_a_wallet_that_keeps_most_passes_nothing_on() -> None:
    moves = [(0.0, "a", "b", 10.0), (1.0, "b", "c", 4.0)]
    assert row_of(moves, "c")["mean_30d_in_hops"] == 1
    assert row_of([*moves, (2.0, "b", "d", 1.0)], "c")["mean_30d_in_hops"] == 2


def test_money_of_its_own_enters_where_it_is_added() -> None:
    moves = [(0.0, "a", "b", 5.0), (1.0, "b", "c", 10.0)]
    row = row_of(moves, "c")
    assert row["mean_30d_in_hops"] == pytest.approx(1.5)
    assert row["through_1_30d_in_share"] == pytest.approx(0.5)
    assert row["entries_in_count"] == pytest.approx(2.0)


def test_a_wallet_with_a_past_is_not_fresh() -> None:
    moves = [(0.0, "z", "b", 1.0), (90 * DAY_S, "a", "b", 50.0), (91 * DAY_S, "b", "c", 50.0)]
    row = row_of(moves, "c")
    assert row[["mean_30d_in_hops", "mean_fresh_in_hops"]].tolist() == [2, 1]


def test_paths_meet_again() -> None:
    spread = [(1.0 + k, "a", f"m{k}", 4.0) for k in range(4)]
    merged = [(10.0 + k, f"m{k}", "b", 4.0) for k in range(4)]
    row = row_of([(0.0, "z", "a", 16.0), *spread, *merged, (20.0, "b", "c", 16.0)], "c")
    assert row["greatest_30d_in_hops"] == 4
    assert row["paths_in_count"] == pytest.approx(4.0)
    assert row["entries_in_count"] == pytest.approx(1.0)


def test_a_conversion_keeps_the_history_and_a_router_is_seen_through() -> None:
    busy = [(float(k), f"u{k}", "router", 3.0) for k in range(1_200)]
    moves = [
        (2_000.0, "a", "b", 10.0),
        (2_100.0, "b", "router", 10.0), (2_100.0, "router", "b", 9.9),  # b swaps
        (2_200.0, "b", "router", 9.9), (2_200.0, "router", "c", 9.9),  # b pays c by the router
    ]  # fmt: skip
    frame = transfers([*busy, *moves])
    frame["tx_id"] = frame["tx_id"].replace({"t1202": "t1201", "t1204": "t1203"})
    frame["position"] = frame.groupby("tx_id").cumcount().astype("int32")
    row = row_of(frame, "c")
    assert row["greatest_30d_in_hops"] == 3  # a, b, router, c
    assert row["mean_30d_in_hops"] == pytest.approx(3.0, rel=0.02)
    apart = row_of(transfers([*busy, *moves]), "c")
    assert apart["greatest_30d_in_hops"] == 1  # the router is a service like any other


def test_a_way_that_ends_at_a_busy_wallet_says_so() -> None:
    trips = [(2.0 + k, *ends, 1.0) for k in range(1_200) for ends in (("b", "x"), ("x", "b"))]
    row = row_of([(0.0, "a", "b", 50.0), *trips, (2_000.0, "b", "c", 50.0)], "c")
    assert row[["mean_30d_in_hops", "services_in_share"]].tolist() == [1.0, 1.0]


def test_every_hop_is_proven() -> None:
    frame = transfers(chain_of_parts(5, 6, width=2))
    trails = trace(Ledger.from_transfers(frame), "c5", at(300 * DAY_S), views=(DEPTH,))
    first = trails[trails["trail"] == 0]
    assert first["columns"].unique().tolist() == ["depth_greatest_30d_in_hops"]
    assert first["hop"].tolist() == [1, 2, 3, 4, 5]
    assert first["sender"].iloc[0] == "c0"
    assert first["recipient"].tolist()[:-1] == first["sender"].tolist()[1:]
    assert (first["traced_amount"] <= first["amount"]).all()


def test_caps_are_told() -> None:
    row = row_of(chain_of_parts(20, 2), "c20")
    assert row["greatest_30d_in_hops"] == 16
    assert row[["truncated_ratio", "searched_in_share"]].tolist() == [1.0, 0.0]
    many = [(0.0, "a", "b", 1e6), *((1.0 + k, "b", "c", 1.0) for k in range(20_000))]
    assert row_of(many, "c")["truncated_ratio"] == 1.0
