"""Exposure where somebody hides it: dust, mixing, services, swaps."""

import numpy as np
import pytest

from features import Ledger, feature_table
from features.taint.service import SERVICE
from features.views.exposure import CAPS, EXPOSURE
from tests.exposed import THIEF, Moves, paths, row
from tests.strategies import at, spine, transfers


@pytest.mark.parametrize("dust", [1e-6, 0.011, 0.1, 2.0])
def test_payments_of_dust_do_not_launder_what_a_wallet_received(dust: float) -> None:
    # of the 10 that me receives 1000 in 1015 are of the thief
    moves = [(0.0, "thief", "w", 1000.0), *((1.0 + k, f"c{k}", "w", 5.0) for k in range(3))]
    moves += [(10.0 + k, f"d{k}", "w", dust) for k in range(2 * CAPS.read)]
    assert_right_or_unsure([*moves, (1e4, "w", "me", 10.0)], "in", dust, 1000 / 1015)


@pytest.mark.parametrize("dust", [1e-6, 0.011, 0.1, 2.0])
def test_payments_of_dust_do_not_taint_what_a_wallet_sends_on(dust: float) -> None:
    # of the 10 that me sends 1 in 101 is held when w pays the thief
    moves = [(0.0, "c", "w", 1000.0)]
    moves += [(1.0 + k, f"c{k}", "w", dust) for k in range(2 * CAPS.read)]
    moves += [(1e4, "me", "w", 10.0), (2e4, "w", "thief", 10.0)]
    values = row(moves, "me")
    assert values["searched_out_share"] == pytest.approx(1.0)  # all before is known by its sum
    assert values["theft_indirect_out_share"] <= 10 / 1010 * 1.01
    if dust < 1.0:
        assert values["theft_indirect_out_share"] == pytest.approx(10 / 1010, rel=0.06)


def assert_right_or_unsure(moves: Moves, d: str, dust: float, share: float) -> None:
    values = row(moves, "me")
    read = dust < 1.0  # two are no dust, and too many to be read
    assert values["truncated_ratio"] == (not read)
    if read:
        assert values[f"searched_{d}_share"] == pytest.approx(1.0)
        assert values[f"theft_indirect_{d}_share"] == pytest.approx(share, rel=0.01)


def test_what_is_found_beyond_a_wallet_that_is_not_read_whole_is_not_sure() -> None:
    # the same path to the thief; only b, in its middle, has a history that is too long
    for older in (0, CAPS.read + 1):
        moves = [(0.0, "thief", "a", 2.0), *((1.0, "x", "b", 2.0) for _ in range(older))]
        moves += [(2.0, "a", "b", 2.0), (3.0, "b", "me", 2.0)]
        values = row(moves, "me")
        assert values["theft_in_hops"] == 3
        assert (values["searched_in_share"] == 1.0) == (older == 0)
        assert values["truncated_ratio"] == (older > 0)


def test_mixing_does_not_hide_that_money_came_from_a_thief() -> None:
    # four wallets mix what they hold with fifty times as much
    moves: Moves = [(0.0, "thief", "a0", 2.0)]
    for k in range(4):
        moves += [(1.0 + k, "x", f"a{k}", 100.0), (1.5 + k, f"a{k}", f"a{k + 1}", 2.0)]
    values = row([*moves, (9.0, "a4", "me", 2.0)], "me")
    assert values["theft_in_hops"] == 6
    assert values["theft_indirect_in_share"] < 1e-4
    (trail,) = paths([*moves, (9.0, "a4", "me", 2.0)], "me")
    assert trail == (
        ("exposure_illicit_in_hops", "exposure_theft_in_hops"),
        ["t0", "t2", "t4", "t6", "t8", "t9"],
    )  # fmt: skip


def test_a_path_ends_at_a_wallet_with_very_many_counterparties() -> None:
    for senders, like in ((SERVICE - 1, False), (SERVICE, True)):
        moves: Moves = [(0.0, "thief", "hub", 1000.0)]
        moves += [(1.0 + k, f"c{k}", "hub", 1000.0) for k in range(senders - 1)]
        moves += [(1e4, "hub", "a", 500.0), (2e4, "a", "me", 500.0)]
        values = row(moves, "me")
        assert values["service_like_in_share"] == like
        assert (values["service_like_in_hops"] == 2) == like
        if like:
            assert np.isnan(values["theft_in_hops"])
            assert values["searched_in_share"] == 1


def test_money_passes_a_service_inside_one_transaction() -> None:
    moves: Moves = [(0.0, f"c{k}", "hub", 1000.0) for k in range(SERVICE)]
    moves += [(1.0, "thief", "hub", 5.0), (1.0, "hub", "me", 4.0)]
    frame = transfers(moves)
    frame = frame.assign(position=range(len(frame)))
    frame.loc[SERVICE:, "tx_id"] = "swap"
    ledger = Ledger.from_transfers(frame)
    values = feature_table(ledger, spine(["me"], at(9)), labels=THIEF, views=(EXPOSURE,)).iloc[0]
    assert values["exposure_theft_indirect_in_share"] == 1
    assert values["exposure_theft_in_hops"] == 2
    assert values["exposure_service_like_in_share"] == 0


def test_a_swap_keeps_the_history_of_the_wallet() -> None:
    moves: Moves = [(0.0, "thief", "a", 5.0), (1.0, "a", "pool", 5.0), (1.0, "pool", "a", 5.0)]
    frame = transfers([*moves, (2.0, "a", "me", 5.0)])
    frame = frame.assign(position=range(len(frame)))
    frame.loc[1:2, "tx_id"] = "swap"
    ledger = Ledger.from_transfers(frame)
    values = feature_table(ledger, spine(["me"], at(9)), labels=THIEF, views=(EXPOSURE,)).iloc[0]
    assert values["exposure_theft_indirect_in_share"] == 1
