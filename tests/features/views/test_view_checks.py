"""The shipped checks on worlds of hypothesis, and what is asked of our own views beyond them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import VIEWS, feature_table
from features.checks.nine import Check, rows_of
from features.checks.suite import CHECKS, run_check
from features.views import feature_columns
from tests import compare
from tests.strategies import START, STRANGER, WALLETS, World, at, spine, transfers, worlds

SEEDS = st.integers(0, 2**32 - 1)
LOGARITHMS = ("amounts_entropy", "amounts_log", "relative_to")  # differences of ln of amounts
TRUNCATED = (
    "around_truncated_ratio",
    "depth_truncated_ratio",
    "exposure_truncated_ratio",
    "layering_truncated_ratio",
    "patterns_truncated_ratio",
    "patterns_cycles_truncated_ratio",
)


# all views in one table: most of the time goes into ledgers and frames, and columns name their view


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@given(world=worlds(), seed=SEEDS)
def test_our_views_pass_all_checks(check: Check, world: World, seed: int) -> None:
    cells = run_check(check, VIEWS, world, np.random.default_rng(seed))
    compare.TALLY["cells of the checks"] += cells


@settings(max_examples=5)
@given(worlds())
def test_chunks_and_threads_change_nothing(world: World) -> None:
    copies = -(-2100 // len(world.spine))  # a chunk has at most 2,000 rows
    many = World(world.transfers, world.labels, pd.concat([world.spine] * copies))
    ledger = world.ledger()
    expected = pd.concat([rows_of(VIEWS, world, ledger)] * copies)
    for threads in (1, 2):
        rows = feature_table(ledger, many.spine, labels=many.labels, threads=threads)
        compare.identical(expected, rows)


@given(worlds())
def test_a_binary_unit_of_the_asset_is_exact(world: World) -> None:
    before = rows_of(VIEWS, world)
    after = rows_of(VIEWS, world.with_amounts(world.transfers["amount"] * 1024))
    amounts = before.columns[before.columns.str.endswith("_amount")]
    compare.identical(before[amounts] * 1024, after[amounts])
    # a power of two is exact; only ln of amounts are others, whose differences round anew
    free = [column.name for column in feature_columns() if column.scale_free]
    exact = [name for name in free if not name.startswith(LOGARITHMS)]
    compare.identical(before[exact], after[exact])
    compare.close(before[free], after[free], rtol=1e-12)


@given(worlds())
def test_no_history_gives_the_stated_zeros_and_nans(world: World) -> None:
    first = world.transfers["timestamp"].min()
    nothing_yet = World(world.transfers, world.labels, spine([STRANGER, *WALLETS], first))
    zero = ("_count", "_hops", "_total_in_amount", "_total_out_amount")
    unread = ("coverage_truncated_share", *TRUNCATED)
    for name, values in rows_of(VIEWS, nothing_yet).items():
        # where there is none, hops of exposure and depth are nan (0 would be the wallet itself)
        never = ("one_hop", "exposure", "depth", "around", "utxo")
        undefined = str(name).startswith(never) or not str(name).endswith(zero)
        expected = np.nan if undefined and name not in unread else 0.0
        np.testing.assert_array_equal(values, expected, err_msg=str(name))


def test_no_template_is_left_in_a_column() -> None:
    for column in feature_columns():
        assert "{" not in column.name + column.meaning


def test_calendar_columns_do_depend_on_the_hour() -> None:
    world = World(
        transfers([(0, "a", "b", 1.0), (3600, "a", "b", 1.0)]),
        pd.DataFrame({"wallet": [], "label": [], "known_at": []}).astype(
            {"wallet": "str", "label": "str", "known_at": "datetime64[us, UTC]"}
        ),
        spine(["b"], at(10_000)),
    )
    calendar = [column.name for view in VIEWS for column in view.columns if column.calendar]
    assert START.hour == 5  # one transfer at night, one in the morning
    nights = [name for name in calendar if "night" in name and name.endswith("in_share")]
    day = world.shifted(pd.Timedelta(hours=3))
    for name in nights:
        both = [
            feature_table(each.ledger(), each.spine, labels=each.labels)[name].iloc[0]
            for each in (world, day)
        ]
        assert both == [0.5, 0.0]
