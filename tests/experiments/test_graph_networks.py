"""The harness of experiment 0012: what may be known, what is swapped, intervals that are paired."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle

from experiments.common import one_hand
from experiments.common.arms import Float64s
from experiments.common.results import Measure
from features import check_labels
from tests.strategies import at

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "experiments" / "0012-graph-networks"))

import network_arms  # noqa: E402 - its folder must be importable first
import network_case  # noqa: E402
import network_figures  # noqa: E402
import stage_agents  # noqa: E402
import stage_paths  # noqa: E402
import stage_sampler  # noqa: E402

TINY = one_hand.Sizes(people=300, transfers=600, crews=4, flows=20, days=44)


def table(asked: list[tuple[str, int]]) -> pd.DataFrame:
    rows = [(wallet, at(second)) for wallet, second in asked]
    return pd.DataFrame(index=pd.MultiIndex.from_tuples(rows, names=["wallet", "as_of"]))


def labels(said: dict[str, str]) -> pd.DataFrame:
    frame = pd.DataFrame({"wallet": list(said), "label": list(said.values())})
    return check_labels(frame.assign(known_at=at(0)))


def scored(scores: Float64s, y_true: list[int], seed: int = 0) -> network_case.Scored:
    index = table([(f"w{seed}.{place}", place) for place in range(len(y_true))]).index
    return network_case.Scored(np.array(y_true, np.int8), scores, index, 1.0, 0.1)


def test_no_label_of_a_wallet_that_is_judged_is_known() -> None:
    asked = table([("a", 5), ("a", 9), ("b", 7), ("c", 20)])
    every = labels({"a": "illicit", "b": "licit", "c": "illicit", "d": "licit"})
    known = network_case.known_from_first_row(
        every, asked, np.array([0, 1, 2]), pd.Timedelta(3, "s")
    )
    assert dict(zip(known["wallet"], known["known_at"], strict=True)) == {"a": at(8), "b": at(10)}


def test_permuted_labels_keep_who_is_known_and_since_when() -> None:
    every = labels({name: "illicit" if name < "d" else "licit" for name in "abcdefghij"})
    mixed = network_case.permuted(every, 1)
    assert mixed["wallet"].equals(every["wallet"])
    assert mixed["known_at"].equals(every["known_at"])
    assert mixed["label"].value_counts().equals(every["label"].value_counts())
    assert not mixed["label"].equals(every["label"])


def test_swapped_labels_are_swapped_by_wallet_and_leave_the_test_rows_alone() -> None:
    test = np.array([False] * 8 + [True] * 2)
    rows = network_case.split_by_wallet(np.array([1, 1, 0, 0, 0, 0, 1, 1, 1, 0], np.int8), test)
    groups = np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 5])
    for seed in range(5):
        found = network_case.swapped(groups, rows, seed)
        assert found[8:].tolist() == [1, 0]
        assert found[:8].sum() == 4
        assert all(len(set(found[groups == group])) == 1 for group in range(4))


def test_an_arm_that_ranks_better_on_every_draw_has_an_interval_above_zero() -> None:
    generator = np.random.default_rng(0)
    y_true = generator.integers(0, 2, 200).tolist()
    noise = generator.normal(size=200)
    runs = {
        "good": [scored(np.array(y_true) + 0.1 * noise, y_true)] * 2,
        "bad": [scored(noise, y_true)] * 2,
    }
    found = network_arms.intervals(runs, {"gain": ("good", "bad")}, draws=20)
    value, low, high = found["gain"]
    assert value == pytest.approx(found["good"][0] - found["bad"][0])
    assert 0 < low <= value <= high


def test_worlds_of_their_own_are_drawn_apart_and_a_class_is_never_missing() -> None:
    y_true = [1] + [0] * 30
    runs = {"one": [scored(np.arange(31.0), y_true, seed) for seed in range(3)]}
    value, low, high = network_arms.intervals(runs, {}, draws=20)["one"]
    assert value == pytest.approx(1 / 31)
    assert np.isfinite([low, high]).all()


def test_the_names_of_all_arms_that_are_compared_exist() -> None:
    pytest.importorskip("torch")
    kinds = ("graphsage", "hybrid", "blend")
    arms = network_arms.arms_of(kinds, "all")
    found = {*arms, network_arms.mean_of(network_arms.TREES, "graphsage")}
    for one, other in network_arms.pairs_of(kinds).values():
        assert {one, other} <= found


def test_of_many_agents_networks_have_fewer_arms_and_read_less() -> None:
    pytest.importorskip("torch")
    few, many = (stage_agents.arms_at(("pna",), size) for size in (10_000, 100_000))
    assert set(few) > set(many) == {
        "lightgbm", "lightgbm, label shuffle", "lightgbm without labels around",
        "lightgbm, permuted labels", "pna", "pna, no edges",
    }  # fmt: skip
    assert many["lightgbm"] == few["lightgbm"]
    assert many["pna"].parameters == stage_agents.NARROW
    assert many["pna, no edges"].parameters == {**stage_agents.NARROW, "first_fan": 0}


def test_a_figure_shows_the_cases_that_were_measured_and_none_of_none() -> None:
    found = [
        Measure("k=5 pna PR-AUC", 0.9, "", 0.8, 0.95),
        Measure("k=5 lightgbm PR-AUC", 0.8, "", 0.7, 0.85),
        Measure("k=5 pna minus lightgbm PR-AUC", 0.1, "", 0.02, 0.2),
        Measure("k=5 prevalence", 0.5, ""),
    ]
    figure = network_figures.bars("a.png", found, ["k=5", "k=all"])["a.png"]
    area, gain = figure.axes
    assert area.get_title() == "k=5"
    assert [one.get_text() for one in area.get_yticklabels()] == ["lightgbm", "pna"]
    widths = [one.get_width() for one in area.patches if isinstance(one, Rectangle)]
    assert widths == [0.8, 0.9]
    np.testing.assert_array_equal(gain.lines[0].get_xdata(), [0.1])
    assert network_figures.bars("a.png", found, ["k=all"]) == {}


def test_a_fifth_of_either_class_is_held_out() -> None:
    y_true = np.array([1] * 50 + [0] * 200, np.int8)
    test = stage_agents.held_out(y_true, 3)
    assert (test[y_true == 1].sum(), test[y_true == 0].sum()) == (10, 40)


def test_a_planted_world_is_the_same_for_the_same_seed() -> None:
    one, other = one_hand.plant(5, TINY), one_hand.plant(5, TINY)
    pd.testing.assert_frame_equal(one.transfers, other.transfers)
    pd.testing.assert_frame_equal(one.movers, other.movers)


def test_a_mover_is_asked_about_after_its_last_transfer_and_sends_what_it_got_but_a_little() -> (
    None
):
    world = one_hand.plant(1, TINY)
    movers = world.movers.set_index("wallet")
    received = world.transfers.groupby("recipient")["amount"].sum().reindex(movers.index)
    sent = world.transfers.groupby("sender")["amount"].sum().reindex(movers.index)
    np.testing.assert_allclose(1 - sent / received, movers["kept"], atol=1e-3)
    last = world.transfers.groupby("sender")["timestamp"].max().reindex(movers.index)
    assert (movers["asked"] > last).all()


def test_money_of_a_crew_stays_in_it_and_that_of_others_is_dealt() -> None:
    movers = one_hand.plant(2, TINY).movers.set_index("wallet")
    moved = one_hand.plant(2, TINY).transfers
    crew = movers["crew"]
    both = moved[moved["sender"].isin(crew.index) & moved["recipient"].isin(crew.index)]
    assert (both["sender"].map(crew).to_numpy() == both["recipient"].map(crew).to_numpy()).all()


def test_the_planted_habits_tell_crews_from_the_others() -> None:
    world = one_hand.plant(3, TINY)
    index = pd.MultiIndex.from_frame(world.movers[["wallet", "asked"]])
    alike = stage_paths.read_off(world, index)
    illicit = world.movers["illicit"].to_numpy()
    assert np.median(alike[illicit]) > np.quantile(alike[~illicit], 0.95)


def test_no_crew_is_on_both_sides_of_the_split() -> None:
    movers = stage_paths.chosen(one_hand.plant(4, TINY), 50, 0)
    crews = movers[movers["illicit"]]
    late = set(crews.loc[crews["late"], "crew"])
    assert late
    assert late.isdisjoint(crews.loc[~crews["late"], "crew"])


def test_a_model_is_told_the_labels_of_wallets_learnt_from_or_none() -> None:
    case = stage_paths.case_of(one_hand.plant(1, TINY), 60, 0)
    tested = case.table.index[case.rows.test].get_level_values("wallet")
    assert set(case.known["wallet"]).isdisjoint(tested)
    told = case.recipe(network_case.Arm("lightgbm"), 0).told
    assert len(told.known_at) == len(case.known)
    nothing = case.recipe(network_case.Arm("lightgbm", told="nothing"), 0)
    assert len(nothing.told.known_at) == 0
    assert case.table.shape[1] >= len(nothing.names)


def test_what_drawing_costs_is_told_of_every_part(tmp_path: Path) -> None:
    found = stage_sampler.measures(tmp_path, quick=True, kinds=())
    told = {measure.name: measure for measure in found}
    assert told["sampler latest"].target == stage_sampler.TARGET_MS
    assert told["sampler latest, one row"].value < told["sampler latest"].value
    assert all(measure.value > 0 for measure in found)
