"""Peel chains: what is one, which one is told, and the caps of the search."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import Ledger
from features.past import ask
from features.view import Trail
from features.views.layering.layering import LAYERING
from features.views.layering.peel import LATEST, PEEL_CAP, empty_path, peel_chain, peel_trails
from tests import compare
from tests.strategies import World, at, one_past, peel, spine, transfers

DAY_S = 86_400
LATE = at(1e8)
SPLITS = (
    (1.0,), (0.9,), (0.5, 0.5), (0.9, 0.1), (0.1, 0.8), (0.45, 0.45), (0.6, 0.3, 0.1),
    (0.3, 0.3, 0.3), (0.5, 0.2, 0.1, 0.1), (0.5, 0.2, 0.1, 0.05), (0.6, 0.1, 0.1, 0.1, 0.1),
    (0.2, 0.0, 0.75), (0.6, 0.5),
)  # fmt: skip


def chain_of(frame: pd.DataFrame, wallet: str) -> tuple[int, int, float, bool]:
    """Length, position, share and whether it was cut."""
    past = one_past(frame, wallet, LATE)
    chain = peel_chain(past, ask(past, 0), empty_path())
    return chain[0], chain[1], chain[2], chain[3]


def told(frame: pd.DataFrame, wallet: str) -> list[tuple[Trail, list[str]]]:
    """Trails of a wallet, each with the ids of its transfers."""
    ledger = Ledger.from_transfers(frame)
    trails = peel_trails(one_past(frame, wallet, LATE), "v")
    return [(trail, [ledger.tx_id(row) for row in trail.transfers]) for trail in trails]


@st.composite
def peeling_worlds(draw: st.DrawFn) -> World:
    """Several wallets that split what they received, some of it by the rules."""
    wallets = [f"w{i}" for i in range(6)]
    rows: list[tuple[float, str, str, float]] = []
    for _ in range(draw(st.integers(1, 3))):
        time, sender, wallet = 0.0, "w0", draw(st.sampled_from(wallets))
        amount = draw(st.sampled_from([64.0, 1.0, 0.7]))
        rows.append((time, sender, wallet, amount))
        for split in draw(
            st.lists(st.one_of(st.just((0.9, 0.1)), st.sampled_from(SPLITS)), max_size=6)
        ):
            onward = draw(st.sampled_from(wallets))
            largest = max(split)
            for part in split:
                time += draw(st.sampled_from([1.0, 60.0, 60.0, 0.0, 7200.0, DAY_S]))
                to = onward if part == largest else draw(st.sampled_from([*wallets, "shop"]))
                rows.append((time, wallet, to, amount * part))
            wallet, amount = onward, amount * largest
    instants = draw(st.lists(st.floats(0, 1e6), min_size=1, max_size=3))
    asked = pd.concat([spine([*wallets, "shop"], at(instant)) for instant in (*instants, 1e7)])
    labels = pd.DataFrame({"wallet": [], "label": [], "known_at": [], "confidence": []}).astype(
        {"wallet": "str", "label": "str", "known_at": "datetime64[us, UTC]"}
    )
    return World(transfers(rows).assign(position=0), labels, asked.reset_index(drop=True))


@given(peeling_worlds())
def test_matches_its_slow_twin(world: World) -> None:
    compare.with_naive(world, LAYERING)


@pytest.mark.parametrize("position", range(6))
def test_every_wallet_of_a_chain_sees_all_of_it(position: int) -> None:
    length, at_hop, share, cut = chain_of(peel(5), f"p{position}")
    assert (length, at_hop, cut) == (5, position, False)
    assert share == 1 - (15 / 16) ** 4  # of what p0 sent, 4 wallets split off 1/16 each


def test_who_is_paid_by_a_peel_is_in_no_chain() -> None:
    assert chain_of(peel(5), "shop2")[:2] == (0, 0)


@pytest.mark.parametrize(
    ("parts", "length"),
    [
        pytest.param([(60, 0.9), (60, 0.1)], 2, id="two parts"),
        pytest.param([(60, 0.1), (120, 0.1), (180, 0.1), (240, 0.7)], 2, id="four parts"),
        pytest.param([(60, 0.1), (120, 0.1), (180, 0.1), (240, 0.1), (300, 0.6)], 0, id="five"),
        pytest.param([(60, 0.95)], 0, id="one part: forwarding, no peel"),
        pytest.param([(60, 0.5), (120, 0.4)], 2, id="0.9 of it"),
        pytest.param([(60, 0.5), (120, 0.39)], 0, id="less than 0.9 of it"),
        pytest.param([(60, 0.49), (120, 0.45)], 0, id="no part is half"),
        pytest.param([(60, 0.7), (120, 0.2), (180, 0.2)], 2, id="a third that it does not cover"),
        pytest.param([(60, 0.7), (120, 0.4)], 0, id="more than came"),
        pytest.param([(0, 0.7), (120, 0.3)], 0, id="at the same instant"),
        pytest.param([(60, 0.7), (DAY_S, 0.3)], 2, id="a day later"),
        pytest.param([(60, 0.7), (DAY_S + 1e-6, 0.3)], 0, id="more than a day later"),
        pytest.param([(60, 0.7), (120, 0.1), (180, 0.1), (240, 0.1)], 2, id="0.1 is not binary"),
    ],
)
def test_what_peels(parts: list[tuple[float, float]], length: int) -> None:
    rows = [(0.0, "a", "b", 1.0), *((t, "b", f"c{i}", x) for i, (t, x) in enumerate(parts))]
    assert chain_of(transfers(rows), "b")[:2] == (length, 1 if length else 0)


def test_zero_amounts_and_own_transfers_are_passed_over() -> None:
    rows = [(0, "a", "b", 1.0), (1, "b", "b", 0.9), (2, "b", "c", 0.0), (3, "b", "c", 0.8)]
    assert chain_of(transfers([*rows, (4, "b", "d", 0.2)]), "b") == (2, 1, 0.2, False)


def test_the_latest_of_several_chains_is_told() -> None:
    later = peel(3).assign(tx_id=lambda frame: "u" + frame["tx_id"])
    later["timestamp"] += pd.Timedelta(days=3)
    assert chain_of(pd.concat([peel(6), later]), "p1")[:2] == (3, 1)


def test_of_two_receipts_the_latest_is_continued() -> None:
    rows = [(0, "x", "a", 1.0), (60, "y", "a", 0.95), (90, "a", "b", 0.8), (99, "a", "c", 0.1)]
    (_, length), _ = told(transfers(rows), "b")
    assert length == ["t1", "t2"]


@pytest.mark.parametrize(("more", "length"), [(98, 2), (99, 0)])
def test_no_chain_passes_a_hub(more: int, length: int) -> None:
    rows = [(0, "a", "hub", 8.0), (60, "hub", "b", 7.0), (61, "hub", "c", 1.0)]
    onward = [(120 + i, "hub", "x", 16.0) for i in range(more)]
    assert chain_of(transfers(rows + onward), "a")[0] == length
    inward = [(-120 - i, f"x{i}", "hub", 1.0) for i in range(more + 1)]
    assert chain_of(transfers(rows + inward), "b")[0] == length


@pytest.mark.parametrize(("hops", "cut"), [(PEEL_CAP, False), (PEEL_CAP + 1, True)])
def test_hops_each_way_are_capped_and_the_cap_is_told(hops: int, cut: bool) -> None:
    shortest = min(hops, PEEL_CAP) + 1
    frame = peel(hops + 1)
    assert chain_of(frame, "p0")[::3] == (shortest, cut)
    assert chain_of(frame, f"p{hops + 1}")[::3] == (shortest, cut)


@pytest.mark.parametrize(("more", "found"), [(LATEST - 1, True), (LATEST, False)])
def test_the_latest_transfers_are_tried(more: int, found: bool) -> None:
    rows = [(0, "a", "b", 1.0), (1, "b", "c", 0.9), (2, "b", "d", 0.1)]
    rows += [(3 * DAY_S + i, "a", "e", 1.0) for i in range(more)]
    length, _, share, cut = chain_of(transfers(rows), "a")
    assert (length, cut) == ((2, False) if found else (0, True))
    assert np.isnan(share) == (not found)


def test_trails_hold_the_chain_and_what_was_split_off() -> None:
    frame = peel(4)
    trails = told(frame, "p2")
    assert {trail.columns: ids for trail, ids in trails} == {
        ("v_peel_length_hops", "v_peel_position_hops"): ["t1", "t3", "t5", "t7"],
        ("v_peel_share",): ["t2", "t4", "t6"],
    }
    assert trails[0][0].amounts.tolist() == [64 * (15 / 16) ** n for n in (1, 2, 3, 4)]
    assert told(frame, "p0")[0][0].columns == ("v_peel_length_hops",)
    assert told(frame, "shop0") == []
