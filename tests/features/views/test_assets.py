"""The assets view: how many, of which kinds, and what is swapped."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import VIEWS, Ledger, feature_table
from features.checks.nine import Check, rows_of
from features.checks.suite import CHECKS, run_check
from features.checks.worlds import UNIT
from features.views.assets import ASSETS
from features.views.coverage import COVERAGE
from tests import compare
from tests.strategies import World, asset_worlds, at, spine, transfers, worlds


@given(worlds())
def test_equal_to_the_slow_twin_of_one_asset(world: World) -> None:
    compare.with_naive(world, ASSETS)


@given(asset_worlds())
def test_equal_to_the_slow_twin_of_several_assets(world: World) -> None:
    compare.with_naive(world, ASSETS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@given(world=asset_worlds(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_all_checks_pass_with_several_assets(check: Check, world: World, seed: int) -> None:
    run_check(check, (COVERAGE, ASSETS), world, np.random.default_rng(seed))


@given(asset_worlds())
@settings(max_examples=10)
def test_views_read_values_to_the_last_bit(world: World) -> None:
    """A ledger of the values alone, as amounts of one asset, gives every view the same row."""
    priced = world.transfers[world.transfers["value"].notna()]
    plain = priced.drop(columns="value").assign(amount=priced["value"], asset=UNIT)
    views = tuple(view for view in VIEWS if view is not ASSETS)
    unpriced = ["coverage_unpriced_in_count", "coverage_unpriced_out_count"]
    of_values = rows_of(views, World(plain, world.labels, world.spine))
    compare.identical(
        rows_of(views, world).drop(columns=unpriced), of_values.drop(columns=unpriced)
    )


def row(frame: pd.DataFrame, wallet: str, unit: str | None = "USD", chain: str = "") -> Any:
    ledger = Ledger.from_transfers(frame, unit=unit, chain=chain)
    return feature_table(ledger, spine([wallet], at(100)), views=(ASSETS,)).iloc[0]


def swap(gave: str = "ETH", took: str = "USDC", value: float = 99.0) -> pd.DataFrame:
    """Wallet w gets 100 of ETH, and swaps it with a pool."""
    frame = transfers([(0, "payer", "w", 0.05), (10, "w", "pool", 0.05), (10, "pool", "w", value)])
    return frame.assign(
        tx_id=["t0", "t1", "t1"], position=[0, 0, 1], asset=["ETH", gave, took],
        value=[100.0, 100.0, value],
    )  # fmt: skip


def test_a_swap_is_told_and_how_much_it_converted() -> None:
    found = row(swap(), "w")
    assert found["assets_swaps_count"] == 1
    assert found["assets_swapped_in_share"] == 99.0 / 199.0
    assert found["assets_swapped_out_share"] == 0.99
    assert found["assets_different_in_count"] == 2
    assert found["assets_stablecoin_in_share"] == 99.0 / 199.0
    assert found["assets_native_out_share"] == 1.0


def test_change_in_the_asset_that_was_given_is_no_swap() -> None:
    assert row(swap(took="ETH"), "w")["assets_swaps_count"] == 0


def test_a_swap_through_a_router_and_another_pool_counts() -> None:
    routed = swap()
    routed.loc[1, "recipient"] = "router"
    assert row(routed, "w")["assets_swaps_count"] == 1


def test_a_token_without_a_price_makes_no_swap() -> None:
    worthless = swap(took="0xfake").assign(value=[100.0, 100.0, np.nan])
    assert row(worthless, "w")["assets_swaps_count"] == 0


def test_a_symbol_is_no_stablecoin_where_contracts_have_addresses() -> None:
    dai = "0x6b175474e89094c44da98b954eedeac495271d0f"
    wallets = {name: f"0x{place:040x}" for place, name in enumerate(("w", "payer", "pool"), 1)}

    def share(took: str, chain: str) -> float:
        frame = swap(took=took).replace({"sender": wallets, "recipient": wallets})
        return float(row(frame, wallets["w"], chain=chain)["assets_stablecoin_in_share"])

    assert share("USDC", "ethereum") == 0.0
    for chain in ("ethereum", ""):  # an address is one wherever it is
        assert share(dai, chain) == 99.0 / 199.0
    assert share(dai, "polygon") == 0.0


def test_one_asset_says_nothing_but_its_kind() -> None:
    found = row(transfers([(0, "a", "w", 2.0), (1, "w", "b", 1.0)]), "w", unit=None)
    assert found["assets_different_in_count"] == found["assets_native_in_share"] == 1.0
    assert found["assets_entropy_in_ratio"] == found["assets_swaps_count"] == 0.0
