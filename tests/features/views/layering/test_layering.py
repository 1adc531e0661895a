"""Layering: what passes through and how fast."""

import numpy as np
import pandas as pd
from hypothesis import given

from features import Ledger, feature_table, trace
from features.views.layering.layering import LAYERING
from tests import compare
from tests.strategies import World, at, chain, peel, spine, transfers, worlds


def row(frame: pd.DataFrame, wallet: str, as_of: float = 1e6) -> pd.Series:
    ledger = Ledger.from_transfers(frame)
    values = feature_table(ledger, spine([wallet], at(as_of)), views=(LAYERING,)).iloc[0]
    return values.rename(lambda name: str(name).removeprefix("layering_"))


@given(worlds())
def test_matches_its_slow_twin(world: World) -> None:
    compare.with_naive(world, LAYERING)


def test_first_in_first_out() -> None:
    rows = [(0, "x", "w", 4.0), (100, "y", "w", 4.0), (200, "w", "z", 6.0), (5000, "w", "z", 4.0)]
    values = row(transfers(rows), "w")
    # 4 after 200 s, 2 after 100 s, 2 after 4900 s, and 2 that no receipt covers
    assert values["forwarded_share"] == 1
    assert values["unfunded_share"] == 0.2
    assert values["forwarded_1h_share"] == 0.75
    assert values["dwell_mean_s"] == (4 * 200 + 2 * 100 + 2 * 4900) / 8
    assert values["dwell_q10_s"] == 100
    assert values["dwell_q50_s"] == 200
    assert values["dwell_q90_s"] == 4900
    assert values["pass_through_ratio"] == 0.8
    late = row(transfers(rows), "w", as_of=3700)  # what came at 100 s is an hour old then
    assert late["pass_through_1h_ratio"] == 4 / 6
    assert late["pass_through_7d_ratio"] == 6 / 8
    assert np.isnan(values["pass_through_7d_ratio"])


def test_a_receipt_funds_no_earlier_sending() -> None:
    values = row(transfers([(0, "w", "z", 2.0), (1, "x", "w", 2.0)]), "w")
    assert values["unfunded_share"] == 1
    assert values["forwarded_share"] == 0
    assert np.isnan(values["dwell_mean_s"])
    assert values["rapid_out_share"] == 0


def test_a_receipt_funds_a_sending_of_the_same_instant() -> None:
    values = row(transfers([(0, "w", "z", 2.0), (0, "x", "w", 2.0)]), "w")
    assert values["forwarded_share"] == 1
    assert values["dwell_q50_s"] == 0
    assert values["near_equal_out_share"] == 1


def test_the_middle_of_a_chain() -> None:
    values = row(chain(6, keep=0.05), "c3")
    assert values["depth_backward_hops"] == 3
    assert values["depth_forward_hops"] == 3
    assert values["rapid_out_share"] == 1
    assert values["near_equal_out_share"] == 1
    assert values["truncated_ratio"] == 0


def test_a_peel_chain_is_a_chain() -> None:
    values = row(peel(5), "p2")
    assert values["depth_backward_hops"] == 2
    assert values["depth_forward_hops"] == 3
    assert values["near_equal_out_share"] == 0.5
    assert values["peel_length_hops"] == 5
    assert values["peel_position_hops"] == 2


def naming(trails: pd.DataFrame, column: str) -> pd.Series:
    return trails["columns"].str.split(", ").map(lambda names: column in names).astype(bool)


@given(worlds())
def test_trails_prove_the_depths(world: World) -> None:
    ledger = world.ledger()
    rows = feature_table(ledger, world.spine, views=(LAYERING,))
    asked = zip(world.spine["wallet"], world.spine["as_of"], range(len(rows)), strict=True)
    for wallet, as_of, number in asked:
        row = rows.iloc[number]
        trails = trace(ledger, wallet, as_of, views=(LAYERING,))
        for column, ends in (("backward", "recipient"), ("forward", "sender")):
            name = f"layering_depth_{column}_hops"
            proofs = [trail for _, trail in trails[naming(trails, name)].groupby("trail")]
            assert bool(proofs) == bool(row[name])
            for trail in proofs:
                assert trail["hop"].tolist() == list(range(1, int(row[name]) + 1))
                assert trail[ends].iloc[-1 if ends == "recipient" else 0] == wallet
                assert trail["sender"].tolist()[1:] == trail["recipient"].tolist()[:-1]
                assert trail["timestamp"].is_monotonic_increasing
                assert trail["timestamp"].is_unique
                assert (trail["timestamp"] < as_of).all()
                assert (trail["amount"].diff().dropna() <= 0).all()


def test_the_chain_that_ends_in_most_value_comes_first() -> None:
    rows = [(0, "a", "b", 8.0), (1, "a", "c", 16.0), (60, "b", "d", 8.0), (61, "c", "d", 15.0)]
    trails = trace(Ledger.from_transfers(transfers(rows)), "a", at(1e6), views=(LAYERING,))
    assert trails["tx_id"].tolist() == ["t1", "t3", "t0", "t2"]
    assert trails["trail"].tolist() == [0, 0, 1, 1]
