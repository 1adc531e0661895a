"""Nine checks that every view passes, on random worlds (section 6 of the design)."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import VIEWS, Ledger, feature_table
from features.table import compute_rows
from features.view import View
from tests import compare
from tests.strategies import START, STRANGER, WALLETS, World, at, spine, transfers, worlds

EVERY_VIEW = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
SEEDS = st.integers(0, 2**32 - 1)
LOGARITHMS = ("amounts_entropy", "amounts_log", "relative_to")  # differences of ln of amounts
TRUNCATED = (
    "exposure_truncated_ratio",
    "layering_truncated_ratio",
    "patterns_truncated_ratio",
    "patterns_cycles_truncated_ratio",
)
UNITS = ("_amount", "_s", "_count", "_hops", "_share", "_ratio")


def table(world: World, view: View, ledger: Ledger | None = None, threads: int = 1) -> pd.DataFrame:
    return feature_table(
        ledger or world.ledger(), world.spine, labels=world.labels, views=(view,), threads=threads
    )


@EVERY_VIEW
@given(worlds(), SEEDS)
def test_what_comes_at_as_of_or_later_changes_nothing(view: View, world: World, seed: int) -> None:
    as_of = world.spine["as_of"].iloc[seed % len(world.spine)]
    known = World(
        world.transfers[world.transfers["timestamp"] < as_of],
        world.labels[world.labels["known_at"] < as_of],
        world.spine[world.spine["as_of"] <= as_of],
    )
    whole = World(world.transfers, world.labels, known.spine)
    if known.transfers.empty and view.name == "exposure":
        return  # see test_label_events.test_labels_count_in_an_empty_ledger
    compare.identical(table(known, view), table(whole, view))


@EVERY_VIEW
@given(worlds(), SEEDS)
def test_order_of_rows_changes_nothing(view: View, world: World, seed: int) -> None:
    shuffled = World(
        world.transfers.sample(frac=1, random_state=seed),
        world.labels.sample(frac=1, random_state=seed),
        world.spine,
    )
    compare.identical(table(world, view), table(shuffled, view))


@EVERY_VIEW
@given(worlds())
def test_a_row_alone_is_the_row_of_a_batch(view: View, world: World) -> None:
    ledger = world.ledger()
    whole = table(world, view, ledger)
    codes = ledger.codes(world.spine["wallet"])
    as_of = world.spine["as_of"].to_numpy("datetime64[us]").astype(np.int64)
    alone = [
        compute_rows(
            ledger, codes[i : i + 1], as_of[i : i + 1], labels=world.events(ledger), views=(view,)
        )
        for i in range(len(codes))
    ]
    compare.same_bits(whole.to_numpy(), np.concatenate(alone), list(whole.columns))


@EVERY_VIEW
@settings(max_examples=5)
@given(worlds())
def test_chunks_and_threads_change_nothing(view: View, world: World) -> None:
    copies = -(-2100 // len(world.spine))  # a chunk has at most 2,000 rows
    many = World(world.transfers, world.labels, pd.concat([world.spine] * copies))
    ledger = world.ledger()
    expected = pd.concat([table(world, view, ledger)] * copies)
    compare.identical(expected, table(many, view, ledger))
    compare.identical(expected, table(many, view, ledger, threads=2))


@EVERY_VIEW
@given(worlds(), SEEDS)
def test_a_grown_ledger_is_a_rebuilt_one(view: View, world: World, seed: int) -> None:
    random = np.random.default_rng(seed)
    arriving = world.transfers.sample(frac=1, random_state=seed)
    cuts = sorted(random.integers(0, len(arriving) + 1, 3).tolist())
    first, *later = (arriving.iloc[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True))
    ledger = Ledger.from_transfers(first)
    for batch in later:
        ledger.append(batch)
    taken = random.choice(world.transfers["tx_id"].unique(), 2).tolist()
    ledger.retract(taken)
    remaining = world.transfers[~world.transfers["tx_id"].isin(taken)]
    if len(remaining):
        kept = World(remaining, world.labels, world.spine)
        compare.identical(table(kept, view), table(kept, view, ledger))
    ledger.append(world.transfers)  # puts back what was taken
    compare.identical(table(world, view), table(world, view, ledger))


@EVERY_VIEW
@given(worlds(), SEEDS)
def test_names_of_wallets_do_not_matter(view: View, world: World, seed: int) -> None:
    # codes are in order of a hash of the name, so that other names mean other codes
    names = {wallet: f"{seed}-{wallet[::-1]}" for wallet in [*WALLETS, STRANGER]}
    compare.identical(table(world, view), table(world.renamed(names), view))


@EVERY_VIEW
@given(worlds(), st.integers(-(10**8), 10**8))
def test_only_calendar_columns_change_with_a_shift_in_time(
    view: View, world: World, seconds: int
) -> None:
    shifted = world.shifted(pd.Timedelta(seconds=2 * seconds + 1))
    columns = [column.name for column in view.columns if not column.calendar]
    compare.identical(table(world, view)[columns], table(shifted, view)[columns])


@EVERY_VIEW
@given(worlds())
def test_another_unit_of_the_asset_changes_amounts_only(view: View, world: World) -> None:
    before = table(world, view)
    after = table(world.with_amounts(world.transfers["amount"] * 1024), view)
    amounts = before.columns[before.columns.str.endswith("_amount")]
    compare.identical(before[amounts] * 1024, after[amounts])
    # a power of two is exact; only ln of amounts are others, whose differences round anew
    free = [column.name for column in view.columns if column.scale_free]
    exact = [name for name in free if not name.startswith(LOGARITHMS)]
    compare.identical(before[exact], after[exact])
    compare.close(before[free], after[free], rtol=1e-12)


@EVERY_VIEW
@given(worlds(), SEEDS)
def test_a_decimal_unit_changes_amounts_only(view: View, world: World, seed: int) -> None:
    # random amounts are at no threshold (equal to another, 0.9 of it, 1/1000 of the mean)
    amounts = np.random.default_rng(seed).lognormal(sigma=3, size=len(world.transfers))
    before = table(world.with_amounts(amounts), view)
    after = table(world.with_amounts(amounts * 1000), view)
    absolute = before.columns[before.columns.str.endswith("_amount")]
    compare.close(before[absolute] * 1000, after[absolute], rtol=1e-9, scale=amounts.max())
    free = [column.name for column in view.columns if column.scale_free]
    compare.close(before[free], after[free], rtol=1e-9)


@EVERY_VIEW
@given(worlds())
def test_no_history_gives_no_statistic_and_no_error(view: View, world: World) -> None:
    ledger = world.ledger()
    first = world.transfers["timestamp"].min()
    rows = feature_table(
        ledger, spine([STRANGER, *WALLETS], first), labels=world.labels, views=(view,)
    )
    zero = ("_count", "_hops", "_total_in_amount", "_total_out_amount")
    unread = ("coverage_truncated_share", *TRUNCATED)
    for name, values in rows.items():
        # hops of exposure are nan where there is none, since 0 would be the wallet itself
        undefined = str(name).startswith(("one_hop", "exposure")) or not str(name).endswith(zero)
        expected = np.nan if undefined and name not in unread else 0.0
        np.testing.assert_array_equal(values, expected, err_msg=str(name))


@EVERY_VIEW
@given(worlds())
def test_table_is_what_was_asked_for(view: View, world: World) -> None:
    rows = table(world, view)
    pd.testing.assert_index_equal(rows.index, pd.MultiIndex.from_frame(world.spine))
    assert list(rows.columns) == [column.name for column in view.columns]
    assert set(rows.dtypes) == {np.dtype("float64")}


@EVERY_VIEW
def test_columns_say_what_they_are(view: View) -> None:
    for column in view.columns:
        assert column.name.startswith(f"{view.name}_")
        assert column.name.endswith(UNITS)
        assert "\n" not in column.meaning
        assert "{" not in column.name + column.meaning
        assert not (column.scale_free and column.name.endswith("_amount"))


@EVERY_VIEW
@given(worlds())
def test_values_lie_in_the_range_of_their_unit(view: View, world: World) -> None:
    rows = table(world, view)
    for name, values in rows.items():
        defined = values.dropna()
        assert np.isfinite(defined).all(), name
        if str(name).endswith("_share"):
            assert defined.between(0, 1 + 1e-12).all(), name
        if str(name).endswith(("_count", "_hops", "_amount")):
            assert (defined >= 0).all(), name


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
